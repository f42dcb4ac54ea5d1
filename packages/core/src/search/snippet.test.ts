import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSearch } from './query.ts';
import { snippetOf } from './snippet.ts';

const snippet = (q: string, text: string, length?: number) => snippetOf(text, parseSearch(q).phrases, length);

describe('a snippet', () => {
  it.each([
    ['fox', 'the quick brown fox jumps', ['the quick brown ', 'fox', ' jumps']],
    ['bar', 'call fooBar(x) foo_bar', ['call foo', 'Bar', '(x) foo_', 'bar', '']],
    ['fooBar', 'a foo_bar FOOBAR foo bar', ['a ', 'foo_bar', ' ', 'FOOBAR', ' ', 'foo bar', '']],
    ['foobar', 'a fooBar', ['a ', 'fooBar', '']],
    ['jum*', 'fox jumps', ['fox ', 'jumps', '']],
    ['"brown fox"', 'brown, fox and brown', ['', 'brown, fox', ' and brown']],
    ['cafe', 'Le Café noir', ['Le ', 'Café', ' noir']],
    ['本語', '私は日本語です', ['私は日', '本語', 'です']],
    ['nothing', 'the beginning', ['the beginning']],
    ['b', 'a\u001b[1m\n\n\tb\u202e c', ['a [1m ', 'b', ' c']],
    ['a', '\ud800a', ['\ufffd', 'a', '']],
  ])('of %s', (q, text, expected) => {
    expect(snippet(q, text)).toEqual(expected);
  });

  it('is where most of the words stand together', () => {
    const text = `alpha ${'x '.repeat(600)} beta ${'y '.repeat(600)} alpha and beta ${'z '.repeat(600)}`;
    const pieces = snippet('alpha beta', text);
    expect(pieces.slice(1, 4)).toEqual(['alpha', ' and ', 'beta']);
    expect(pieces[0]).toMatch(/^…/);
    expect(pieces.at(-1)).toMatch(/…$/);
  });

  it('is as long as it is asked to be, whatever the text', () => {
    const texts = fc.array(
      fc.constantFrom('alpha', 'beta ', ' ', 'x'.repeat(80), '日本', '👍', '\n', 'fooBar_', '\ud800'),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(texts, (words) => {
        const text = words.join('');
        const pieces = snippet('alpha OR beta OR 日', text);
        const shown = pieces.join('');
        expect(pieces.length % 2).toBe(1);
        expect(shown.length).toBeLessThanOrEqual(160 + 2 * 100);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\n\p{Cc}]/u);
      }),
    );
  });
});
