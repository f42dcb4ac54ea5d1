/**
 * Closes what was opened, last first. Node 22 has no `AsyncDisposableStack`. One resource that fails to close does not
 * keep the others open; the first failure is thrown when all are done.
 */
export class Resources implements AsyncDisposable {
  #closers: (() => unknown)[] = [];

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#closers.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Hands everything over: what is closed from now on is the returned one. */
  move(): Resources {
    const moved = new Resources();
    moved.#closers = this.#closers;
    this.#closers = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closers = this.#closers.reverse();
    this.#closers = [];
    const failures: unknown[] = [];
    for (const close of closers) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
