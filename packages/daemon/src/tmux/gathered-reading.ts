import { getDefaultHighWaterMark, type Readable, setDefaultHighWaterMark } from 'node:stream';

/** Bytes that node reads from a pipe at once. A read of so many has left some: whoever writes is flooding. */
const wholeRead = 65_536;
/** How long a flood is read without a rest, in milliseconds. */
const floodMs = 200;

/**
 * Reads a pipe, and rests between two reads when it is told to: what is written meanwhile is then read in one piece, as
 * each read costs more than its bytes do. Not while much is written, or the pipe would hold the writer up.
 */
export class GatheredReading {
  readonly #onChunk: (chunk: Buffer) => void;
  #pipe: Readable | null = null;
  #isPaused = false;
  #restMs = 0;
  #resting: NodeJS.Timeout | null = null;
  /** Until then, of `performance.now()`, there is no rest. */
  #floodsUntil = 0;

  constructor(onChunk: (chunk: Buffer) => void) {
    this.#onChunk = onChunk;
  }

  /** @param pipe made by {@link withoutBuffer} */
  start(pipe: Readable): void {
    this.#pipe = pipe;
    pipe.on('data', (chunk: Buffer) => {
      this.#onChunk(chunk);
      if (this.#restMs > 0) this.#rest(chunk.length);
    });
    if (this.#isPaused) pipe.pause();
  }

  pause(): void {
    this.#isPaused = true;
    this.#pipe?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#resting) this.#pipe?.resume();
  }

  /** How long it rests after each read, in milliseconds; 0, as at first, not at all. */
  gather(restMs: number): void {
    this.#restMs = restMs;
    if (restMs === 0) this.#goOn();
  }

  #rest(read: number): void {
    const now = performance.now();
    if (read >= wholeRead) this.#floodsUntil = now + floodMs;
    if (now < this.#floodsUntil || this.#resting) return;
    this.#pipe?.pause();
    this.#resting = setTimeout(() => this.#goOn(), this.#restMs);
  }

  #goOn(): void {
    if (!this.#resting) return;
    clearTimeout(this.#resting);
    this.#resting = null;
    if (!this.#isPaused) this.#pipe?.resume();
  }
}

/**
 * Makes a child whose pipes keep nothing back in this process: a pipe that is paused is read on until its stream's buffer
 * is full, which costs what pausing is to save. Node has no option for the buffers of a child's pipes.
 */
export function withoutBuffer<T>(spawn: () => T): T {
  const usual = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, 1);
  try {
    return spawn();
  } finally {
    setDefaultHighWaterMark(false, usual);
  }
}
