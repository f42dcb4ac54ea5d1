import type { GlobToken, PlaceName } from './glob-parse.ts';
import { unknownText } from './parts.ts';

/**
 * text: `*` is any text. path: `*` and `?` stay within one segment, `**` does not. url: `*` is any text, but stays
 * within the host where it stands there (`https://*.example.com/*`), unless it ends the pattern.
 */
export type GlobMode = 'text' | 'path' | 'url';

/** What the placeholders of a pattern stand for. */
export type PlaceTexts = Readonly<Record<PlaceName, string>>;

/**
 * Any text without a slash, in a text that is itself made from a pattern: what asks whether one pattern takes all
 * that another does. Private use, as `unknownText`.
 */
const unknownName = '\uF8FE';

/** A token as a number, so that matching is a loop over numbers: 0 and above is a UTF-16 code unit. */
const op = {
  any: -1,
  star: -2,
  /** Any text, slashes too. */
  globstar: -3,
  /** `**` and its slash as whole segments: nothing, or a text that ends with a slash. */
  segments: -4,
  /** A closing slash and `**`: the end, or a slash and whatever follows. */
  rest: -5,
  /** The class at index `class - op`. */
  class: -10,
} as const;

const slash = 47;
const unknown = unknownText.charCodeAt(0);
const unknownSegment = unknownName.charCodeAt(0);

type CharClass = Extract<GlobToken, { type: 'class' }>;

/** One alternative of a pattern, ready to run. */
export interface GlobProgram {
  mode: GlobMode;
  ops: readonly number[];
  classes: readonly CharClass[];
  /** What every match begins and ends with. */
  head: string;
  tail: string;
  /** The text between two stars, where that is all there is. */
  infix: string;
  /** Texts that every match holds, in this order. */
  pieces: readonly string[];
  /** What needs no program to run: `x`, `x*`, `*x*`, `*`. */
  kind: 'exact' | 'prefix' | 'infix' | 'everything' | 'other';
}

/** Puts the placeholders in and turns tokens into a program. */
export function programOf(tokens: readonly GlobToken[], mode: GlobMode, places: PlaceTexts): GlobProgram {
  const ops: number[] = [];
  const classes: CharClass[] = [];
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token.type === 'text') pushText(ops, mode === 'path' ? afterStars(ops, token.text) : token.text);
    else if (token.type === 'place') pushText(ops, placeText(places[token.name], next));
    else if (token.type === 'tilde')
      pushText(ops, mode === 'path' && index === 0 ? placeText(places.home, next) : '~');
    else if (token.type === 'any') ops.push(op.any);
    else if (token.type === 'class') ops.push(op.class - (classes.push(token) - 1));
    else if (mode === 'url') ops.push(next && isInHost(ops) ? op.star : op.globstar);
    else if (mode === 'text' || !token.isDouble) ops.push(op.star);
    else pushDoubleStar(ops, next);
  }
  const firstSpecial = ops.findIndex((one) => one < 0);
  const lastSpecial = ops.findLastIndex((one) => one < 0);
  const head = String.fromCharCode(...(firstSpecial < 0 ? ops : ops.slice(0, firstSpecial)));
  const tail = String.fromCharCode(...ops.slice(lastSpecial + 1));
  const kind = kindOf(ops, mode);
  const infix = kind === 'infix' ? String.fromCharCode(...ops.slice(1, -1)) : '';
  return { mode, ops, classes, head, tail, infix, kind, pieces: piecesOf(ops) };
}

function piecesOf(ops: readonly number[]): string[] {
  const pieces = [''];
  for (const one of ops) {
    if (one < 0) pieces.push('');
    else pieces.push(`${pieces.pop() ?? ''}${String.fromCharCode(one)}`);
  }
  return pieces.filter((piece) => piece !== '');
}

