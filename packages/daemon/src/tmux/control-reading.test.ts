import { closeSync, writeSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMakePipe, type MakePipe, pipeBytes } from '../platform/pipe.ts';
import { ControlReading } from './control-reading.ts';

/** Longer than any test. */
const anHour = 3_600_000;

let makePipe: MakePipe;
let write: number;
let read: number[];
let onRead: (bytes: Buffer) => void;
let reading: ControlReading;

beforeEach(async () => {
  makePipe = await loadMakePipe();
  const ends = makePipe();
  read = [];
  onRead = () => undefined;
  reading = new ControlReading((bytes) => {
    read.push(bytes.length);
    onRead(bytes);
  });
  write = ends?.write ?? -1;
  if (ends) reading.start(ends.read);
});

afterEach(async () => {
  reading.destroy();
  await reading.closed;
  if (write >= 0) closeSync(write);
});

/** So much that it is rested after it. */
const much = 10_000;
const put = (bytes: number) => writeSync(write, Buffer.alloc(bytes, 'x'));
const sum = () => read.reduce((all, bytes) => all + bytes, 0);
/** By the time another pipe was read, so could ours have been. */
async function turn(): Promise<void> {
  const ends = makePipe();
  if (!ends) throw new Error('no pipe');
  const other = new ControlReading(() => undefined);
  other.start(ends.read);
  writeSync(ends.write, 'x');
  closeSync(ends.write);
  await other.closed;
}

describe.runIf(process.platform === 'linux')('a pipe of ours', () => {
  it('is read to its end', async () => {
    let text = '';
    onRead = (bytes) => {
      text += bytes.toString('latin1');
    };
    writeSync(write, 'one');
    writeSync(write, 'two');
    closeSync(write);
    write = -1;
    await reading.closed;
    expect(text).toBe('onetwo');
  });

  it('is read no further after much was read, until it is told to be', async () => {
    reading.gather(anHour);
    put(much);
    await waitFor('the first read', () => sum() === much);
    put(20);
    await turn();
    expect(sum()).toBe(much);
    reading.gather(0);
    await waitFor('the rest', () => sum() === much + 20);
    put(much);
    await waitFor('what follows', () => sum() === 2 * much + 20);
  });

  it('is read at once while little comes', async () => {
    reading.gather(anHour);
    for (let written = 10; written <= 50; written += 10) {
      put(10);
      await waitFor('it', () => sum() === written);
    }
  });

  it('is read on when the rest is over', async () => {
    reading.gather(5);
    for (let written = much; written <= 5 * much; written += much) {
      put(much);
      await waitFor('it', () => sum() === written);
    }
  });

  it('is left alone when that is asked, until it is not, and says so once', async () => {
    let rests = 0;
    reading.rest(anHour, () => rests++);
    put(20);
    await turn();
    expect([sum(), rests]).toEqual([0, 0]);
    reading.goOn();
    expect(rests).toBe(1);
    await waitFor('what waited', () => sum() === 20);
    reading.goOn();
    expect(rests).toBe(1);
    reading.rest(1, () => rests++);
    put(20);
    await waitFor('what came meanwhile', () => sum() === 40);
    expect(rests).toBe(2);
  });

  it('is read on amid a flood', async () => {
    reading.gather(anHour);
    const flood = (pipeBytes / 4) * 3;
    onRead = (bytes) => {
      if (bytes.length > 1_000) put(10);
    };
    put(flood);
    await waitFor('what comes behind it', () => sum() === flood + 10);
  });

  it('is not read while it is paused, whatever rest is over', async () => {
    reading.gather(1);
    onRead = () => reading.pause();
    put(much);
    await waitFor('the first read', () => sum() === much);
    put(20);
    await turn();
    reading.gather(0);
    await turn();
    expect(sum()).toBe(much);
    reading.resume();
    await waitFor('the rest', () => sum() === much + 20);
  });

  it('holds so much without being read', () => {
    reading.pause();
    expect(put(pipeBytes)).toBe(pipeBytes);
  });
});

it('a pipe of a child is read and closed with it, and does not rest', async () => {
  const child = new PassThrough();
  const told: string[] = [];
  const plain = new ControlReading((bytes) => told.push(bytes.toString()));
  plain.gather(anHour);
  plain.start(child);
  for (const text of ['one', 'two']) {
    child.write(text);
    await waitFor('it', () => told.at(-1) === text);
  }
  child.end();
  await plain.closed;
  expect(told).toEqual(['one', 'two']);
});
