import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fontFor } from './fit-font.ts';
import { isWebAddress } from './web-address.ts';

/** Whole pixels of the glass, as the graphics card has them. */
const cellOn = (glass: number) => (font: number) => ({
  width: Math.floor(font * 0.602 * glass) / glass,
  height: Math.ceil(Math.round(font * 1.16) * glass) / glass,
});

const sizes = {
  cols: fc.integer({ min: 20, max: 300 }),
  rows: fc.integer({ min: 5, max: 100 }),
  width: fc.integer({ min: 300, max: 3000 }),
  height: fc.integer({ min: 200, max: 2000 }),
  glass: fc.constantFrom(1, 1.25, 1.33, 1.5, 2, 2.625, 3),
};

it('is the largest of all at which every column and row is seen', () => {
  fc.assert(
    fc.property(fc.record(sizes), (size) => {
      const fits = (font: number) => {
        const cell = cellOn(size.glass)(font);
        return (
          Math.round(cell.width * size.cols) <= size.width &&
          Math.round(cell.height * size.rows) <= size.height
        );
      };
      const font = fontFor(size, size, false, cellOn(size.glass));
      if (font > 5) expect(fits(font)).toBe(true);
      for (let larger = font + 0.25; larger <= 18; larger += 0.25) expect(fits(larger)).toBe(false);
    }),
  );
});

it('neither vanishes nor shouts', () => {
  expect(fontFor({ cols: 500, rows: 24 }, { width: 390, height: 700 }, false, cellOn(1))).toBe(5);
  expect(fontFor({ cols: 500, rows: 24 }, { width: 390, height: 700 }, true, cellOn(1))).toBe(11);
  expect(fontFor({ cols: 10, rows: 2 }, { width: 2000, height: 2000 }, true, cellOn(1))).toBe(18);
});

it.each([
  ['https://example.com/a?b#c', true],
  ['http://localhost:3000', true],
  ['javascript:alert(1)', false],
  ['file:///etc/passwd', false],
  ['data:text/html,x', false],
  ['//example.com', false],
  ['vscode://open', false],
  ['', false],
])('%s is a web address: %s', (uri, expected) => expect(isWebAddress(uri)).toBe(expected));
