import { expect, it } from 'vitest';
import { sizeInLayout } from './layout.ts';

it.each([
  ['b25d,80x24,0,0,1', '%1', '80x24'],
  ['b25d,80x24,0,0,12', '%1', null],
  ['d1b1,120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,3,59x19,61,21,14]}', '%0', '60x40'],
  ['d1b1,120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,3,59x19,61,21,14]}', '%3', '59x20'],
  ['d1b1,120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,3,59x19,61,21,14]}', '%14', '59x19'],
  ['d1b1,120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,3,59x19,61,21,14]}', '%59', null],
  ['d1b1,120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,3,59x19,61,21,14]}', '%61', null],
  ['', '%1', null],
])('in the layout %s pane %s has %s', (layout, paneId, expected) => {
  const size = sizeInLayout(layout, paneId);
  expect(size && `${size.cols}x${size.rows}`).toBe(expected);
});
