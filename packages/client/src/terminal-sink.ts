import type { ServerMessage, TerminalRole } from '@codepiper/core/terminals/messages.ts';

/** The browser's WebSocket is one, and so is that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
}

/** What the link needs of a clock. Times are in milliseconds; the clock does not go backwards. */
export interface LinkTimers {
  now(): number;
  /** Calls once; the result cancels it. */
  after(ms: number, call: () => void): () => void;
}

export interface TerminalSize {
  cols: number;
  rows: number;
}

/** Who watches and who types, as the daemon tells it. */
export type TerminalPresence = Omit<Extract<ServerMessage, { type: 'presence' }>, 'type' | 'channel'>;
/** Who decides the size: this viewer, another one, a terminal attached on the machine, or nobody. */
export type SizeDecider = Extract<ServerMessage, { type: 'size' }>['decides'];

/** What went wrong, for people; `code` is one of the error table. */
export interface TerminalProblem {
  code: string;
  message: string;
}

/**
 * Where a channel draws. Calls come in the order of the stream, one at a time: what returns a promise is waited for
 * before the next one, and is acknowledged to the daemon then, so `write` resolves when the bytes are parsed.
 */
export interface TerminalSink {
  /** A snapshot begins: the terminal is emptied, its modes too, and gets this size. */
  reset(size: TerminalSize): void | Promise<void>;
  /** `bytes` are the sink's to keep. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** The snapshot is whole: what was written since `reset` is the screen. */
  snapshotDone?(): void;
  /** The pane's size changed at this place of the stream. */
  resize(size: TerminalSize): void | Promise<void>;
  /** The program has ended; everything it printed was written before. Nothing follows. */
  ended(): void;
  presence?(present: TerminalPresence): void;
  /** Size of the pane, and who decides it. Comes at once, ahead of what is still to be written. */
  size?(size: TerminalSize & { decides: SizeDecider }): void;
  /** Something was refused. The channel goes on unless its state says `closed`. */
  error?(problem: TerminalProblem): void;
  /** The daemon gave the channel out; again after each reconnect. `role` may be less than was asked for. */
  subscribed?(given: { session: string; role: TerminalRole }): void;
}

/** ended: by the program. closed: by us, or refused by the daemon. */
export type ChannelState = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'closed';

/** What is typed while the link is down is typed when it is back, once. */
export interface TerminalChannel {
  readonly state: ChannelState;
  /** As if by hand. Bytes for what is no UTF-8 (legacy mouse reports). */
  type(input: string | Uint8Array): void;
  /** As one paste, at most 2 MB. */
  paste(text: string): void;
  /** Keys by name, as `codepiper keys` takes them. */
  keys(names: readonly string[]): void;
  /** From now on this viewer decides the size, until it releases it or somebody else takes it. */
  takeSize(cols: number, rows: number): void;
  releaseSize(): void;
  close(): void;
}

export interface TerminalOpenOptions {
  /** Lines of history above the screen that a snapshot should have. */
  lines: number;
  role: TerminalRole;
}
