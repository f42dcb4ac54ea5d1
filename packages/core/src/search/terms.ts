/** What search finds a text by. */
export interface IndexTerms {
  /** Every word in order, between single blanks; identifiers are taken apart. */
  words: string;
  /** Identifiers of several parts, each once and without what separates its parts. */
  names: string;
}

/** Longer words are nobody's words: encoded data, keys, minified code. */
const longestWord = 64;

const other = 0;
const lower = 1;
const upper = 2;
const digit = 3;
const underscore = 4;

const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code += 1) {
  if (code >= 0x61 && code <= 0x7a) kinds[code] = lower;
  else if (code >= 0x41 && code <= 0x5a) kinds[code] = upper;
  else if (code >= 0x30 && code <= 0x39) kinds[code] = digit;
}
kinds[0x5f] = underscore;

const blank = 0x20;

/**
 * The words of a text as they stand in the index and in what is asked of it: lower case, without diacritics, each
 * character of a script without blanks a word of its own. `fooBar`, `foo_bar`, `foo-bar`, `foo.bar` and `foo/bar` are
 * "foo bar"; the first two also have the name `foobar`. Words of more than 64 characters are left out. Takes linear
 * time, and any string.
 */
export function indexTerms(text: string): IndexTerms {
  const folded = nonAscii.test(text) ? text.replace(nonAsciiRuns, fold) : text;
  const writer = new TermWriter(folded, nonAscii.test(folded) ? Uint16Array : Uint8Array);
  writer.read();
  return { words: writer.words, names: [...writer.names].join(' ') };
}

/** In every runtime; the language's own types do not know it. */
declare const TextDecoder: new (label: string) => { decode(bytes: Uint8Array): string };
const latin1 = new TextDecoder('latin1');

type Units = Uint8Array | Uint16Array;
/** Most texts are short: making an array for each takes longer than filling it. */
const scratch = new Uint8Array(65_536);

/** Takes a text apart that is folded already: what is not ASCII in it is part of a word. */
class TermWriter {
  readonly names = new Set<string>();
  readonly #text: string;
  /** The words, each with a blank behind it. */
  readonly #out: Units;
  #length = 0;

  constructor(text: string, units: new (length: number) => Units) {
    this.#text = text;
    const size = text.length * 2 + 2;
    this.#out = units === Uint8Array && size <= scratch.length ? scratch : new units(size);
  }

  get words(): string {
    const written = this.#out.subarray(0, Math.max(0, this.#length - 1));
    if (written instanceof Uint8Array) return latin1.decode(written);
    const pieces: string[] = [];
    for (let from = 0; from < written.length; from += 8192) {
      // A call with a spread argument takes seven times as long.
      const units = written.subarray(from, from + 8192) as unknown as number[];
      pieces.push(String.fromCharCode.apply(null, units));
    }
    return pieces.join('');
  }

  read(): void {
    const text = this.#text;
    const { length } = text;
    let at = 0;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code < 128 && kinds[code] === other) at += 1;
      else at = this.#readIdentifier(at);
    }
  }

  /** Reads letters, digits and underscores. Where they end. */
  #readIdentifier(from: number): number {
    const text = this.#text;
    const out = this.#out;
    const { length } = text;
    const begun = this.#length;
    let end = begun;
    let wordStart = begun;
    let words = 0;
    // Of the stretch between two underscores.
    let stretchStart = begun;
    let bounds = 0;
    let numbers = 0;
    let before: number = underscore;
    let last: number = underscore;
    let at = from;
    for (; ; at += 1) {
      const code = at < length ? text.charCodeAt(at) : blank;
      const kind = code < 128 ? (kinds[code] ?? other) : lower;
      if (kind === lower) {
        if (last === upper && (before === upper || before === digit)) {
          // The capital was the first letter of this word, not the last one of the word before.
          const capital = out[end - 1] ?? 0;
          end -= 1;
          if (end - wordStart > longestWord) end = wordStart;
          else {
            out[end] = blank;
            end += 1;
          }
          wordStart = end;
          out[end] = capital;
          end += 1;
          bounds += 1;
        }
        out[end] = code;
        end += 1;
      } else if (kind === upper) {
        if (last === lower) {
          if (end - wordStart > longestWord) end = wordStart;
          else {
            out[end] = blank;
            end += 1;
          }
          wordStart = end;
          bounds += 1;
        }
        out[end] = code + 32;
        end += 1;
      } else if (kind === digit) {
        if (last !== digit) numbers += 1;
        out[end] = code;
        end += 1;
      } else {
        if (last !== underscore) {
          if (bounds > 0 && numbers > 0 && isNoise(end - stretchStart - bounds, bounds + numbers)) {
            end = withoutBlanks(out, stretchStart, end);
            wordStart = stretchStart;
            bounds = 0;
          }
          if (end - wordStart > longestWord) end = wordStart;
          else {
            out[end] = blank;
            end += 1;
          }
          words += bounds + 1;
          stretchStart = end;
          wordStart = end;
          bounds = 0;
          numbers = 0;
        }
        if (kind === other) break;
      }
      before = last;
      last = kind;
    }
    this.#length = end;
    if (words > 1 && at - from <= longestWord) {
      this.names.add(text.slice(from, at).replaceAll('_', '').toLowerCase());
    }
    return at;
  }
}

/** Identifiers made by chance (`toolu_01AbX9…`) change between capitals, small letters and digits all the time. */
function isNoise(length: number, changes: number): boolean {
  return length >= 12 && changes * 10 > length * 3;
}

/** Takes the blanks out of a stretch. Where it ends now. */
function withoutBlanks(out: Units, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at += 1) {
    const code = out[at] ?? blank;
    if (code === blank) continue;
    out[to] = code;
    to += 1;
  }
  return to;
}

const nonAscii = /[^\0-\x7f]/;
const nonAsciiRuns = /[^\0-\x7f]+/g;
/**
 * What is written above, below or inside of letters, and what chooses the shape of a character; but not what makes
 * another kana.
 */
const diacritics =
  /(?=\p{M})(?!\u3099|\u309a)[\p{Script=Inherited}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Cyrillic}]/gu;
const noWord = /[^\p{L}\p{M}\p{N}]+/gu;
/** A letter of a script that puts no blanks between words, or not between all of them: for a regular expression. */
export const soloLetter =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
const soloLetters = new RegExp(soloLetter, 'gu');
const letters = /[^\0-\x7f]+/g;

/** Folded pieces that come again and again: punctuation, arrows, letters with diacritics. */
const known = new Map<string, string>();
const knownLimit = 4096;

/** Characters beyond ASCII as they are indexed: letters and digits, or blanks. */
function fold(piece: string): string {
  if (piece.length > 2) return foldAnew(piece);
  const before = known.get(piece);
  if (before !== undefined) return before;
  const folded = foldAnew(piece);
  if (known.size >= knownLimit) known.clear();
  known.set(piece, folded);
  return folded;
}

function foldAnew(piece: string): string {
  return piece
    .normalize('NFKD')
    .replace(diacritics, '')
    .replace(noWord, ' ')
    .normalize('NFC')
    .replace(soloLetters, ' $& ')
    .replace(letters, (text) => text.toLowerCase());
}
