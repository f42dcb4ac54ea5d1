import type { DoubleQuotedChild, Word, WordPart } from 'unbash';
import { unknownText } from '../parts.ts';

/** A word of a command, as far as it is known before it runs. */
export interface Arg {
  /** Its value without quotes; `unknownText` where only the shell will know. */
  text: string;
  /** As written. */
  shown: string;
  /** Every unknown place is a file glob. */
  isGlob: boolean;
  /** It is a process substitution: a pipe, no file. */
  isPipe: boolean;
}

/** Variables whose value is known: name to value. */
export type KnownVariables = ReadonlyMap<string, string>;

/** A word of a command whose text is known. */
export function literal(text: string): Arg {
  return { text, shown: text, isGlob: false, isPipe: false };
}

/** A word that stands for whatever another program finds. */
export const unknownArg: Arg = { text: unknownText, shown: '…', isGlob: false, isPipe: false };

/** Whether all of a text is known. */
export function isKnown(text: string): boolean {
  return !text.includes(unknownText);
}

/** Takes the quotes off a word and puts `unknownText` where it is expanded. */
export function readWord(word: Word, variables: KnownVariables): Arg {
  const pieces = readParts(word, variables);
  return {
    text: pieces.map((piece) => piece.text).join(''),
    shown: word.text,
    isGlob: pieces.every((piece) => isKnown(piece.text) || piece.isGlob) && !hasTilde(word.text),
    isPipe: word.parts?.length === 1 && word.parts[0]?.type === 'ProcessSubstitution',
  };
}

interface Piece {
  text: string;
  isGlob: boolean;
}

const unknown: Piece = { text: unknownText, isGlob: false };
const known = (text: string): Piece => ({ text, isGlob: false });

/** `~name`, `~+`, `~"/x"`: home directories we do not look up. */
const hasTilde = (raw: string) => raw.startsWith('~') && raw !== '~' && !raw.startsWith('~/');

function readParts(word: Word, variables: KnownVariables): Piece[] {
  if (hasTilde(word.text)) return [unknown];
  const isHome = word.text.startsWith('~');
  const home = variables.get('HOME');
  if (isHome && home === undefined) return [unknown];
  const pieces = (word.parts ?? []).map((part) => readPart(part, variables));
  if (word.parts === undefined) pieces.push(known(word.value));
  const first = pieces[0];
  if (isHome && first && home !== undefined) pieces[0] = known(home + first.text.slice(1));
  return pieces;
}

function readPart(part: WordPart, variables: KnownVariables): Piece {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return known(part.value);
    case 'DoubleQuoted':
      return known(part.parts.map((child) => readChild(child, variables)).join(''));
    case 'Glob':
      return { text: unknownText, isGlob: true };
    case 'SimpleExpansion':
    case 'ParameterExpansion':
      return known(readVariable(part, variables));
    default:
      return unknown;
  }
}

function readChild(child: DoubleQuotedChild, variables: KnownVariables): string {
  if (child.type === 'Literal') return child.value;
  if (child.type === 'SimpleExpansion' || child.type === 'ParameterExpansion')
    return readVariable(child, variables);
  return unknownText;
}

function readVariable(part: { text: string }, variables: KnownVariables): string {
  const name = /^\$(?:\{(\w+)\}|(\w+))$/.exec(part.text);
  return variables.get(name?.[1] ?? name?.[2] ?? '') ?? unknownText;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stay as they are
const misleading = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text for a person: characters that hide or turn others are shown as their number, and it has an end. */
export function readable(text: string): string {
  const shown = text
    .replaceAll(unknownText, '…')
    .replace(misleading, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
  return shown.length > 1000 ? `${shown.slice(0, 999)}…` : shown;
}
