import { type CapturedRows, type PaneRow, readRows } from './pane-rows.ts';

/** What tmux tells of a terminal's modes; null where this version does not. */
export interface PaneModes {
  cursorVisible: boolean;
  /** 3.6 and newer. */
  cursorShape: 'block' | 'underline' | 'bar' | null;
  /** 3.6 and newer. */
  cursorBlinks: boolean | null;
  insert: boolean;
  origin: boolean;
  wraparound: boolean;
  applicationCursorKeys: boolean;
  applicationKeypad: boolean;
  /** What is reported: presses (1000), movement with a button down (1002), all movement (1003). */
  mouse: 'none' | 'press' | 'drag' | 'move';
  mouseEncoding: 'default' | 'utf8' | 'sgr';
  /** 3.7 and newer. */
  bracketedPaste: boolean | null;
  /** 3.7 and newer. */
  synchronizedOutput: boolean | null;
}

/**
 * The terminal of a pane at one point of its stream of bytes, as far as tmux tells. Not told by any version: the pen,
 * the cursor kept by DECSC, charsets, focus reports. Up to 3.3: the background of cells that were erased and never written.
 */
export interface PaneState {
  cols: number;
  rows: number;
  title: string;
  /** In cells, from 0. `x` is `cols` after the last column was written: the next character wraps. */
  cursor: { x: number; y: number };
  modes: PaneModes;
  /** First and last row of the scroll region, from 0. */
  region: { top: number; bottom: number };
  /** Columns of the tab stops, from 0. */
  tabs: number[];
  /** Rows that left the main screen, oldest first; no more than were asked for. */
  history: PaneRow[];
  /** How many such rows tmux has. */
  historySize: number;
  /** The main screen, from the top: `rows` of them. While the alternate one is shown: what comes back after it. */
  main: PaneRow[];
  /** Only while the alternate screen is shown. */
  alternate: {
    screen: PaneRow[];
    /** The cursor that comes back with the main screen. */
    savedCursor: { x: number; y: number };
  } | null;
  /**
   * Bytes that the terminal has read and not yet acted on: a control sequence or a character that has begun. Write
   * them last; the stream goes on right behind them.
   */
  pending: Uint8Array;
}

/** What tmux tells in one line: see {@link parsePaneState}. Tabs cannot stand in any of it. */
const fields = [
  'pane_id',
  'pane_width',
  'pane_height',
  'cursor_x',
  'cursor_y',
  'cursor_flag',
  'cursor_shape',
  'cursor_blinking',
  'insert_flag',
  'origin_flag',
  'wrap_flag',
  'keypad_cursor_flag',
  'keypad_flag',
  'mouse_standard_flag',
  'mouse_button_flag',
  'mouse_all_flag',
  'mouse_utf8_flag',
  'mouse_sgr_flag',
  'bracket_paste_flag',
  'synchronized_output_flag',
  'scroll_region_upper',
  'scroll_region_lower',
  'pane_tabs',
  'alternate_on',
  'alternate_saved_x',
  'alternate_saved_y',
  'history_size',
  'pane_title',
] as const;

type Field = (typeof fields)[number];

/** For `display-message -p`. A field that a version of tmux does not have is empty. */
export const paneStateFormat = fields.map((name) => `#{${name}}`).join('\t');

/** What `capture-pane` has to say of a pane. */
export interface PaneCaptures {
  history: CapturedRows;
  screen: CapturedRows;
  /** The screen behind the alternate one. */
  behind: CapturedRows;
  /** Whether rows have the spaces at their ends. */
  keepsSpaces: boolean;
  /** What has begun of a control sequence. */
  pending: Uint8Array;
}

/**
 * Puts together what tmux told.
 *
 * @param facts the line of {@link paneStateFormat}
 * @returns null when it is about another pane: formats are those of some other one where the pane is gone
 */
export function parsePaneState(paneId: string, facts: string, captures: PaneCaptures): PaneState | null {
  const values = facts.split('\t');
  const told = (name: Field): string => values[fields.indexOf(name)] ?? '';
  const number = (name: Field): number => Number(told(name));
  const flag = (name: Field): boolean => told(name) === '1';
  const flagIfTold = (name: Field): boolean | null => (told(name) === '' ? null : flag(name));
  if (told('pane_id') !== paneId) return null;

  const { keepsSpaces } = captures;
  const screen = readRows(captures.screen, keepsSpaces);
  const isAlternate = flag('alternate_on');
  // Without any, what was captured of it is the first row of the screen.
  const history = number('history_size') === 0 ? [] : readRows(captures.history, keepsSpaces);
  const main = isAlternate ? readRows(captures.behind, keepsSpaces) : screen;
  // The capture of the screen begins with the default pen, whatever the history ended with.
  if (history.length > 0 && main[0]) main[0].text = `\x1b[m${main[0].text}`;
  return {
    cols: number('pane_width'),
    rows: number('pane_height'),
    title: told('pane_title'),
    cursor: { x: number('cursor_x'), y: number('cursor_y') },
    modes: {
      cursorVisible: flag('cursor_flag'),
      cursorShape: readShape(told('cursor_shape')),
      cursorBlinks: flagIfTold('cursor_blinking'),
      insert: flag('insert_flag'),
      origin: flag('origin_flag'),
      wraparound: flag('wrap_flag'),
      applicationCursorKeys: flag('keypad_cursor_flag'),
      applicationKeypad: flag('keypad_flag'),
      mouse: flag('mouse_all_flag')
        ? 'move'
        : flag('mouse_button_flag')
          ? 'drag'
          : flag('mouse_standard_flag')
            ? 'press'
            : 'none',
      mouseEncoding: flag('mouse_sgr_flag') ? 'sgr' : flag('mouse_utf8_flag') ? 'utf8' : 'default',
      bracketedPaste: flagIfTold('bracket_paste_flag'),
      synchronizedOutput: flagIfTold('synchronized_output_flag'),
    },
    region: { top: number('scroll_region_upper'), bottom: number('scroll_region_lower') },
    tabs: told('pane_tabs').split(',').filter(Boolean).map(Number),
    history,
    historySize: number('history_size'),
    main,
    alternate: isAlternate
      ? { screen, savedCursor: { x: number('alternate_saved_x'), y: number('alternate_saved_y') } }
      : null,
    pending: captures.pending,
  };
}

function readShape(told: string): PaneModes['cursorShape'] {
  return told === 'block' || told === 'underline' || told === 'bar' ? told : null;
}
