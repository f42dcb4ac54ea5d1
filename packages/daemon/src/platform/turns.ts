/** How long work may keep others from their turn, in milliseconds. */
const longestTurnMs = 2;
/** What was let begin may not have come to its work yet. */
const mostPerTurn = 2;

/**
 * Lets pieces of work that never leave the microtask queue by themselves (database calls do not) share the event loop:
 * a few pieces begin at once as long as the present turn of the loop is young; what comes later gets a turn each.
 */
export class Turns {
  /** When the present turn began, in milliseconds of `performance.now()`. */
  #began: number | null = null;
  #begun = 0;
  readonly #waiting: (() => void)[] = [];

  /** Resolves when the caller may begin; in the order of the calls. */
  async take(): Promise<void> {
    if (this.#began === null) return this.#begin();
    const hasRoom = this.#begun < mostPerTurn && performance.now() - this.#began < longestTurnMs;
    if (hasRoom && this.#waiting.length === 0) {
      this.#begun++;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #begin(): void {
    this.#began = performance.now();
    this.#begun = 1;
    setImmediate(() => {
      this.#began = null;
      const next = this.#waiting.shift();
      if (!next) return;
      this.#begin();
      next();
    });
  }
}
