import { expect, test } from 'vitest';
import { steadyClock } from './steady-clock.ts';

test('a clock that is put back goes on from where it was', () => {
  const told = [1000, 1010, 400, 405, 2000, 1999];
  const clock = steadyClock({ now: () => told.shift() ?? 0 });
  expect(Array.from({ length: 6 }, () => clock.now())).toEqual([1000, 1010, 1010, 1015, 2610, 2610]);
});
