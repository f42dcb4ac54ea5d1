import type { Clock } from '@codepiper/core/clock.ts';

/** How long after a failure it is tried again, in milliseconds. */
const retryAfter = 1_000;
/** What a timer can wait, in milliseconds. */
const longestDelay = 2_147_483_647;

/** One timer, for whatever is due first. It keeps no process alive. */
export class DueTimer {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at a time (milliseconds since the epoch) instead of what was set before; `Infinity` for never. */
  set(dueAt: number): void {
    if (dueAt === Number.POSITIVE_INFINITY) this.#wait(null);
    else this.#wait(Math.min(Math.max(dueAt - this.#clock.now(), 0), longestDelay));
  }

  retry(): void {
    this.#wait(retryAfter);
  }

  close(): void {
    this.#wait(null);
    this.#isClosed = true;
  }

  #wait(delay: number | null): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (delay === null || this.#isClosed) return;
    this.#timer = setTimeout(this.#ring, delay);
    this.#timer.unref();
  }
}
