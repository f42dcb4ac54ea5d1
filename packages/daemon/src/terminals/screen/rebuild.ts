import type { PaneRow } from '../../tmux/pane-rows.ts';
import type { PaneModes, PaneState } from '../../tmux/pane-state.ts';
import type { Internals } from './internals.ts';

const mouseModes = { none: null, press: 1000, drag: 1002, move: 1003 } as const;
const cursorShapes = { block: 1, underline: 3, bar: 5 } as const;
const encoder = new TextEncoder();

/** Makes a fresh terminal of the pane's size what tmux told of the pane. */
export function rebuild(core: Internals, state: PaneState): void {
  const { cols, rows, title, cursor, region, modes, tabs, history, main, alternate } = state;
  const print = (text: string) => core._inputHandler.parse(encoder.encode(text));
  print(`\x1b]2;${printable(title)}\x07${tabsAt(tabs)}`);
  fill(core, print, [...history, ...padded(main, rows)]);
  if (alternate) {
    const { x, y } = alternate.savedCursor;
    print(`\x1b[${y + 1};${x + 1}H\x1b[?1049h\x1b[H${tabsAt(tabs)}`);
    fill(core, print, padded(alternate.screen, rows));
  }
  print(`\x1b[${region.top + 1};${region.bottom + 1}r${modesAs(modes)}`);
  // No sequence leads to every place: not behind the edge, nor out of the margins in origin mode.
  const { active } = core.buffers;
  active.x = Math.min(cursor.x, cols);
  active.y = Math.min(cursor.y, rows - 1);
}

/** Prints the rows from the cursor's on, each in a line of its own. */
function fill(core: Internals, print: (text: string) => void, lines: readonly PaneRow[]): void {
  const { active } = core.buffers;
  // A row that is wider than the pane must not become two.
  print('\x1b[?7l');
  lines.forEach(({ text }, index) => {
    if (index > 0) {
      // The pen goes on into the next row, and would colour the one that scrolls in.
      const pen = core._inputHandler._curAttrData;
      const { bg } = pen;
      pen.bg = 0;
      print('\r\n');
      pen.bg = bg;
      const line = active.lines.get(active.ybase + active.y);
      if (line) line.isWrapped = lines[index - 1]?.wrapped ?? false;
    }
    print(text);
  });
  print('\x1b[m\x1b]8;;\x07\x1b[?7h');
}

function padded(lines: readonly PaneRow[], rows: number): PaneRow[] {
  const missing = Math.max(0, rows - lines.length);
  return [...lines, ...Array.from({ length: missing }, () => ({ text: '', wrapped: false }))];
}

function tabsAt(stops: readonly number[]): string {
  return `\x1b[3g${stops.map((col) => `\x1b[${col + 1}G\x1bH`).join('')}\r`;
}

function modesAs(modes: PaneModes): string {
  const set = (number: number | null, on: boolean | null) =>
    number === null || on === null ? '' : `\x1b[?${number}${on ? 'h' : 'l'}`;
  const { cursorShape: shape, cursorBlinks: blinks } = modes;
  return [
    set(1, modes.applicationCursorKeys),
    set(6, modes.origin),
    set(7, modes.wraparound),
    set(25, modes.cursorVisible),
    set(66, modes.applicationKeypad),
    set(mouseModes[modes.mouse], true),
    modes.mouseEncoding === 'sgr' ? set(1006, true) : '',
    set(2004, modes.bracketedPaste),
    set(2026, modes.synchronizedOutput),
    modes.insert ? '\x1b[4h' : '',
    shape ? `\x1b[${cursorShapes[shape] + (blinks === false ? 1 : 0)} q` : '',
  ].join('');
}

/** A title from tmux is not to end the sequence it stands in. */
function printable(title: string): string {
  return [...title].filter((char) => (char.codePointAt(0) ?? 0) >= 0x20).join('');
}
