import { indexTerms, soloLetter } from './terms.ts';

/** A word of the index, and where in the text it stands. */
export interface TermSpan {
  term: string;
  start: number;
  end: number;
}

export interface TextTerms {
  /** In their order. */
  words: TermSpan[];
  /** Identifiers of several parts, as a whole. */
  names: TermSpan[];
}

const identifiers = /[\p{L}\p{M}\p{N}_]+/gu;
const pieces = new RegExp(`(${soloLetter}\\p{M}*)`, 'u');
const ascii = /^[\0-\x7f]*$/;
/** Most are one word. */
const plainWord = /^[a-z0-9]{1,64}$/;

/** What `indexTerms` finds in a text, with the places. Far slower, so for a passage. */
export function locateTerms(text: string): TextTerms {
  const found: TextTerms = { words: [], names: [] };
  for (const { 0: identifier, index } of text.matchAll(identifiers)) {
    const end = index + identifier.length;
    if (plainWord.test(identifier)) found.words.push({ term: identifier, start: index, end });
    else if (ascii.test(identifier)) locateIn(identifier, index, found);
    else locatePieces(identifier, index, found);
  }
  return found;
}

function locatePieces(identifier: string, from: number, found: TextTerms): void {
  let at = from;
  for (const piece of identifier.split(pieces)) {
    locateIn(piece, at, found);
    at += piece.length;
  }
}

function locateIn(piece: string, start: number, found: TextTerms): void {
  const { words, names } = indexTerms(piece);
  if (words === '') return;
  const end = start + piece.length;
  if (names !== '') found.names.push({ term: names, start, end });
  const terms = words.split(' ');
  const isExact = piece.replaceAll('_', '').toLowerCase() === terms.join('');
  let at = start;
  for (const term of terms) {
    while (isExact && piece[at - start] === '_') at += 1;
    found.words.push(isExact ? { term, start: at, end: at + term.length } : { term, start, end });
    at += term.length;
  }
}
