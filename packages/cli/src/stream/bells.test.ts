import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bells } from './bells.ts';

const count = (pieces: readonly string[]): number => {
  const bells = new Bells();
  return pieces.filter((piece) => bells.hear(Buffer.from(piece))).length;
};

test.each([
  ['a\x07b', 1],
  ['\x1b[31m\x07', 1],
  ['\x1b\x07', 1],
  ['\x1b]0;title\x07', 0],
  ['\x1b]0;title\x1b\\\x07', 1],
  ['\x1b]8;;https://example.org\x07text\x1b]8;;\x07', 0],
  ['\x1bPq#0\x07\x1b\\', 0],
  ['\x1bktitle\x1b\\\x07', 1],
  ['\x1b]0;cut\x18\x07', 1],
])('%j rings %i times', (text, times) => {
  expect(count([text])).toBe(times);
});

test('any split hears the same bells', () => {
  const part = fc.constantFrom('\x07', '\x1b', ']', '\\', 'P', '[', 'k', 'm', 'x', '\x18', '0;');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const bytes = [...parts.join('')];
      const rings = count(bytes);
      // In one piece it rings once, however often.
      expect(count([bytes.join('')])).toBe(rings > 0 ? 1 : 0);
    }),
  );
});
