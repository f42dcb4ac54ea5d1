import { extendedBit } from '@codepiper/daemon/terminals/screen/attributes.ts';
import type { Internals, Line } from '@codepiper/daemon/terminals/screen/internals.ts';
import { lookAt, textAt, widthAt } from '@codepiper/daemon/terminals/screen/row.ts';
import { Writer } from '@codepiper/daemon/terminals/screen/writer.ts';

export interface ViewSize {
  cols: number;
  rows: number;
}

/** Protection against selective erasure, a bit of the emulator's `bg`: nothing a person sees. */
const protectedBit = 0x20000000;
/** Characters of which all terminals think that they are one column wide. */
const plainText = /^[ -\u02ff\u2500-\u259f]$/;

const mouseProtocols: Readonly<Record<string, number>> = { X10: 9, VT200: 1000, DRAG: 1002, ANY: 1003 };
const mouseEncodings: Readonly<Record<string, number>> = { SGR: 1006, SGR_PIXELS: 1016 };
const cursorShapes: Readonly<Record<string, number>> = { block: 1, underline: 3, bar: 5 };

/** Gives a terminal back as it was before `enter`, whatever was painted on it. */
export const leave = [
  '\x1b[?2026l\x1b]8;;\x07\x1b[m',
  ...[1003, 1002, 1000, 9, 1016, 1006, 1004, 2004, 1].map((mode) => `\x1b[?${mode}l`),
  '\x1b>\x1b[0 q\x1b[?25h\x1b[?7h\x1b[?1049l',
].join('');

/** The other screen, empty; pastes are marked, so that nothing in them is taken for a key of ours. */
export const enter = '\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[H\x1b[2J';

/**
 * Paints a pane on a terminal that may be of another size: what does not fit is cut off, what is left over stays
 * empty. The part with the cursor is shown. Only what changed since the last time is painted.
 */
export class Painter {
  /** What stands in each row of the terminal. */
  #rows: string[] = [];
  #size: ViewSize = { cols: 0, rows: 0 };
  #modes = new Map<string, string>();
  /** Column and row of the pane that are at the terminal's upper left. */
  #left = 0;
  #top = 0;

  /** The terminal shows something else now, and may be in other modes. */
  forget(): void {
    this.#rows = [];
    this.#modes.clear();
  }

  /** @param notice covers the last row */
  paint(core: Internals, size: ViewSize, notice: string | null): string {
    const isOther = size.cols !== this.#size.cols || size.rows !== this.#size.rows;
    if (isOther) this.forget();
    this.#size = { ...size };
    this.#follow(core);
    const isFresh = this.#rows.length === 0;
    let out = isFresh ? '\x1b[m\x1b[2J' : '';
    for (let row = 0; row < size.rows; row++) {
      const isNotice = notice !== null && row === size.rows - 1;
      const text = isNotice ? noticeText(notice, size.cols) : this.#rowText(core, row);
      if (text === (this.#rows[row] ?? (isFresh ? '\x1b[K' : undefined))) continue;
      this.#rows[row] = text;
      out += `\x1b[${row + 1};1H${text}`;
    }
    const modes = this.#modeText(core);
    const cursor = this.#cursorText(core);
    if (out === '') return modes + cursor;
    return `\x1b[?2026h\x1b[?25l${out}${modes}${cursor}\x1b[?2026l`;
  }

  #follow({ buffers: { active }, cols, rows }: Internals): void {
    this.#left = shifted(this.#left, Math.min(active.x, cols - 1), this.#size.cols, cols);
    this.#top = shifted(this.#top, active.y, this.#size.rows, rows);
  }

  #rowText(core: Internals, row: number): string {
    const { active } = core.buffers;
    const y = row + this.#top;
    const line = y < core.rows ? active.lines.get(active.ybase + y) : undefined;
    if (!line) return '\x1b[K';
    const out = new Writer(core._oscLinkService);
    const end = Math.min(this.#left + this.#size.cols, core.cols, line.length);
    const last = lastShown(line, end);
    let at = this.#left;
    for (let col = this.#left; col < last; ) {
      const width = widthAt(line, col);
      const text = textAt(line, col);
      const fits = text !== '' && width > 0 && col + width <= end;
      if (at !== col) out.column(col - this.#left);
      const look = lookAt(line, col);
      out.pen({ ...look, bg: look.bg & ~protectedBit });
      out.add(fits ? text : ' ');
      const columns = fits ? width : 1;
      // Where terminals differ about the width, the next one is told where it stands.
      at = fits && !plainText.test(text) ? -1 : col + columns;
      col += columns;
    }
    if (at !== last && last < this.#left + this.#size.cols) out.column(last - this.#left);
    out.plain();
    // In the last column it would take the character there away.
    return last < this.#left + this.#size.cols ? `${out.text}\x1b[K` : out.text;
  }

  #cursorText({ buffers: { active }, cols, coreService }: Internals): string {
    const x = Math.min(active.x, cols - 1) - this.#left;
    const y = active.y - this.#top;
    const isShown = x >= 0 && y >= 0 && x < this.#size.cols && y < this.#size.rows;
    return `\x1b[${y + 1};${x + 1}H${isShown && !coreService.isCursorHidden ? '\x1b[?25h' : '\x1b[?25l'}`;
  }

  /** What the local terminal sends: keys, the mouse, focus. And the shape of the cursor. */
  #modeText({ coreService: { decPrivateModes: dec }, coreMouseService: mouse }: Internals): string {
    // The coordinates would be others.
    const isMoved = this.#left > 0 || this.#top > 0;
    const protocol = isMoved ? undefined : mouseProtocols[mouse.activeProtocol];
    const encoding = mouseEncodings[mouse.activeEncoding];
    const shape = dec.cursorStyle ? cursorShapes[dec.cursorStyle] : undefined;
    const wanted: Record<string, string> = {
      keys: dec.applicationCursorKeys ? '\x1b[?1h' : '\x1b[?1l',
      keypad: dec.applicationKeypad ? '\x1b=' : '\x1b>',
      focus: dec.sendFocus ? '\x1b[?1004h' : '\x1b[?1004l',
      mouse: `\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?9l${protocol ? `\x1b[?${protocol}h` : ''}`,
      encoding: `\x1b[?1016l\x1b[?1006l${encoding ? `\x1b[?${encoding}h` : ''}`,
      cursor: `\x1b[${shape === undefined ? 0 : shape + (dec.cursorBlink ? 0 : 1)} q`,
    };
    let out = '';
    for (const [name, text] of Object.entries(wanted)) {
      if (this.#modes.get(name) === text) continue;
      this.#modes.set(name, text);
      out += text;
    }
    return out;
  }
}

/** Where the window begins so that it shows a place, moved no more than is needed. */
function shifted(from: number, place: number, window: number, whole: number): number {
  const most = Math.max(0, whole - window);
  const least = Math.max(0, place - window + 1);
  return Math.min(most, Math.max(least, Math.min(from, place)));
}

/** The column behind the last cell that is more than empty. */
function lastShown(line: Line, end: number): number {
  for (let col = end; col > 0; col--) {
    const { fg, bg } = lookAt(line, col - 1);
    if (textAt(line, col - 1) !== '' || widthAt(line, col - 1) === 0 || fg !== 0 || (bg & ~extendedBit) !== 0)
      return col;
  }
  return 0;
}

function noticeText(notice: string, cols: number): string {
  const text = ` ${notice} `.slice(0, cols);
  return `\x1b[0;7m${text.padEnd(cols)}\x1b[m`;
}
