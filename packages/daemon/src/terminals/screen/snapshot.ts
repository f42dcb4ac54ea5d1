import { drawFinish, penAndCharset } from './finish.ts';
import type { Internals, Line, ScreenBuffer } from './internals.ts';
import { drawLines } from './lines.ts';
import { designate, marginsOf, tabsOf } from './modes.ts';
import { Writer } from './writer.ts';

/**
 * Control sequences that make a fresh terminal of the same size the same terminal. Everything is drawn in the modes of
 * a fresh terminal; what would stand in the way of that comes last.
 *
 * @param most lines of history
 * @param above sequences that draw rows above all the emulator has, and leave the cursor at the beginning of the next
 */
export function serialize(core: Internals, most: number, above: { rows: number; text: string }): string {
  const { cols, rows, buffers, _inputHandler: input } = core;
  const { normal, alt, active } = buffers;
  const out = new Writer(core._oscLinkService);
  if (input._iconName !== '') out.add(`\x1b]1;${input._iconName}\x07`);
  if (input._windowTitle !== '') out.add(`\x1b]2;${input._windowTitle}\x07`);

  out.add(tabsOf(normal, cols));
  out.add(above.text);
  drawLines(out, linesOf(normal, rows, most), rows, above.rows);
  const { byRestore } = penAndCharset(core);
  saveCursor(out, normal, core, active === normal && byRestore);
  if (active === alt) {
    out.add(marginsOf(normal, rows));
    out.moveTo(normal.y, Math.min(normal.x, cols - 1));
    enterAlternate(out);
    out.add(`\x1b[H${tabsOf(alt, cols)}`);
    drawLines(out, linesOf(alt, rows, 0), rows, 0);
    saveCursor(out, alt, core, byRestore);
  } else if (isSavedCursor(alt)) {
    enterAlternate(out);
    saveCursor(out, alt, core, false);
    out.plain();
    out.switchBuffer('normal');
  }
  drawFinish(out, core);
  return out.text;
}

function linesOf(buffer: ScreenBuffer, rows: number, most: number): Line[] {
  const lines: Line[] = [];
  const end = Math.min(buffer.lines.length, buffer.ybase + rows);
  for (let index = Math.max(0, buffer.ybase - most); index < end; index++) {
    const line = buffer.lines.get(index);
    if (line) lines.push(line);
  }
  return lines;
}

function enterAlternate(out: Writer): void {
  out.plain();
  out.switchBuffer('alternate');
}

/** Whether the saved cursor is another than that of a fresh terminal. */
function isSavedCursor({
  savedX,
  savedY,
  savedCharset,
  savedCurAttrData: { fg, bg },
}: ScreenBuffer): boolean {
  return savedX !== 0 || savedY !== 0 || fg !== 0 || bg !== 0 || savedCharset !== undefined;
}

/** What DECRC will bring back. Leaves the cursor anywhere and the first charset in use. */
function saveCursor(out: Writer, buffer: ScreenBuffer, core: Internals, isNeeded: boolean): void {
  if (!isSavedCursor(buffer) && !out.hasSaved && !isNeeded) return;
  const { cols, rows } = core;
  const row = Math.max(0, Math.min(rows - 1, buffer.savedY - buffer.ybase));
  out.moveTo(row, Math.min(cols - 1, buffer.savedX));
  out.words(buffer.savedCurAttrData);
  if (buffer.savedCharset) out.add(designate(0, buffer.savedCharset));
  out.save();
  if (buffer.savedCharset) out.add(designate(0, undefined));
}
