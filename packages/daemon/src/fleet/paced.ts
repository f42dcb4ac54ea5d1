/**
 * Runs a piece of work when it is asked for: at once, but no more often than once in an interval, and never twice at a
 * time. What is asked meanwhile is one run more.
 */
export class Paced implements Disposable {
  readonly #work: () => Promise<void>;
  readonly #intervalMs: number;
  #startedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #running = false;
  #asked = false;
  #disposed = false;

  /** @param work must not reject */
  constructor(work: () => Promise<void>, intervalMs: number) {
    this.#work = work;
    this.#intervalMs = intervalMs;
  }

  ask(): void {
    this.#asked = true;
    if (this.#running || this.#timer || this.#disposed) return;
    const wait = this.#startedAt + this.#intervalMs - performance.now();
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, wait)).unref();
  }

  async #run(): Promise<void> {
    this.#timer = null;
    this.#asked = false;
    this.#running = true;
    this.#startedAt = performance.now();
    await this.#work();
    this.#running = false;
    if (this.#asked) this.ask();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
