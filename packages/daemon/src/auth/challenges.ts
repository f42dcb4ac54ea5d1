import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';

const lifeMs = 5 * 60_000;
const randomPart = 16;
const timePart = 6;
const signature = 16;

/**
 * Challenges of passkeys. They carry their own proof, so that asking for many fills nothing; only those that were
 * answered rightly are remembered, for each counts once. Those of an earlier process count no more.
 */
export class Challenges {
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);
  /** Used ones, with when they are over. */
  readonly #used = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param purpose what it is for, and for whom: it is none for anything else */
  issue(purpose: string): Uint8Array<ArrayBuffer> {
    const head = Buffer.alloc(randomPart + timePart);
    randomBytes(randomPart).copy(head);
    head.writeUIntBE(this.#clock.now() + lifeMs, randomPart, timePart);
    return new Uint8Array([...head, ...this.#sign(head, purpose)]);
  }

  /** @param challenge in Base64URL, as browsers give it back */
  isOurs(challenge: string, purpose: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== randomPart + timePart + signature) return false;
    const head = bytes.subarray(0, randomPart + timePart);
    return (
      timingSafeEqual(bytes.subarray(randomPart + timePart), this.#sign(head, purpose)) &&
      head.readUIntBE(randomPart, timePart) > this.#clock.now() &&
      !this.#used.has(challenge)
    );
  }

  /** Uses one up; false when somebody was quicker. */
  use(challenge: string): boolean {
    const now = this.#clock.now();
    for (const [known, until] of this.#used) if (until <= now) this.#used.delete(known);
    if (this.#used.has(challenge)) return false;
    this.#used.set(challenge, now + lifeMs);
    return true;
  }

  #sign(head: Uint8Array, purpose: string): Buffer {
    return createHmac('sha256', this.#secret).update(head).update(purpose).digest().subarray(0, signature);
  }
}
