import type { PaneState } from './pane-state.ts';

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
  /** Some terminal was attached or detached. Not told by tmux 3.0 and 3.1. */
  clientsChanged(): void;
  /** Titles of panes, by pane id, after one changed. */
  titles(titles: ReadonlyMap<string, string>): void;
  /** The tmux server ended; all panes with it. */
  gone(): void;
}

/**
 * What happens to one pane, in order. A terminal that starts with `rebuilt` and takes in everything after it shows
 * what the pane shows, but for what tmux does not tell (see `PaneState`).
 */
export type PaneEvent =
  /** What the program printed, byte for byte; cut anywhere. */
  | { type: 'bytes'; bytes: Uint8Array }
  /** The pane has another size, in cells, from here on. */
  | { type: 'resize'; cols: number; rows: number }
  /** The whole pane anew: first of all, and whenever output before this point was not told. */
  | { type: 'rebuilt'; state: PaneState }
  /** The answer to `repaint`: the pane at this place of the stream. Nothing was missed; what came before goes on. */
  | { type: 'picture'; state: PaneState }
  /** The pane is gone; the last event. */
  | { type: 'ended' };

/**
 * The events of one pane. Nothing happens before they are first asked for, and there is one reader. A reader that is
 * slow holds the program back for a second at most; then output is dropped, nothing is read any more, and when it asks
 * again it is told the pane as it is by then. The connection is taken up again after it was lost.
 */
export interface PaneStream extends AsyncIterable<PaneEvent>, AsyncDisposable {
  /**
   * Reads in another way, for a reader who is never slow: `take` is called with each event as soon as it is there.
   * Resolves when the stream is over; rejects with what `take` throws, and is over then.
   */
  each(take: (event: PaneEvent) => void): Promise<void>;
  /**
   * Asks for a `picture`, once however often it is called before it comes; where more lines of history are asked for
   * meanwhile, another one follows. Where output is missed meanwhile the `rebuilt` is the answer, with as many lines;
   * nothing comes of it where the pane is gone.
   *
   * @param options.history lines above the screen, instead of those that the stream was opened with
   */
  repaint(options?: { history: number }): void;
  /**
   * Whether somebody waits for every byte, as is so at first. Where nobody does, what is printed in great amounts comes
   * up to a tenth of a second late, in few large pieces, at a fraction of the cost.
   */
  setPrompt(isPrompt: boolean): void;
  /** Resolves when everything that tmux has read from the pane so far was taken from it; see `Tmux.killSession`. */
  flush(): Promise<void>;
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
  /** No error when it is gone already. What its pane printed until now reaches those who follow it. */
  killSession(sessionName: string): Promise<void>;
  /** Types of one pane run one after the other. */
  type(request: TypeRequest): Promise<TypeResult>;
  /**
   * Types bytes as they are, whatever they are, all in one step that nothing else comes between. `bracketed`: as a
   * paste, in brackets where the program asked for them; a paste is text, what would end it early is taken out.
   */
  typeBytes(paneId: string, bytes: Uint8Array, options: { bracketed: boolean }): Promise<'typed' | 'gone'>;
  /** Presses keys by tmux's names. Fails when there is no such pane, or its program has ended. */
  pressKeys(paneId: string, keys: readonly string[]): Promise<void>;
  resize(sessionName: string, cols: number, rows: number): Promise<void>;
  capture(paneId: string, request: CaptureRequest): Promise<string>;
  /** When something was last printed on each pane there is, in whole seconds since the epoch, by pane id. */
  activity(): Promise<ReadonlyMap<string, number>>;
  /**
   * The screens of many panes as plain text, by pane id; tmux is asked once. Fails when one of them is gone.
   */
  screens(paneIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The screen that the last typing of this pane kept, once. Fails when there is none. */
  takeKeptScreen(paneId: string): Promise<string>;
  /**
   * Follows a pane.
   *
   * @param history how many lines above the screen are told with `rebuilt`
   */
  stream(paneId: string, options: { history: number }): PaneStream;
  /** Shows one line, for some seconds, to the people whose terminals are attached to a session. */
  notify(sessionName: string, line: string): Promise<void>;
  /** Ends our keeper session, and the server with it when it is our own and nobody has a session on it. */
  leave(): Promise<void>;
  /** Returns a disposer. */
  listen(events: Partial<TmuxEvents>): () => void;
}
