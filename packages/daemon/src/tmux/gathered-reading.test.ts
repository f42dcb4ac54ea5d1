import { getDefaultHighWaterMark, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatheredReading, withoutBuffer } from './gathered-reading.ts';

let pipe: Readable;
let read: number[];
let reading: GatheredReading;

beforeEach(() => {
  vi.useFakeTimers();
  pipe = new Readable({ read() {} });
  read = [];
  reading = new GatheredReading((chunk) => read.push(chunk.length));
  reading.start(pipe);
});

afterEach(() => {
  vi.useRealTimers();
});

/** What a pipe has is handed on in the next turn. */
async function write(bytes: number): Promise<void> {
  pipe.push(Buffer.alloc(bytes));
  await vi.advanceTimersByTimeAsync(0);
}

it('rests after a read, and reads what has come meanwhile', async () => {
  reading.gather(30);
  await write(10);
  expect(read).toEqual([10]);
  await write(20);
  await vi.advanceTimersByTimeAsync(29);
  expect(read).toEqual([10]);
  await vi.advanceTimersByTimeAsync(1);
  expect(read).toEqual([10, 20]);
});

it('does not rest unless it is told to, and no longer than that', async () => {
  await write(10);
  await write(20);
  expect(read).toEqual([10, 20]);
  reading.gather(30);
  await write(30);
  await write(40);
  reading.gather(0);
  await vi.advanceTimersByTimeAsync(0);
  await write(50);
  expect(read).toEqual([10, 20, 30, 40, 50]);
});

it('does not rest amid a flood', async () => {
  reading.gather(30);
  await write(65_536);
  await write(10);
  await write(20);
  expect(read).toEqual([65_536, 10, 20]);
  await vi.advanceTimersByTimeAsync(200);
  await write(30);
  await write(40);
  expect(read).toEqual([65_536, 10, 20, 30]);
});

it('stays paused when a rest is over, and rests on when it is resumed', async () => {
  reading.gather(30);
  await write(10);
  await write(20);
  reading.pause();
  await vi.advanceTimersByTimeAsync(100);
  expect(read).toEqual([10]);
  reading.resume();
  await vi.advanceTimersByTimeAsync(0);
  expect(read).toEqual([10, 20]);
  await write(30);
  reading.pause();
  reading.resume();
  await vi.advanceTimersByTimeAsync(0);
  expect(read).toEqual([10, 20]);
});

it('changes the buffers of what is made meanwhile only, also when that fails', () => {
  const usual = getDefaultHighWaterMark(false);
  expect(withoutBuffer(() => new Readable().readableHighWaterMark)).toBe(1);
  expect(() =>
    withoutBuffer(() => {
      throw new Error('no process');
    }),
  ).toThrow('no process');
  expect(getDefaultHighWaterMark(false)).toBe(usual);
});
