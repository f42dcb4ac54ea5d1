import type { Snapshot, StreamLog } from './viewer.ts';

/** A size in cells. */
export interface TerminalSize {
  cols: number;
  rows: number;
}

/** Which screen is wanted. */
export interface SnapshotRequest {
  /** Lines of history, at most. */
  lines: number;
  /** Fewer lines where the snapshot would be longer than this, in bytes. */
  maxBytes: number | null;
}

export interface TerminalListener {
  /** The log has more, or another epoch. */
  appended(): void;
  /** The pane has another size; the log has it at its place. */
  resized?(size: TerminalSize): void;
  /** The program ended; everything it printed is in the log. Told once. */
  ended(): void;
}

/** What is watched of one run of a live session. */
export interface LiveTerminal {
  readonly sessionId: string;
  readonly run: number;
  /** Resolves when the pane was seen, or is gone: from here on everything it prints is in the log. */
  readonly ready: Promise<void>;
  /** A new epoch with every gap. Empty before the pane was seen. */
  readonly log: StreamLog;
  readonly size: TerminalSize;
  readonly isEnded: boolean;
  /** Bytes a snapshot would have, about. */
  readonly snapshotBytes: number;
  /**
   * The screen at a place of the log.
   *
   * @throws CodepiperError `session_ended` when the pane went before its screen was seen, `tmux_failed` when it could
   * not be had in time, `shutting_down` when the daemon stops
   */
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  /** Tells what happens until it is disposed of. Of an ended terminal: that, soon after this returned. */
  listen(listener: TerminalListener): Disposable;
}
