import { CodepiperError } from '@codepiper/core/errors.ts';

/** argon2id: memory in KiB, passes. */
export interface PasswordCost {
  memoryCost: number;
  timeCost: number;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** @param hash null where there is none: it takes as long as with one, and is wrong */
  verify(hash: string | null, password: string): Promise<boolean>;
}

const usualCost: PasswordCost = { memoryCost: 64 * 1024, timeCost: 3 };
/** Each takes 64 MB and a core for a tenth of a second. */
const atOnce = 2;
const waitingAtMost = 16;

/** Of a random password that nobody has. */
const nobodys =
  '$argon2id$v=19$m=65536,t=3,p=1$tNSZhTs2gksH+7u4ysu+CA$A5FeMZ5F/0HHa23V/KLPBGAq0U8lYL4K00d3oukDyd4';

/** Hashes passwords beside the main thread, a few at once. */
export function createPasswordHasher(cost: PasswordCost = usualCost): PasswordHasher {
  const slots = new Slots();
  const options = { ...cost, parallelism: 1 };
  return {
    hash: (password) =>
      slots.run(async () => {
        const { hash } = await import('@node-rs/argon2');
        return hash(normal(password), options);
      }),
    verify: (stored, password) =>
      slots.run(async () => {
        const { verify } = await import('@node-rs/argon2');
        const isRight = await verify(stored ?? nobodys, normal(password));
        return isRight && stored !== null;
      }),
  };
}

/** The same letters, however the keyboard composes them. */
function normal(password: string): string {
  return password.normalize('NFC');
}

class Slots {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws CodepiperError `too_many_attempts` when too many wait */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= waitingAtMost) {
        throw new CodepiperError(
          'too_many_attempts',
          'Too many try to sign in at once. Wait a few seconds.',
          {
            retryAfterSeconds: 5,
          },
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      // The place goes to the next, without being free in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
