/** Files that could not be read, or stored: tried again after a while. */
export class Stalled implements Disposable {
  readonly #files = new Set<number>();
  readonly #afterMs: number;
  readonly #again: (file: number) => void;
  #timer: NodeJS.Timeout | null = null;

  /** @param again is called for each of them */
  constructor(afterMs: number, again: (file: number) => void) {
    this.#afterMs = afterMs;
    this.#again = again;
  }

  add(file: number): void {
    this.#files.add(file);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const files = [...this.#files];
      this.#files.clear();
      for (const one of files) this.#again(one);
    }, this.#afterMs).unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
