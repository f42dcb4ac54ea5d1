import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSamePrompt, pieces, plainText, withoutPasteEnd } from './text.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const lineEnds = (text: string) => text.split('\n').length - 1;

/** Text with the things that are cut apart easily. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('👩‍👩‍👧‍👦', '🇩🇪🇫🇷', 'e\u0301\u0323', '\n', '\r\n', '漢字', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'क्षि', '\t'),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('pieces', () => {
  test('join to the text and keep both limits', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 2, max: 80 }),
        fc.integer({ min: 1, max: 4 }),
        (whole, length, lines) => {
          const cut = pieces(whole, length, lines);
          expect(cut.join('')).toBe(whole);
          for (const piece of cut) {
            expect(piece.length).toBeGreaterThan(0);
            expect(piece.length).toBeLessThanOrEqual(length);
            expect(lineEnds(piece)).toBeLessThanOrEqual(lines);
          }
        },
      ),
    );
  });

  test('never cut a code point, nor a grapheme that fits a piece', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 40, max: 80 }), (whole, length) => {
        const boundaries = new Set([...graphemes.segment(whole)].map(({ index }) => index));
        const longest = Math.max(0, ...[...graphemes.segment(whole)].map(({ segment }) => segment.length));
        let at = 0;
        for (const piece of pieces(whole, length, 3)) {
          at += piece.length;
          if (at === whole.length) break;
          expect(/[\ud800-\udbff]$/.test(piece) && /^[\udc00-\udfff]/.test(whole.slice(at))).toBe(false);
          if (longest < length) expect(boundaries.has(at)).toBe(true);
        }
      }),
    );
  });

  test('cut a grapheme that is longer than a piece between its code points', () => {
    const tower = `e${'\u{1d167}'.repeat(30)}`;
    const cut = pieces(tower, 10, 1);
    expect(cut.join('')).toBe(tower);
    expect(cut.every((piece) => piece.isWellFormed() && piece.length <= 10)).toBe(true);
  });
});

describe('isSamePrompt', () => {
  test('holds for every text and what a terminal may make of it', () => {
    const ways = [
      (t: string) => t,
      (t: string) => plainText(t),
      (t: string) => plainText(t).replaceAll('\t', '    '),
      (t: string) => plainText(t).trim(),
      (t: string) => ` ${t}\n`,
      (t: string) => plainText(t).normalize('NFC'),
    ];
    fc.assert(fc.property(text, fc.constantFrom(...ways), (sent, way) => isSamePrompt(sent, way(sent))));
  });

  test.each([
    ['one of several prompts of a turn', 'second one', 'first one\nsecond one', true],
    ['behind a draft', 'please run the tests', 'fix this: please run the tests', true],
    ['another prompt', 'second one', 'third one', false],
    ['part of a word', 'y', 'why', false],
    ['only its beginning', 'run the tests and commit', 'run the tests', false],
    ['lines in another order', 'a\nb', 'b\na', false],
    ['nothing', '', 'something', false],
  ])('%s', (_case, sent, seen, expected) => {
    expect(isSamePrompt(sent, seen)).toBe(expected);
  });
});

describe('what a paste must not carry', () => {
  test('the end of a bracketed paste, also when its removal makes a new one', () => {
    expect(withoutPasteEnd('a\x1b[20\x1b[201~1~b\x9b201~c')).toBe('abc');
  });

  test('control characters and escape sequences go, text and tabs stay', () => {
    expect(plainText('a\r\nb\rc\x1b[31mred\x1b[0m\x07\td\x1b]0;title\x07e\x1b[201~f')).toBe(
      'a\nb\ncred\tdef',
    );
    fc.assert(fc.property(text, (t) => !/\p{Cc}/u.test(plainText(t).replace(/[\n\t]/g, ''))));
  });
});
