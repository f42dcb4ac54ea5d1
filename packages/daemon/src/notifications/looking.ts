import type { Clock } from '@codepiper/core/clock.ts';

/** A page that says nothing for so long is closed, asleep or cut off, in milliseconds. */
const lookMs = 60_000;
const mostPages = 100;

/** Which sessions are in front of a person. Pages say so, again and again. */
export class Looking {
  readonly #clock: Clock;
  readonly #pages = new Map<string, { sessionId: string; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param sessionId null: the page shows no session any more, or nobody sees it */
  say(page: string, sessionId: string | null): void {
    // Last said, last in the order.
    this.#pages.delete(page);
    if (sessionId === null) return;
    this.#pages.set(page, { sessionId, until: this.#clock.now() + lookMs });
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest);
  }

  isLookedAt(sessionId: string): boolean {
    const now = this.#clock.now();
    for (const [page, look] of this.#pages) {
      if (look.until <= now) this.#pages.delete(page);
      else if (look.sessionId === sessionId) return true;
    }
    return false;
  }
}
