/** One pane as tmux has it. */
export interface PaneInfo {
  sessionName: string;
  /** tmux's id, e.g. `%3`. */
  paneId: string;
  /** Process of the pane: our wrapper. */
  pid: number;
  cols: number;
  rows: number;
  title: string;
  /** Whether a person's terminal is attached. */
  attached: boolean;
  /** Our `@codepiper_home` mark; empty on sessions that are not ours. */
  home: string;
  /** Our `@codepiper_typed` mark: what was typed last (see `TypeRequest.mark`). */
  typed: string;
}

export interface NewPane {
  sessionName: string;
  cols: number;
  rows: number;
  /** argv of the pane; must hold no secret: tmux and /proc show it. */
  argv: readonly string[];
}

export interface TypeRequest {
  paneId: string;
  /** Pasted one after the other. */
  chunks: readonly string[];
  /** Bracketed paste, where the program asked for it. */
  bracketed: boolean;
  /** Enter after the last chunk. */
  enter: boolean;
  /**
   * Stored on the pane in the same indivisible step as the typing, so that after a crash it is known whether it was
   * done. Letters, digits and `-:.` only. Text of more than about 48 KB or 150 chunks takes several steps: `typed` is
   * then `<mark>:<n>` while the first n chunks are in, and `<mark>` when all are, with Enter. Empty chunks count.
   */
  mark: string | null;
  /** Chunks that an earlier attempt put in, by its mark; typing goes on behind them. */
  from?: number;
  /**
   * POSIX extended regular expressions, looked for in each line of the visible screen; nothing is typed when one
   * matches. They are looked for again in each step of a large text; one that matches there is an error with
   * `details.chunksDone`, and Enter is not pressed.
   */
  guards: readonly string[];
  /** Keeps what the pane shows in the same step, right before the text: see `Tmux.takeKeptScreen`. */
  keepScreen?: CaptureRequest;
}

/** `guarded`: a guard matched and nothing was typed. `gone`: no such pane, or its program has ended. */
export type TypeResult = 'typed' | 'guarded' | 'gone';

export interface CaptureRequest {
  /** Lines of history above the screen; 0 for the screen alone. */
  history: number;
  /** Keep colours and styles as SGR sequences. */
  styles: boolean;
  /** Lines that were wrapped are one line again. */
  joinWrapped: boolean;
}

export interface TmuxEvents {
  /** A session came or went. */
  sessionsChanged(): void;
  /** Titles of panes, by pane id, after one changed. */
  titles(titles: ReadonlyMap<string, string>): void;
  /** The tmux server ended; all panes with it. */
  gone(): void;
}

/** Bytes of one pane from the moment of the call on. */
export interface OutputWatch extends AsyncDisposable {
  readonly output: AsyncIterable<Uint8Array>;
}

/**
 * The one tmux server of a daemon. Calls reach tmux in the order they were made. Every call has a deadline and fails with code `tmux_failed`. The server is
 * started when first needed; the connection is taken up again after it was lost.
 */
export interface Tmux extends AsyncDisposable {
  /** e.g. `3.3a`; null when tmux is not installed. */
  readonly version: string | null;
  /** Socket name, as for `tmux -L`. */
  readonly socketName: string;
  /** Shell command a person types to attach. */
  attachCommand(sessionName: string): string;
  /** Connects; ends control clients that an earlier daemon left behind. Starts no server by itself. */
  connect(): Promise<void>;
  listPanes(): Promise<PaneInfo[]>;
  createPane(pane: NewPane): Promise<PaneInfo>;
  /** No error when it is gone already. */
  killSession(sessionName: string): Promise<void>;
  /** Types of one pane run one after the other. */
  type(request: TypeRequest): Promise<TypeResult>;
  /** Presses keys by tmux's names. */
  pressKeys(paneId: string, keys: readonly string[]): Promise<void>;
  resize(sessionName: string, cols: number, rows: number): Promise<void>;
  capture(paneId: string, request: CaptureRequest): Promise<string>;
  /** The screen that the last typing of this pane kept, once. Fails when there is none. */
  takeKeptScreen(paneId: string): Promise<string>;
  watch(paneId: string): Promise<OutputWatch>;
  /** Shows one line, for some seconds, to the people whose terminals are attached to a session. */
  notify(sessionName: string, line: string): Promise<void>;
  /** Ends our keeper session, and the server with it when it is our own and nobody has a session on it. */
  leave(): Promise<void>;
  /** Returns a disposer. */
  listen(events: Partial<TmuxEvents>): () => void;
}
