import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import xterm from '@xterm/headless';
import type { Page } from 'playwright-core';
import type { Shown } from './screen-sessions.ts';

declare global {
  interface Window {
    /** The browser's emulator, of which our own has what is asked here, and this. */
    codepiperTerminal: xterm.Terminal & {
      options: { fontSize: number };
      getSelection(): string;
      onRender(listener: () => void): void;
    };
  }
}

/** What `dump` reads of a terminal; the browser's emulator and ours have it in common. */
interface Readable {
  cols: number;
  rows: number;
  buffer: { active: xterm.IBuffer };
}

/**
 * The screen, one string for each line: runs of the same look, each with its text. Blanks at the end that look like
 * nothing are left out. Also run in the page, so it uses nothing from outside.
 */
export function dump({ cols, rows, buffer: { active } }: Readable): string[] {
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const line = active.getLine(active.baseY + row);
    let text = '';
    let last = '';
    let [lastGround, isLastLined] = ['', false];
    for (let col = 0; line && col < cols; col++) {
      const cell = line.getCell(col);
      if (!cell || cell.getWidth() === 0) continue;
      const ground = `${cell.getBgColorMode() / 0x1000000},${cell.getBgColor()}`;
      const isLined =
        (cell.isUnderline() || cell.isInverse() || cell.isStrikethrough() || cell.isOverline()) !== 0;
      const isBlank = !isLined && cell.getChars().trim() === '';
      const flags = [
        cell.isBold(),
        cell.isDim(),
        cell.isItalic(),
        cell.isUnderline(),
        cell.isBlink(),
        cell.isInverse(),
        cell.isInvisible(),
        cell.isStrikethrough(),
        cell.isOverline(),
      ]
        .map((on) => (on ? 1 : 0))
        .join('');
      const colour = `${cell.getFgColorMode() / 0x1000000},${cell.getFgColor()}`;
      // The colour and the weight of a blank are not seen.
      const goesOn = isBlank && last !== '' && !isLastLined && lastGround === ground;
      const look = goesOn ? last : isBlank ? `0,-1,${ground},000000000` : `${colour},${ground},${flags}`;
      if (look !== last) text += `{${look}}`;
      [last, lastGround, isLastLined] = [look, ground, isLined];
      text += cell.getChars() === '' ? ' ' : cell.getChars();
    }
    lines.push(
      text.replace(/\{0,-1,0,-1,000000000\} *$/, '').replace(/(^|\}[^{}]*) +$/, (end) => end.trimEnd()),
    );
  }
  return lines;
}

/** What `tmux capture-pane -e` printed, read by an emulator and dumped like the browser's. */
export async function dumpCapture(capture: string, cols: number, rows: number): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, convertEol: true });
  terminal.unicode.register(cellWidth);
  terminal.unicode.activeVersion = cellWidth.version;
  // tmux tells DEC graphics between SO and SI. Each line begins afresh: the last column of one may not wrap into the next.
  const lines = capture.split('\n').slice(0, rows);
  const text = lines.map((line, row) => `\x1b[${row + 1}H${line}`).join('');
  await new Promise<void>((resolve) => terminal.write(`\x1b)0\x1b[?7l${text}`, resolve));
  const dumped = dump(terminal);
  terminal.dispose();
  return dumped;
}

/** The browser's screen, like `dumpCapture`. */
export function dumpPage(page: Page): Promise<string[]> {
  return page.evaluate(`(${dump.toString()})(window.codepiperTerminal)`);
}

/** The same with its size and cursor, all of one moment. */
export function lookAt(page: Page): Promise<Shown> {
  return page.evaluate(`(({ terminal, dump }) => {
    const { cursorX: x, cursorY: y } = terminal.buffer.active;
    return { cols: terminal.cols, rows: terminal.rows, cursor: { x, y }, lines: dump(terminal) };
  })({ terminal: window.codepiperTerminal, dump: ${dump.toString()} })`);
}

/** Waits until the page says so of its terminal: live, reconnecting, ended. */
export function badge(page: Page, word: string): Promise<void> {
  return page.locator('header output', { hasText: new RegExp(`^${word}$`) }).waitFor();
}
