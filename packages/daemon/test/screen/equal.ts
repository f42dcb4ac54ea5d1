import {
  extendedBit,
  isErasure,
  isPlainLook,
  plainColour,
  sameLook,
} from '../../src/terminals/screen/attributes.ts';
import type { Internals, Line, Look, ScreenBuffer } from '../../src/terminals/screen/internals.ts';
import { isCombined, lookAt, textAt, widthAt } from '../../src/terminals/screen/row.ts';

/** One thing in which two terminals are not the same. */
export interface Difference {
  what: string;
  /** Which line of "What is not restored" in docs/risky/terminal.md it belongs to; undefined when to none. */
  known: 'pen' | 'charset' | 'wrap' | 'half' | 'join' | 'kept' | undefined;
}

/** Compares everything two emulators hold, cell by cell. The first is the original. */
export function differences(a: Internals, b: Internals): Difference[] {
  const found: Difference[] = [];
  const same = (what: string, left: unknown, right: unknown, known?: Difference['known']) => {
    const [one, other] = [JSON.stringify(left), JSON.stringify(right)];
    if (one !== other) found.push({ what: `${what}: ${one}, and restored ${other}`, known });
  };
  const links = new Links(a, b);
  same('size', [a.cols, a.rows], [b.cols, b.rows]);
  same('alternate', a.buffers.active === a.buffers.alt, b.buffers.active === b.buffers.alt);
  for (const name of ['normal', 'alt'] as const) {
    const [left, right] = [a.buffers[name], b.buffers[name]];
    same(`${name} lines`, [left.lines.length, left.ybase], [right.lines.length, right.ybase]);
    for (let row = 0; row < left.lines.length; row++) {
      const [line, other] = [left.lines.get(row), right.lines.get(row)];
      if (line && other) compareLines(`${name} ${row}`, line, other, links, found);
    }
    same(`${name} margins`, [left.scrollTop, left.scrollBottom], [right.scrollTop, right.scrollBottom]);
    same(`${name} tabs`, tabsOf(left, a), tabsOf(right, b), 'kept');
    same(`${name} saved cursor`, savedOf(left, a), savedOf(right, b), 'kept');
    if (left.savedCharset !== right.savedCharset) same(`${name} saved charset`, 0, 1);
    same(`${name} row`, isShownOnce(left, a) ? left.y : 0, isShownOnce(left, a) ? right.y : 0);
  }
  const [left, right] = [a.buffers.active, b.buffers.active];
  const waits = left.x >= a.cols && left === a.buffers.alt;
  same('column', Math.min(left.x, a.cols), Math.min(right.x, b.cols), waits ? 'wrap' : undefined);
  same('column', left.x, right.x, 'wrap');
  same('modes', modesOf(a), modesOf(b));
  same('shift', a._charsetService.glevel, b._charsetService.glevel);
  for (let set = 0; set < 4; set++)
    if ((a._charsetService._charsets[set] ?? undefined) !== (b._charsetService._charsets[set] ?? undefined))
      same(`charset ${set}`, 0, 1);
  if (a._charsetService.charset !== b._charsetService.charset) same('charset in use', 0, 1, 'charset');
  const [pen, other] = [a._inputHandler._curAttrData, b._inputHandler._curAttrData];
  const samePen =
    links.sameLook(pen, other) && plainColour(pen.extended._ext) === plainColour(other.extended._ext);
  if (!samePen) same('pen', pen, { ...other, other: true }, isPlainLook(pen) ? undefined : 'pen');
  same('title', titlesOf(a), titlesOf(b));
  same('character to join', joinOf(a), joinOf(b), 'join');
  same('parser', a._inputHandler._parser.currentState, b._inputHandler._parser.currentState);
  return found;
}

function compareLines(where: string, a: Line, b: Line, links: Links, found: Difference[]): void {
  if (a.isWrapped !== b.isWrapped) found.push({ what: `${where} wraps: ${a.isWrapped}`, known: undefined });
  for (let col = 0; col < Math.max(a.length, b.length); col++) {
    const [left, right] = [lookAt(a, col), lookAt(b, col)];
    const isSame =
      textAt(a, col) === textAt(b, col) && widthAt(a, col) === widthAt(b, col) && links.sameLook(left, right);
    if (isSame) continue;
    const cells = [textAt(a, col), widthAt(a, col), left, textAt(b, col), widthAt(b, col), right];
    const isNear = (at: number) => isHalf(a, at) && !(isCombined(a, at) && isWholeCell(a, b, at));
    const isBroken = [col - 2, col - 1, col, col + 1, col + 2].some(isNear);
    found.push({ what: `${where}, ${col}: ${JSON.stringify(cells)}`, known: isBroken ? 'half' : undefined });
  }
}

