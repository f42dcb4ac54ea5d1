import type { Look } from './internals.ts';

/** The two words of a look that DECSC keeps. */
export type Words = Pick<Look, 'fg' | 'bg'>;

/** Bits of the three words of a cell. */
export const cellSize = 3;
export const codePointBits = 0x1fffff;
export const combinedBit = 0x200000;
export const contentBits = 0x3fffff;
export const widthShift = 22;

/** Bits of `bg`. `extendedBit` says that the cell has an underline style, underline colour or link. */
export const extendedBit = 0x10000000;
const italic = 0x4000000;
const dim = 0x8000000;
const protectedBit = 0x20000000;
const overline = 0x40000000;

/** Bits of `fg`. */
const underline = 0x10000000;
const bold = 0x8000000;
/** Bit, and the SGR codes that set and clear it. */
const fgFlags: readonly (readonly [number, string, string])[] = [
  [0x20000000, '5', '25'],
  [0x4000000, '7', '27'],
  [0x40000000, '8', '28'],
  [0x80000000, '9', '29'],
];
const bgFlags: readonly (readonly [number, string, string])[] = [
  [italic, '3', '23'],
  [overline, '53', '55'],
];

/** Bits of a colour: mode and value. */
export const colourBits = 0x3ffffff;
const palette16 = 0x1000000;
const palette256 = 0x2000000;
const rgb = 0x3000000;
const modeBits = 0x3000000;

/** A colour without what an earlier colour left in bits that its mode does not use. */
export function plainColour(word: number): number {
  const mode = word & modeBits;
  if (mode === rgb) return word & colourBits;
  return mode === 0 ? 0 : mode | (word & 0xff);
}

/** SGR from the defaults, and the protection of DECSCA, which SGR 0 takes away. Links are not SGR. */
export function looksOf(fg: number, bg: number, ext: number): string {
  const codes: string[] = [];
  if (fg & bold) codes.push('1');
  if (bg & dim) codes.push('2');
  for (const [bit, on] of fgFlags) if (fg & bit) codes.push(on);
  for (const [bit, on] of bgFlags) if (bg & bit) codes.push(on);
  const style = underlineStyle(ext);
  if (style === 1) codes.push('4');
  else if (style > 1) codes.push(`4:${style}`);
  pushColour(codes, fg, 30);
  pushColour(codes, bg, 40);
  const line = plainColour(ext);
  if ((line & modeBits) === rgb)
    codes.push(`58:2::${(line >>> 16) & 255}:${(line >>> 8) & 255}:${line & 255}`);
  else if (line & modeBits) codes.push(`58:5:${line & 255}`);
  const sgr = codes.length === 0 ? '\x1b[m' : `\x1b[0;${codes.join(';')}m`;
  return bg & protectedBit ? `${sgr}\x1b[1"q` : sgr;
}

/** SGR from one pair of words to another that is underlined, and extended, if and only if the first one is. */
export function changeOf(from: Words, to: Words): string {
  const codes = ['22'];
  if (to.fg & bold) codes.push('1');
  if (to.bg & dim) codes.push('2');
  for (const [bit, on, off] of fgFlags) if ((from.fg ^ to.fg) & bit) codes.push(to.fg & bit ? on : off);
  for (const [bit, on, off] of bgFlags) if ((from.bg ^ to.bg) & bit) codes.push(to.bg & bit ? on : off);
  codes.push('39', '49');
  pushColour(codes, to.fg, 30);
  pushColour(codes, to.bg, 40);
  return `\x1b[${codes.join(';')}m\x1b[${to.bg & protectedBit ? 1 : 0}"q`;
}

/** Whether {@link changeOf}, and saying again which link is open, lead from kept words to this pen. */
export function isChangeable(from: Words, to: Look): boolean {
  const { _ext: ext, _urlId: url } = to.extended;
  const told = underlineStyle(ext) !== 0 || url !== 0;
  const sameBit = !((from.bg ^ to.bg) & extendedBit);
  return !((from.fg ^ to.fg) & underline) && (sameBit || Boolean(to.bg & extendedBit) === told);
}

function pushColour(codes: string[], word: number, base: 30 | 40): void {
  const value = word & 0xff;
  switch (word & modeBits) {
    case palette16:
      codes.push(String(value < 8 ? base + value : base + 60 + value - 8));
      break;
    case palette256:
      codes.push(`${base + 8};5;${value}`);
      break;
    case rgb:
      codes.push(`${base + 8};2;${(word >>> 16) & 255};${(word >>> 8) & 255};${value}`);
  }
}

function underlineStyle(ext: number): number {
  return (ext >>> 26) & 7;
}

/**
 * Whether SGR and OSC 8 alone lead to this look. DECRC brings back only the two words, so that a pen may be underlined
 * in them and not in `extended`, or the other way round.
 */
export function isPlainLook({ fg, bg, extended }: Look): boolean {
  const styled = underlineStyle(extended._ext) !== 0;
  return (
    Boolean(fg & underline) === styled && Boolean(bg & extendedBit) === (styled || extended._urlId !== 0)
  );
}

/** What else a plain look with these two words has: an underline style, or an open link. */
export function plainTwin({ fg, bg }: Words): { ext: number; link: boolean } {
  if (fg & underline) return { ext: 1 << 26, link: false };
  return { ext: 0, link: Boolean(bg & extendedBit) };
}

/** Whether erasing with a pen of that background gives an empty cell that looks so. */
export function isErasure(fg: number, bg: number): boolean {
  return fg === 0 && (bg & ~colourBits) === 0;
}

/** Whether two looks cannot be told apart. Only what `extendedBit` switches on is compared. */
export function sameLook(a: Look, b: Look): boolean {
  return (
    plainColour(a.fg) === plainColour(b.fg) &&
    (a.fg & ~colourBits) === (b.fg & ~colourBits) &&
    plainColour(a.bg) === plainColour(b.bg) &&
    (a.bg & ~colourBits) === (b.bg & ~colourBits) &&
    (!(a.bg & extendedBit) ||
      (plainExtension(a) === plainExtension(b) && a.extended._urlId === b.extended._urlId))
  );
}

function plainExtension({ extended: { _ext: ext } }: Look): number {
  return (underlineStyle(ext) << 26) | plainColour(ext);
}
