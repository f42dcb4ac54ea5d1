import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { drained } from './drained.ts';

it('resolves when there is room again, each time, and leaves nothing behind', async () => {
  const to = new PassThrough({ highWaterMark: 1 });
  const before = to.listenerCount('close');
  for (let round = 0; round < 20; round += 1) {
    expect(to.write('xx')).toBe(false);
    const room = drained(to);
    to.read();
    await room;
  }
  expect([to.listenerCount('drain'), to.listenerCount('close')]).toEqual([0, before]);
});

it('resolves when the reader goes, or is gone already', async () => {
  const to = new PassThrough({ highWaterMark: 1 });
  to.write('xx');
  const gone = drained(to);
  to.destroy();
  await gone;
  await drained(to);
  expect(to.destroyed).toBe(true);
});