/** Whether a cell of several code points was restored, and its neighbour with it. */
function isWholeCell(a: Line, b: Line, col: number): boolean {
  return [col, col + 1].every((at) => textAt(a, at) === textAt(b, at) && widthAt(a, at) === widthAt(b, at));
}

/** Half of a wide character without the other half, or one code point with the width of another. */
function isHalf(line: Line, col: number): boolean {
  if (col < 0 || col >= line.length) return false;
  const width = widthAt(line, col);
  const text = textAt(line, col);
  const isWide = width === 2;
  // A combining character may find another width than its base has.
  if (isCombined(line, col)) return true;
  if (isWide) return widthAt(line, col + 1) !== 0 || textAt(line, col + 1) !== '';
  // Odd blanks side by side at the left edge.
  if (col < 2 && text === '' && width === 1) return !isErasure(lookAt(line, col).fg, lookAt(line, col).bg);
  return width === 0 && text === '' && (col === 0 || widthAt(line, col - 1) !== 2);
}

/** Which link of the one terminal is which of the other: cells of one link must be cells of one link. */
class Links {
  readonly #pairs = new Map<number, number>();
  readonly #a: Internals;
  readonly #b: Internals;

  constructor(a: Internals, b: Internals) {
    this.#a = a;
    this.#b = b;
  }

  sameLook(a: Look, b: Look): boolean {
    // A link whose line was erased leads nowhere, and is not restored.
    if (isDead(this.#a, a) || isDead(this.#b, b)) return sameLook(bare(a), bare(b));
    if (!isExtended(a) || !isExtended(b))
      return !isExtended(a) && !isExtended(b) && sameLook(bare(a), bare(b));
    const twin = { ...b, extended: { _ext: b.extended._ext, _urlId: a.extended._urlId } };
    return sameLook(a, twin) && this.#same(a.extended._urlId, b.extended._urlId);
  }

  #same(a: number, b: number): boolean {
    if (a === 0 || b === 0) return a === b;
    const [left, right] = [this.#a._oscLinkService.getLinkData(a), this.#b._oscLinkService.getLinkData(b)];
    if (left?.uri !== right?.uri || (left?.id !== undefined && left.id !== right?.id)) return false;
    const pair = this.#pairs.get(a) ?? b;
    this.#pairs.set(a, pair);
    return pair === b;
  }
}

function isDead({ _oscLinkService: links }: Internals, { bg, extended: { _urlId: url } }: Look): boolean {
  return (bg & extendedBit) !== 0 && url !== 0 && !links.getLinkData(url);
}

/** Whether it has anything of what the bit speaks of. */
function isExtended({ bg, extended: { _ext: ext, _urlId: url } }: Look): boolean {
  return (bg & extendedBit) !== 0 && (ext !== 0 || url !== 0);
}

function bare(look: Look): Look {
  return { ...look, bg: look.bg & ~extendedBit };
}

/** The cursor of a buffer that is not shown counts in the main one: it comes back with it. */
function isShownOnce(buffer: ScreenBuffer, { buffers }: Internals): boolean {
  return buffer === buffers.active || buffer === buffers.normal;
}

function tabsOf({ tabs }: ScreenBuffer, { cols }: Internals): number[] {
  return Array.from({ length: cols }, (_, col) => col).filter((col) => tabs[col]);
}

/** Where DECRC would go now, and with what pen. */
function savedOf({ savedX, savedY, ybase, savedCurAttrData: look }: ScreenBuffer, core: Internals): unknown {
  const row = Math.max(0, Math.min(core.rows - 1, savedY - ybase));
  const words = [look.fg, look.bg].map((word) => [plainColour(word), word & ~0x3ffffff]);
  return [Math.min(savedX, core.cols - 1), row, words];
}

function modesOf({ coreService, coreMouseService, optionsService: { rawOptions } }: Internals): unknown {
  const { modes, decPrivateModes, isCursorHidden } = coreService;
  const { activeProtocol, activeEncoding } = coreMouseService;
  const { convertEol, cursorBlink } = rawOptions;
  return [modes, decPrivateModes, isCursorHidden, activeProtocol, activeEncoding, convertEol, cursorBlink];
}

function titlesOf({ _inputHandler: { _windowTitle, _iconName } }: Internals): unknown {
  return [_windowTitle, _iconName];
}

function joinOf({ _inputHandler: { _parser } }: Internals): number {
  return (_parser.precedingJoinState >> 1) & 3;
}
