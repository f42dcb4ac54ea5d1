import { encodeFrame } from '@codepiper/core/terminals/frames.ts';
import type { LinkTimers } from './terminal-sink.ts';

/** An acknowledgement is due when so much was parsed since the last one … */
const dueBytes = 16 * 1024;
/** … or so long after a frame was parsed, in milliseconds. */
const dueMs = 10;

/** Says how much of one subscription was parsed: the daemon sends as much more. */
export class Acknowledgements {
  readonly #channel: number;
  readonly #timers: LinkTimers;
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => void;
  #parsed = 0;
  #said = 0;
  #stopTimer: (() => void) | null = null;
  #isOver = false;

  constructor(channel: number, timers: LinkTimers, send: (frame: Uint8Array<ArrayBuffer>) => void) {
    this.#channel = channel;
    this.#timers = timers;
    this.#send = send;
  }

  /** @param length of a frame, its header included */
  parsed(length: number): void {
    if (this.#isOver) return;
    this.#parsed += length;
    if (this.#parsed - this.#said >= dueBytes) this.#say();
    else this.#stopTimer ??= this.#timers.after(dueMs, () => this.#say());
  }

  /** The subscription is no more: what is parsed from now on is not told. */
  stop(): void {
    this.#isOver = true;
    this.#stopTimer?.();
  }

  #say(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    this.#said = this.#parsed;
    this.#send(encodeFrame({ type: 'ack', channel: this.#channel, received: this.#parsed }));
  }
}
