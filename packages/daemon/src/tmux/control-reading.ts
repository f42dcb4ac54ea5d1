import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeBytes } from '../platform/pipe.ts';

/** So much in so many milliseconds is worth a rest: what prints less is read at once, and costs little. */
const muchBytes = 8 * 1024;
const muchMs = 50;
/** Read so much at once, in bytes, and whoever writes is flooding. */
const floodBytes = (pipeBytes / 4) * 3;
/** How long a flood is read without a rest, in milliseconds. */
const floodMs = 200;
/** All pipes are read into this, one after the other. */
const shared = Buffer.allocUnsafeSlow(pipeBytes);

/**
 * Reads what tmux says to one client. A pipe of ours is read without a stream between, and can rest between two reads
 * while much comes: what is written meanwhile is then read in one piece, as each read costs more than its bytes do. Not
 * in a flood, or the pipe would hold the writer up. The pipe of a child is read as node does, and does not rest.
 */
export class ControlReading {
  /** Resolves when everything was read, or no more will be. */
  readonly closed: Promise<void>;
  readonly #closed = Promise.withResolvers<void>();
  /** What it is given is valid during the call only. */
  readonly #onBytes: (bytes: Buffer) => void;
  #source: Readable | null = null;
  #isPaused = false;
  #restMs = 0;
  #resting: NodeJS.Timeout | null = null;
  #onRested: (() => void) | null = null;
  /** Until then, of `performance.now()`, there is no rest. */
  #floodsUntil = 0;
  /** What was read since then. */
  #read = 0;
  #since = 0;

  constructor(onBytes: (bytes: Buffer) => void) {
    this.#onBytes = onBytes;
    this.closed = this.#closed.promise;
  }

  /** @param from the stream of a child's pipe, or the end of a pipe of ours, which is closed with it */
  start(from: Readable | number): void {
    const source = typeof from === 'number' ? this.#open(from) : from;
    this.#source = source;
    source.once('error', () => this.#closed.resolve());
    source.once('close', () => this.#closed.resolve());
    if (typeof from !== 'number') source.on('data', this.#onBytes);
    if (this.#isPaused) source.pause();
    else source.resume();
  }

  pause(): void {
    this.#isPaused = true;
    this.#source?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#resting) this.#source?.resume();
  }

  /** How long it rests after a read while much comes, in milliseconds; 0, as at first, not at all. */
  gather(restMs: number): void {
    this.#restMs = restMs;
    if (restMs === 0) this.goOn();
  }

  /** Reads nothing for so many milliseconds, or until `goOn`; then calls back. A rest that is under way is not prolonged. */
  rest(ms: number, onRested: () => void): void {
    this.#onRested = onRested;
    this.#source?.pause();
    this.#resting ??= setTimeout(() => this.goOn(), ms);
  }

  /** Ends a rest. */
  goOn(): void {
    if (!this.#resting) return;
    clearTimeout(this.#resting);
    this.#resting = null;
    if (!this.#isPaused) this.#source?.resume();
    const onRested = this.#onRested;
    this.#onRested = null;
    onRested?.();
  }

  destroy(): void {
    this.goOn();
    if (this.#source) this.#source.destroy();
    else this.#closed.resolve();
  }

  #open(fd: number): Socket {
    return new Socket({
      fd,
      readable: true,
      writable: false,
      onread: {
        buffer: shared,
        callback: (length) => {
          this.#onBytes(shared.subarray(0, length));
          return !this.#isPaused && !this.#rests(length);
        },
      },
    });
  }

  #rests(read: number): boolean {
    if (this.#restMs === 0) return false;
    const now = performance.now();
    if (now - this.#since > muchMs) {
      this.#since = now;
      this.#read = 0;
    }
    this.#read += read;
    if (this.#read < muchBytes) return false;
    if (read >= floodBytes) this.#floodsUntil = now + floodMs;
    if (now < this.#floodsUntil) return false;
    this.#resting ??= setTimeout(() => this.goOn(), this.#restMs);
    return true;
  }
}
