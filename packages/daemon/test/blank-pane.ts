import type { PaneState } from '../src/tmux/pane-state.ts';

/** A picture of a pane on which nothing has been printed. */
export function blankPane(cols: number, rows: number): PaneState {
  return {
    cols,
    rows,
    title: '',
    cursor: { x: 0, y: 0 },
    modes: {
      cursorVisible: true,
      cursorShape: null,
      cursorBlinks: null,
      insert: false,
      origin: false,
      wraparound: true,
      applicationCursorKeys: false,
      applicationKeypad: false,
      mouse: 'none',
      mouseEncoding: 'default',
      bracketedPaste: null,
      synchronizedOutput: null,
    },
    region: { top: 0, bottom: rows - 1 },
    tabs: [],
    history: [],
    historySize: 0,
    main: Array.from({ length: rows }, () => ({ text: '', wrapped: false })),
    alternate: null,
    pending: new Uint8Array(),
  };
}
