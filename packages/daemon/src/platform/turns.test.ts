import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets the loop turn between pieces of work, and keeps their order', async () => {
  const turns = new Turns();
  const done: number[] = [];
  let looks = 0;
  let isOver = false;
  const look = () => {
    looks++;
    if (!isOver) setImmediate(look);
  };
  look();
  const pieces = Array.from({ length: 20 }, async (_, index) => {
    await turns.take();
    const end = performance.now() + 5;
    // As database calls do, it never leaves the microtask queue.
    while (performance.now() < end) await null;
    done.push(index);
  });
  await Promise.all(pieces);
  isOver = true;
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(done.slice(2)).toEqual(Array.from({ length: 18 }, (_, index) => index + 2));
  expect(looks).toBeGreaterThan(15);
});

it('lets short work through at once', async () => {
  const turns = new Turns();
  let immediate = false;
  setImmediate(() => {
    immediate = true;
  });
  for (let piece = 0; piece < 2; piece++) await turns.take();
  expect(immediate).toBe(false);
});
