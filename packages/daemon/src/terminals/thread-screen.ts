import { CodepiperError } from '@codepiper/core/errors.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import { divideHistory } from './screen/above.ts';
import type { ToScreens } from './screen-thread.ts';
import type { SessionScreen } from './screens.ts';
import type { Snapshot } from './viewer.ts';

/** What a screen has of the thread it is in. */
export interface ScreenLine {
  /** A screen starts over. Returns what it is called from now on; null when there is no more to be had. */
  begin(screen: ThreadScreen): number | null;
  /** Nothing of a run is wanted any more. */
  end(run: number, why: string): void;
  send(message: ToScreens, transfer?: readonly ArrayBuffer[]): void;
  /** Something of a screen waits to be sent: its `flush` is called soon. */
  stage(screen: ThreadScreen): void;
  ask(
    run: number,
    place: { epoch: number; seq: number },
    request: { lines: number; maxBytes: number | null },
  ): Promise<Snapshot | null>;
  close(screen: ThreadScreen): void;
}

/** What may wait to be parsed for one session, in bytes. */
const mostWaiting = 1 << 20;
/** What a resize counts as. */
const resizeCost = 128;
/** What is written is sent at the latest when it is so many bytes. */
const batchBytes = 1 << 16;
const firstBatch = 1 << 12;

/** A screen whose emulator is in the thread; here is what is on its way to it. */
export class ThreadScreen implements SessionScreen {
  readonly #screens: ScreenLine;
  readonly #scrollback: number;
  #run: number | null = null;
  #isOpen = true;
  /** The place behind what was written. */
  #place = { epoch: 0, seq: 0 };
  #size = { cols: 0, rows: 0 };
  /** The picture had history. */
  #hasHistory = false;
  /** Sent and not known to be parsed, in bytes; about, as the thread tells of much at once. */
  #waiting = 0;
  /** Written and not sent. */
  #staged = new Uint8Array();
  #stagedLength = 0;

  constructor(screens: ScreenLine, scrollback: number) {
    this.#screens = screens;
    this.#scrollback = scrollback;
  }

  get isCurrent(): boolean {
    return this.#run !== null;
  }

  restore(state: PaneState, at: { epoch: number; seq: number }): void {
    this.lose('it starts over');
    if (!this.#isOpen) return;
    this.#run = this.#screens.begin(this);
    if (this.#run === null) return;
    this.#place = { ...at };
    this.#size = { cols: state.cols, rows: state.rows };
    this.#hasHistory = state.historySize > 0;
    const { above, near } = divideHistory(state.history);
    const picture = { state: { ...state, history: near }, above };
    this.#screens.send({ type: 'restore', run: this.#run, scrollback: this.#scrollback, ...picture });
  }

  write(bytes: Uint8Array): void {
    if (this.#run === null || !this.#take(bytes.length, bytes.length)) return;
    if (this.#stagedLength + bytes.length > batchBytes) this.flush();
    if (bytes.length >= batchBytes) {
      this.#send(new Uint8Array(bytes));
      return;
    }
    const end = this.#stagedLength + bytes.length;
    if (end > this.#staged.length) this.#grow(end);
    this.#staged.set(bytes, this.#stagedLength);
    this.#stagedLength = end;
    this.#screens.stage(this);
  }

  resize(cols: number, rows: number): void {
    const isSame = cols === this.#size.cols && rows === this.#size.rows;
    this.#size = { cols, rows };
    if (this.#hasHistory && !isSame) this.lose('it has another size');
    if (this.#run === null || !this.#take(resizeCost, 1)) return;
    this.flush();
    this.#screens.send({ type: 'resize', run: this.#run, cols, rows, cost: resizeCost });
  }

  snapshot(request: { lines: number; maxBytes: number | null }): Promise<Snapshot | null> {
    if (this.#run === null) return Promise.reject(notCurrent('it has no picture'));
    this.flush();
    return this.#screens.ask(this.#run, { ...this.#place }, request);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.lose('it was closed');
    this.#screens.close(this);
  }

  /** Sends what waits for company. */
  flush(): void {
    if (this.#stagedLength === 0) return;
    this.#send(this.#staged.slice(0, this.#stagedLength));
    this.#stagedLength = 0;
  }

  parsed(cost: number): void {
    this.#waiting -= cost;
  }

  /** It is current no longer. */
  lose(why: string): void {
    const run = this.#run;
    this.forget();
    if (run !== null) this.#screens.end(run, why);
  }

  /** As `lose`, where the thread is gone. */
  forget(): void {
    this.#run = null;
    this.#waiting = 0;
    this.#stagedLength = 0;
    this.#staged = new Uint8Array();
  }

  /** Counts what comes; false when it is too much. */
  #take(cost: number, places: number): boolean {
    this.#waiting += cost;
    this.#place.seq += places;
    if (this.#waiting <= mostWaiting) return true;
    this.lose('more was printed than could be followed');
    return false;
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#run !== null) this.#screens.send({ type: 'write', run: this.#run, bytes }, [bytes.buffer]);
  }

  #grow(needed: number): void {
    let length = Math.max(firstBatch, this.#staged.length);
    while (length < needed) length *= 2;
    const grown = new Uint8Array(length);
    grown.set(this.#staged.subarray(0, this.#stagedLength));
    this.#staged = grown;
  }
}

/** Why there is no snapshot; a picture heals it. */
export function notCurrent(why: string): CodepiperError {
  return new CodepiperError('internal', `The screen of this session has to be drawn anew: ${why}.`);
}
