import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  age,
  clean,
  cleanLines,
  displayWidth,
  shortPath,
  table,
  toJson,
  toJsonLine,
  truncate,
  truncateStart,
} from '../src/output.ts';

test.each([
  ['abc', 3],
  ['·…é', 3],
  ['日本', 4],
  ['🙂', 2],
  ['e\u0301', 1],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test('a table is never wider than asked while its columns can give way', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 20, max: 90 }),
      (rows, width) => {
        const text = table(
          [
            { title: 'A', min: 5 },
            { title: 'B', min: 5 },
          ],
          rows,
          width,
        );
        const lines = text.split('\n').slice(0, -1);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('a column that may not be cut stays whole', () => {
  const lines = table([{ title: 'ID' }, { title: 'NAME', min: 4 }], [['12345678', 'a long name']], 14);
  expect(lines).toBe('ID        NAME\n12345678  a l…\n');
});

test('truncate keeps to the width, wide characters included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      expect(displayWidth(truncate(clean(text), width))).toBeLessThanOrEqual(width);
    }),
  );
});

test('text from elsewhere cannot move the cursor', () => {
  expect(clean('a\x1b[2Jb\n\x9b')).toBe('a\\x1b[2Jb\\x0a\\x9b');
});

describe('age', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  test.each([
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_000, '59m'],
    [47 * 3_600_000, '47h'],
    [48 * 3_600_000, '2d'],
    [-5000, '0s'],
  ])('%i ms ago is %s', (ms, text) => {
    expect(age(new Date(now - ms).toISOString(), now)).toBe(text);
  });
});

test.each([
  ['/home/ada', '~'],
  ['/home/ada/x', '~/x'],
  ['/home/adam', '/home/adam'],
])('%s is shown as %s', (path, shown) => {
  expect(shortPath(path, '/home/ada')).toBe(shown);
});

describe('text from elsewhere', () => {
  const nasty = 'a\x1b[2J\x9b5m \u202egnp.exe\u202c \u2066x\u2069\u2028b\u200e';
  const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

  test('shows what would move the cursor or turn the writing', () => {
    expect(clean(nasty)).toBe(
      'a\\x1b[2J\\x9b5m \\u{202e}gnp.exe\\u{202c} \\u{2066}x\\u{2069}\\u{2028}b\\u{200e}',
    );
    expect(clean('日本 👍🏽 שלום')).toBe('日本 👍🏽 שלום');
    expect(cleanLines('one\n\x1b[1mtwo\n')).toBe('one\n\\x1b[1mtwo\n');
  });

  test('is as harmless, and the same, in JSON', () => {
    for (const write of [toJson, toJsonLine]) {
      const text = write({ nasty });
      expect(text.replaceAll('\n', '')).not.toMatch(obeyed);
      expect(JSON.parse(text)).toEqual({ nasty });
    }
  });
});

test.each([
  ['~/src/app', 20, '~/src/app'],
  ['~/src/acme/web-storefront', 20, '…/web-storefront'],
  ['~/src/acme/web-storefront', 12, '…-storefront'],
  ['/very/long/path/to/日本語', 9, '…/日本語'],
])('of the path %s there is room for %d columns: %s', (path, width, text) => {
  expect(truncateStart(path, width)).toBe(text);
});

test('numbers stand below each other, and a path keeps its end', () => {
  const columns = [
    { title: 'DIRECTORY', min: 8, isPath: true },
    { title: 'N', isNumber: true },
  ];
  expect(
    table(
      columns,
      [
        ['~/src/acme/app', '1,000'],
        ['~', '7'],
      ],
      16,
    ),
  ).toBe('DIRECTORY      N\n…acme/app  1,000\n~              7\n');
});
