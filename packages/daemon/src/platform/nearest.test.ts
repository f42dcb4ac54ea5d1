import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

it.each([
  ['modle', ['model', 'name'], 'model'],
  ['MODEL', ['name', 'model'], 'model'],
  ['nam', ['model', 'name'], 'name'],
  ['zzz', ['model', 'name'], undefined],
  ['x', [], undefined],
  ['', ['model'], undefined],
])('%j of %j is %j', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
