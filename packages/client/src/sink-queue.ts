/** Runs one call after another: what returns a promise is waited for before the next one. */
export class SinkQueue {
  readonly #calls: (() => void | Promise<void>)[] = [];
  #isRunning = false;
  readonly #onError: (error: unknown) => void;

  /** @param onError told what a call threw; the next one is made all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Made at once when nothing is waited for. */
  push(call: () => void | Promise<void>): void {
    this.#calls.push(call);
    this.#run();
  }

  /** What was not made yet never is. */
  clear(): void {
    this.#calls.length = 0;
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let call = this.#calls.shift(); call; call = this.#calls.shift()) {
      const done = this.#made(call);
      if (!done) continue;
      const goOn = () => {
        this.#isRunning = false;
        this.#run();
      };
      done.then(goOn, (error: unknown) => {
        this.#onError(error);
        goOn();
      });
      return;
    }
    this.#isRunning = false;
  }

  #made(call: () => void | Promise<void>): void | Promise<void> {
    try {
      return call();
    } catch (error) {
      this.#onError(error);
    }
  }
}
