import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import xterm from '@xterm/headless';
import type { PaneRow } from '../src/tmux/pane-rows.ts';
import type { PaneState } from '../src/tmux/pane-state.ts';
import type { PaneEvent } from '../src/tmux/tmux.ts';

/** A terminal that follows the events of a pane, as a viewer would: to compare with what tmux shows. */
export class PaneTerminal implements Disposable {
  #terminal = new xterm.Terminal({ cols: 80, rows: 24, scrollback: 5_000, allowProposedApi: true });

  constructor() {
    this.#terminal.unicode.register(cellWidth);
    this.#terminal.unicode.activeVersion = cellWidth.version;
  }

  async take(event: PaneEvent): Promise<void> {
    if (event.type === 'bytes') await this.#write(event.bytes);
    else if (event.type === 'resize') this.#terminal.resize(event.cols, event.rows);
    else if (event.type === 'rebuilt') await this.#restore(event.state);
  }

  /** The rows of the screen as text, without spaces at the ends. */
  text(): string[] {
    const buffer = this.#terminal.buffer.active;
    return this.#rows().map(
      (_, row) =>
        buffer
          .getLine(buffer.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? '',
    );
  }

  /** Every cell of the screen with its attributes, one string per row; a space that looks like nothing is nothing. */
  cells(): string[] {
    const buffer = this.#terminal.buffer.active;
    return this.#rows().map((_, row) => {
      const line = buffer.getLine(buffer.baseY + row);
      const cells = Array.from({ length: this.#terminal.cols }, (_, column) => {
        const cell = line?.getCell(column);
        if (!cell) return '';
        const chars = cell.getChars() || ' ';
        const isLined = cell.isUnderline() || cell.isInverse() || cell.isStrikethrough() || cell.isOverline();
        const look = [
          `${cell.getBgColorMode()}/${cell.getBgColor()}`,
          isLined
            ? `${cell.isUnderline()}${cell.isInverse()}${cell.isStrikethrough()}${cell.isOverline()}`
            : '',
        ];
        if (chars !== ' ' || isLined) {
          look.push(`${cell.getFgColorMode()}/${cell.getFgColor()}`);
          look.push(
            `${cell.isBold()}${cell.isDim()}${cell.isItalic()}${cell.isBlink()}${cell.isInvisible()}`,
          );
        }
        return `${chars}${cell.getWidth()}[${look.join(' ')}]`;
      });
      return cells.join('');
    });
  }

  /** Rows above the screen. */
  history(): string[] {
    const buffer = this.#terminal.buffer.normal;
    return Array.from(
      { length: buffer.baseY },
      (_, row) => buffer.getLine(row)?.translateToString(true) ?? '',
    );
  }

  get cursor(): { x: number; y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { x: cursorX, y: cursorY };
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }

  #rows(): undefined[] {
    return Array.from({ length: this.#terminal.rows });
  }

  #write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve));
  }

  async #restore(state: PaneState): Promise<void> {
    const { cols, rows, cursor, region, modes, alternate } = state;
    this.#terminal.reset();
    this.#terminal.resize(cols, rows);
    await this.#write(`\x1b[m${paint([...state.history, ...state.main])}`);
    if (alternate) {
      const { x, y } = alternate.savedCursor;
      await this.#write(`\x1b[m\x1b[${y + 1};${x + 1}H\x1b[?1049h\x1b[H${paint(alternate.screen)}`);
    }
    await this.#write(
      [
        `\x1b[m\x1b[${region.top + 1};${region.bottom + 1}r`,
        modes.wraparound ? '' : '\x1b[?7l',
        modes.insert ? '\x1b[4h' : '',
        `\x1b[${cursor.y + 1};${Math.min(cursor.x, cols - 1) + 1}H`,
      ].join(''),
    );
    if (cursor.x === cols) {
      // Only printing leaves the cursor behind the last column.
      const screen = alternate?.screen ?? state.main;
      const last = [...(screen[cursor.y]?.text ?? '')].at(-1) ?? ' ';
      await this.#write(last);
    }
    await this.#write(state.pending);
  }
}

function paint(rows: readonly PaneRow[]): string {
  return rows
    .map(({ text, wrapped }, index) => (wrapped || index === rows.length - 1 ? text : `${text}\r\n`))
    .join('');
}
