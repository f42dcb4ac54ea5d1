import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexTerms } from './terms.ts';

const wordsOf = (text: string) => indexTerms(text).words;
const namesOf = (text: string) => indexTerms(text).names;

describe('indexTerms', () => {
  it.each([
    ['The quick, brown fox.', 'the quick brown fox'],
    ['fooBar foo_bar foo-bar foo.bar foo/bar', 'foo bar foo bar foo bar foo bar foo bar'],
    ['HTTPServer URLParser2 parseJSON', 'http server url parser2 parse json'],
    ['sha256Hash utf8 HTTP2Server v1.22', 'sha256 hash utf8 http2 server v1 22'],
    ['__init__ FOO_BAR _x', 'init foo bar x'],
    ['/home/me/src/AppView.tsx:12', 'home me src app view tsx 12'],
    ['Café ÉCOLE naı̈ve Ångström Straße', 'cafe ecole naıve angstrom straße'],
    ['日本語と한국어', '日 本 語 と 한 국 어'],
    ['ＦｕｌｌＷｉｄｔｈ ﬁne m²', 'full width fine m2'],
    ['done✅ 👍🏽yes — “quoted” 1️⃣', 'done yes quoted 1'],
    ['\ud800broken\udc00', 'broken'],
    ['Привет हिन्दी', 'привет हिन्दी'],
    ['がか ｶﾞ', 'が か ガ'],
    ['שָׁלוֹם مُحَمَّد', 'שלום محمد'],
    ['', ''],
    ['---', ''],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toBe(words);
  });

  it('keeps names of several parts whole, each once', () => {
    expect(namesOf('fooBar foo_bar FOO_BAR foo-bar plain HTTPServer _x')).toBe('foobar httpserver');
  });

  it('leaves out what is too long to be a word, and nothing beside it', () => {
    const data = `a ${'x'.repeat(65)} b ${'F'.repeat(200)} c ${'9'.repeat(64)}`;
    expect(wordsOf(data)).toBe(`a b c ${'9'.repeat(64)}`);
    expect(namesOf(`${'ab'.repeat(20)}_${'cd'.repeat(20)}`)).toBe('');
  });

  it('takes a long name apart', () => {
    const name = 'shouldRefuseTheCallWhenTheSessionWasStoppedBeforeTheDialogWasAnsweredByAnybody';
    expect(wordsOf(name).split(' ')).toHaveLength(16);
  });

  it('leaves an id made by chance in one piece', () => {
    expect(wordsOf('call toolu_01A09q90qw9X0lq917835lQ9 ended')).toBe(
      'call toolu 01a09q90qw9x0lq917835lq9 ended',
    );
  });
});

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom(...'aZ9_-./ \n日한é\u0301ß→👍\ud800٣ไﷺİ'), { maxLength: 200 })
    .map((units) => units.join('')),
);

describe('indexTerms of any text', () => {
  it('are letters and digits in lower case, between single blanks', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { words, names } = indexTerms(text);
        for (const terms of [words, names]) {
          expect(terms).toMatch(/^(?:[\p{L}\p{M}\p{N}]+(?: [\p{L}\p{M}\p{N}]+)*)?$/u);
          expect(terms).not.toMatch(/[A-Z]/);
          expect(terms.split(' ').every((word) => word.length <= 64)).toBe(true);
        }
      }),
    );
  });

  it('hold the terms of each piece between blanks, in order', () => {
    fc.assert(
      fc.property(texts, texts, (one, two) => {
        const both = [wordsOf(one), wordsOf(two)].filter((words) => words !== '').join(' ');
        expect(wordsOf(`${one}\n${two}`)).toBe(both);
      }),
    );
  });

  it('grow with the text, not faster', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { words, names } = indexTerms(text);
        // One character can stand for eighteen.
        expect(words.length + names.length).toBeLessThanOrEqual(text.length * 36);
      }),
    );
  });
});
