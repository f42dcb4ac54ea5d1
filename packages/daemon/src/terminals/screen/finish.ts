import { isChangeable, isPlainLook, plainColour, plainTwin, sameLook } from './attributes.ts';
import type { Internals, Line, Look, ScreenBuffer } from './internals.ts';
import { charsetsOf, hasRestoredCharset, marginsOf, modesOf } from './modes.ts';
import { lastPrinted, lookAt, textAt, widthAt } from './row.ts';
import type { Writer } from './writer.ts';

/** Whether DECRC is needed for the pen or the charset, since no other sequence leads to such. */
export function penAndCharset(core: Internals): {
  keepsPen: boolean;
  keepsCharset: boolean;
  byRestore: boolean;
} {
  const pen = core._inputHandler._curAttrData;
  const { savedCurAttrData: kept, savedCharset } = core.buffers.active;
  const keepsPen = !isPlainLook(pen) && isChangeable(kept, pen);
  const keepsCharset = hasRestoredCharset(core) && savedCharset === core._charsetService.charset;
  return { keepsPen, keepsCharset, byRestore: keepsPen || keepsCharset };
}

/**
 * Margins, cursor, charsets, modes and pen, after everything is drawn and the active buffer's cursor was just saved. The
 * order matters: margins and origin mode move the cursor, and modes and charsets change what is printed.
 */
export function drawFinish(out: Writer, core: Internals): void {
  const { buffers, rows, coreService, _inputHandler: input } = core;
  const buffer = buffers.active;
  const pen = input._curAttrData;
  const { keepsPen, keepsCharset, byRestore } = penAndCharset(core);
  if (byRestore) {
    if (keepsCharset) out.add(charsetsOf(core));
    out.extended(pen);
    out.restore(buffer.savedCurAttrData);
    if (keepsPen) out.change(pen);
  }
  out.add(marginsOf(buffer, rows));
  if (coreService.decPrivateModes.origin) out.add('\x1b[?6h');
  const again = placeCursor(out, core, keepsPen);
  if (!keepsCharset) out.add(charsetsOf(core));
  out.add(modesOf(core));
  if (!keepsPen) out.pen(reachablePen(pen));
  if (!again) return;
  // Inserting would push the row to the right.
  if (coreService.modes.insertMode) out.add(`\x1b[${again.width}P`);
  out.add(again.text);
}

/** The pen, or the nearest to it that sequences lead to. */
function reachablePen(pen: Look): Look {
  if (isPlainLook(pen)) return pen;
  const { ext } = plainTwin(pen);
  return { ...pen, extended: { _ext: ext | plainColour(pen.extended._ext), _urlId: 0 } };
}

/**
 * Puts the cursor in its place. What is returned is the character before it, which is to be printed again as the very
 * last thing: a combining character that follows joins it, and REP repeats it.
 */
function placeCursor(
  out: Writer,
  core: Internals,
  keepsPen: boolean,
): { text: string; width: number } | undefined {
  const { buffers, cols } = core;
  const buffer = buffers.active;
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  const x = Math.min(buffer.x, cols);
  const before = line && printedBefore(line, x, core, keepsPen);
  if (line && before) {
    goTo(out, core, before.col);
    return { text: textAt(line, before.col), width: before.width };
  }
  if (x < cols || !line) {
    goTo(out, core, x);
    return undefined;
  }
  // The cursor waits to wrap: only printing in the last column leads there.
  const last = lastPrinted(line);
  if (last !== undefined && !keepsPen && isPlainLook(lookAt(line, last))) {
    goTo(out, core, last);
    out.look(lookAt(line, last));
    // A sequence without effect, so that a combining character that follows stands alone.
    out.add(`${textAt(line, last)}\x1b[?7h`);
  } else if (buffer === buffers.normal) {
    visitAlternate(out, core, cols - 1, 'x');
  } else {
    goTo(out, core, cols - 1);
  }
  return undefined;
}

/** The character that was printed last, if nothing came after it and it still stands before the cursor. */
function printedBefore(
  line: Line,
  x: number,
  core: Internals,
  keepsPen: boolean,
): { col: number; width: number } | undefined {
  const pen = core._inputHandler._curAttrData;
  const { precedingJoinState: state } = core._inputHandler._parser;
  const width = (state >> 1) & 3;
  const col = x - width;
  if (width === 0 || col < 0) return undefined;
  if (textAt(line, col) === '' || widthAt(line, col) !== width) return undefined;
  // Printed again with another pen it would look different.
  const isReachable = keepsPen || isPlainLook(pen);
  return isReachable && sameLook(lookAt(line, col), pen) ? { col, width } : undefined;
}

function goTo(out: Writer, core: Internals, col: number): void {
  const buffer = core.buffers.active;
  if (!core.coreService.decPrivateModes.origin) out.moveTo(buffer.y, col);
  else if (isInside(buffer) || buffer === core.buffers.alt) out.moveTo(buffer.y - buffer.scrollTop, col);
  else visitAlternate(out, core, col, '');
}

function isInside({ y, scrollTop, scrollBottom }: ScreenBuffer): boolean {
  return y >= scrollTop && y <= scrollBottom;
}

/** The two buffers hand the cursor to one another, wherever it is; the alternate one is empty and without margins. */
function visitAlternate(out: Writer, { buffers }: Internals, col: number, print: string): void {
  out.switchBuffer('alternate');
  out.moveTo(buffers.active.y, col);
  out.add(print);
  out.switchBuffer('normal');
}
