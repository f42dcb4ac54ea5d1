import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TitleFilter } from './title-filter.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function filtered(...pieces: string[]): string {
  const filter = new TitleFilter();
  return pieces.map((piece) => decoder.decode(filter.filter(encoder.encode(piece)))).join('');
}

test.each([
  ['a\x1bktitle\x1b\\b', 'ab'],
  ['\x1b[1mk\x1b]2;k\x07', '\x1b[1mk\x1b]2;k\x07'],
  ['\x1b\x1bktitle\x1b\\b', '\x1bb'],
  // Another sequence ends it, and begins.
  ['\x1bktitle\x1b[1mb', '\x1b[1mb'],
  ['\x1bkone\x1bktwo\x1b\\b', 'b'],
  ['\x1bktitle\x18b', 'b'],
  [`\x1bk${'x'.repeat(4097)}b`, 'b'],
  ['plain', 'plain'],
])('%j becomes %j', (before, after) => {
  expect(filtered(before)).toBe(after);
});

test('any split gives the same', () => {
  const piece = fc.constantFrom('\x1b', 'k', '\\', '[1m', 'title', '日', '\x18', '\r\n');
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat({ max: 40 })), (pieces, cuts) => {
      const bytes = encoder.encode(pieces.join(''));
      const whole = new TitleFilter().filter(bytes);
      const filter = new TitleFilter();
      const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const parts = ends.map((end, index) => filter.filter(bytes.slice(ends[index - 1] ?? 0, end)));
      expect(Buffer.concat(parts)).toEqual(Buffer.from(whole));
    }),
  );
});
