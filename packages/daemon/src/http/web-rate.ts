import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';

/** So many requests per window and client, in memory. */
export class RequestLimit {
  readonly #limit: { max: number; windowMs: number };
  readonly #clock: Clock;
  readonly #windows = new Map<string, { began: number; count: number }>();

  constructor(limit: { max: number; windowMs: number }, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** @throws CodepiperError `too_many_requests` */
  take(client: string): void {
    const { max, windowMs } = this.#limit;
    const now = this.#clock.now();
    const known = this.#windows.get(client);
    const window = known && now - known.began < windowMs ? known : { began: now, count: 0 };
    window.count++;
    this.#windows.set(client, window);
    if (window.count <= max) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((window.began + windowMs - now) / 1000));
    throw new CodepiperError(
      'too_many_requests',
      `More than ${max} requests in ${windowMs / 1000} s. Wait ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  /** Forgets windows that are over. */
  sweep(): void {
    const now = this.#clock.now();
    for (const [client, { began }] of this.#windows) {
      if (now - began >= this.#limit.windowMs) this.#windows.delete(client);
    }
  }
}
