import type { SessionRecord } from '../sessions/session-record.ts';
import type { PaneState } from '../tmux/pane-state.ts';

/** Hears everything of every live session; sessions it does not want cost nothing. */
export interface TerminalTap {
  /** null: this session is not recorded. */
  open(record: SessionRecord): SessionTap | null;
}

/** What is told of one run of a session, in order. First of all `rebuilt`. */
export interface SessionTap {
  /** The whole pane anew: output before this point may be missing. */
  rebuilt(state: PaneState): void;
  /** The pane as it is here; nothing was missed. */
  picture(state: PaneState): void;
  /** What the program printed; valid during the call only. */
  bytes(bytes: Uint8Array): void;
  /** The pane has another size, in cells, from here on. */
  resized(cols: number, rows: number): void;
  /** The program ended, and everything it printed was told. `close` follows. */
  ended(): void;
  /** Set by the terminal: the tap calls it when it wants a picture (a keyframe). One is under way at most. */
  onWantsPicture: (() => void) | null;
  /** The tap is let go (the daemon stops, recording was switched off, the session ended); called once. */
  close(): void;
}