/** Whether a text has the pieces of a program: quickly seen, and false for nearly every text. */
export function hasPieces({ pieces }: GlobProgram, text: string): boolean {
  let at = 0;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

/** Whether what comes next belongs to the host of an address: behind `://`, before another slash. */
function isInHost(ops: readonly number[]): boolean {
  const slashes = ops.flatMap((one, at) => (one === slash ? [at] : []));
  const [first, second] = slashes;
  return slashes.length === 2 && first !== undefined && second === first + 1;
}

function kindOf(ops: readonly number[], mode: GlobMode): GlobProgram['kind'] {
  const last = ops.at(-1);
  const takesAll = mode === 'text' ? last === op.star : last === op.globstar || last === op.rest;
  if (ops.length === 1 && takesAll) return 'everything';
  if (ops.every((one) => one >= 0)) return 'exact';
  const wide = mode === 'text' ? op.star : op.globstar;
  if (last !== wide) return 'other';
  if (ops.slice(0, -1).every((one) => one >= 0)) return 'prefix';
  return ops[0] === wide && ops.slice(1, -1).every((one) => one >= 0) ? 'infix' : 'other';
}

/** The root directory must not double the slash that follows it in the pattern. */
function placeText(text: string, next: GlobToken | undefined): string {
  const isBeforeSlash = next?.type === 'text' && next.text.startsWith('/');
  return isBeforeSlash && text.endsWith('/') ? text.slice(0, -1) : text;
}

function pushText(ops: number[], text: string): void {
  for (let at = 0; at < text.length; at += 1) ops.push(text.charCodeAt(at));
}

/** `segments` and `rest` hold the slash beside their stars already. */
function afterStars(ops: readonly number[], text: string): string {
  return ops.at(-1) === op.segments && text.startsWith('/') ? text.slice(1) : text;
}

function pushDoubleStar(ops: number[], next: GlobToken | undefined): void {
  const last = ops.at(-1);
  const startsSegment = last === undefined || last === slash || last === op.segments;
  const endsSegment = next?.type === 'text' && next.text.startsWith('/');
  if (startsSegment && endsSegment) {
    if (last !== op.segments) ops.push(op.segments);
  } else if (last === slash && next === undefined) ops[ops.length - 1] = op.rest;
  else ops.push(op.globstar);
}

/**
 * Whether the program takes the text whatever its unknowns are. Two pointers and the last star of each kind to go
 * back to: time grows with text times pattern at worst.
 */
export function runProgram(program: GlobProgram, text: string): boolean {
  const { ops, classes, mode } = program;
  const starsCross = mode === 'text';
  let at = 0;
  let step = 0;
  let starStep = -1;
  let starAt = 0;
  let wideStep = -1;
  let wideAt = 0;
  for (;;) {
    const one = step < ops.length ? (ops[step] ?? 0) : undefined;
    if (one === undefined) {
      if (at === text.length) return true;
    } else if (one >= 0) {
      const code = at < text.length ? text.charCodeAt(at) : -1;
      if (code === one && code !== unknown && code !== unknownSegment) {
        at += 1;
        step += 1;
        continue;
      }
    } else if (one === op.star) {
      if (starsCross && step === ops.length - 1) return true;
      starStep = step;
      starAt = at;
      step += 1;
      continue;
    } else if (one === op.globstar || one === op.segments) {
      if (one === op.globstar && step === ops.length - 1) return true;
      wideStep = step;
      wideAt = at;
      starStep = -1;
      step += 1;
      continue;
    } else if (one === op.rest) {
      if (at === text.length || text.charCodeAt(at) === slash) return true;
    } else {
      const length = charLength(one, classes, text, at, mode);
      if (length > 0) {
        at += length;
        step += 1;
        continue;
      }
    }
    // Something did not fit: let the last star take one more character, else the last `**`.
    if (starStep >= 0 && starAt < text.length && (starsCross || staysInSegment(text.charCodeAt(starAt)))) {
      starAt += lengthAt(text, starAt);
      at = starAt;
      step = starStep + 1;
      continue;
    }
    starStep = -1;
    if (wideStep < 0 || wideAt >= text.length) return false;
    if (ops[wideStep] === op.segments) {
      const next = text.indexOf('/', wideAt);
      if (next < 0) return false;
      wideAt = next + 1;
    } else wideAt += lengthAt(text, wideAt);
    at = wideAt;
    step = wideStep + 1;
  }
}

function staysInSegment(code: number): boolean {
  return code !== slash && code !== unknown;
}

function lengthAt(text: string, at: number): 1 | 2 {
  const code = text.codePointAt(at);
  return code !== undefined && code > 0xffff ? 2 : 1;
}

/** How many code units a `?` or a class takes here; 0 when it does not fit. */
function charLength(
  one: number,
  classes: readonly CharClass[],
  text: string,
  at: number,
  mode: GlobMode,
): number {
  const code = text.codePointAt(at);
  if (code === undefined || code === unknown || code === unknownSegment) return 0;
  if (mode !== 'text' && code === slash) return 0;
  const length = code > 0xffff ? 2 : 1;
  if (one === op.any) return length;
  const found = classes[op.class - one];
  if (!found) return 0;
  return found.ranges.some(([low, high]) => code >= low && code <= high) !== found.negated ? length : 0;
}

/**
 * Whether the program takes the text for some value of its unknowns; may say yes too often, never no too often. A
 * path that is unknown from its beginning may lead anywhere.
 */
export function mayRun(program: GlobProgram, text: string): boolean {
  if (program.mode === 'path' && text.startsWith(unknownText)) return true;
  return mayBegin(program, text) && mayEnd(program, text);
}

/** Whether what stands before the first unknown fits what stands before the first star. */
function mayBegin({ ops, classes, mode }: GlobProgram, text: string): boolean {
  const end = text.indexOf(unknownText);
  for (let at = 0, step = 0; at < end; step += 1) {
    const one = ops[step];
    if (one === undefined) return false;
    if (isStar(one)) return true;
    const length = one >= 0 ? Number(text.charCodeAt(at) === one) : charLength(one, classes, text, at, mode);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** The same from the end. */
function mayEnd({ ops, classes, mode }: GlobProgram, text: string): boolean {
  const start = text.lastIndexOf(unknownText) + 1;
  for (let end = text.length, step = ops.length - 1; end > start; step -= 1) {
    const one = ops[step];
    if (one === undefined) return false;
    if (isStar(one)) return true;
    const isPair = one < 0 && end - 2 >= start && lengthAt(text, end - 2) === 2;
    const at = end - (isPair ? 2 : 1);
    const fits = one >= 0 ? text.charCodeAt(at) === one : charLength(one, classes, text, at, mode) > 0;
    if (!fits) return false;
    end = at;
  }
  return true;
}

function isStar(one: number): boolean {
  return one <= op.star && one >= op.rest;
}

/** A text that stands for all a program takes, and perhaps more: stars become unknowns. */
export function textOf({ ops, mode }: GlobProgram): string {
  return ops
    .map((one) => {
      if (one >= 0) return String.fromCharCode(one);
      const isWide = one === op.globstar || one === op.segments || one === op.rest;
      return isWide || (one === op.star && mode === 'text') ? unknownText : unknownName;
    })
    .join('');
}
