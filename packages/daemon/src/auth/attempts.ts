import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Ledger } from '../events/ledger.ts';
import type { AuthStore } from './auth.store.ts';

/** One attempt that is under way, and counted as wrong until it is right. */
export interface Attempt {
  /** Who is counted, and when they had failed before. */
  readonly clients: readonly { client: string; failedBefore: number }[];
  readonly at: number;
}

/** Whom an attempt is counted against. */
export interface Guesser {
  address: string;
  /** A browser that was signed in once. */
  deviceId: string | null;
}

const hour = 3_600_000;
/** Everybody who is not known, together. */
const everybody = 'everybody';
/** Wrong attempts without a wait. */
const free = { one: 5, everybody: 20 };
const longestWaitMs = 15 * 60_000;
/** Without a wrong attempt for so long, the earlier ones are forgotten. */
const forgetMs = { one: 24 * hour, everybody: hour };

/** How long after so many wrong attempts the next one has to wait, in milliseconds: twice as long after each. */
export function waitAfter(failures: number, freeOnes: number): number {
  return failures < freeOnes ? 0 : Math.min(2 ** (failures - freeOnes + 1) * 1000, longestWaitMs);
}

/**
 * Whose guesses are counted together: an IPv4 address, the /64 of an IPv6 address (one customer has all of it).
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/**
 * Who guesses wrong has to wait. A browser that was signed in once is counted by itself: guesses of others, be it from
 * the same address, never make it wait. All others are counted by address, and together.
 */
export class Attempts {
  readonly #o: { ledger: Ledger; store: AuthStore; clock: Clock };

  constructor(options: { ledger: Ledger; store: AuthStore; clock: Clock }) {
    this.#o = options;
  }

  /**
   * Counts an attempt as wrong before it is looked at: many at once are no way around the wait.
   *
   * @throws CodepiperError `too_many_attempts`; then it does not count
   */
  async begin({ address, deviceId }: Guesser): Promise<Attempt> {
    const clients = deviceId === null ? [`address ${networkOf(address)}`, everybody] : [`device ${deviceId}`];
    const now = this.#o.clock.now();
    return this.#o.ledger.record(async (tx) => {
      const store = this.#o.store.in(tx);
      await store.forgetAttempts(now - forgetMs.one);
      const known = await store.attempts(clients);
      const counts = clients.map((client) => {
        const kind = client === everybody ? 'everybody' : 'one';
        const found = known.find((row) => row.client === client);
        const counted = found && now - found.failedAt < forgetMs[kind] ? found : null;
        const until = counted === null ? 0 : counted.failedAt + waitAfter(counted.failures, free[kind]);
        const { failures, failedAt } = counted ?? { failures: 0, failedAt: 0 };
        return { client, failures, failedBefore: failedAt, until };
      });
      const wait = Math.max(...counts.map(({ until }) => until)) - now;
      if (wait > 0) throw tooMany(wait);
      for (const { client, failures } of counts) await store.putAttempts(client, failures + 1, now);
      return { clients: counts, at: now };
    });
  }

  /** It was right, and more is to come: it does not count. */
  async takeBack(tx: Tx, { clients, at }: Attempt): Promise<void> {
    for (const { client, failedBefore } of clients) {
      await this.#o.store.in(tx).lessAttempts(client, at, failedBefore);
    }
  }

  /** Somebody has signed in: what they got wrong before is forgotten. Not what everybody got wrong. */
  async settle(tx: Tx, attempt: Attempt): Promise<void> {
    await this.takeBack(tx, attempt);
    const own = attempt.clients.map(({ client }) => client).filter((client) => client !== everybody);
    await this.#o.store.in(tx).removeAttempts(own);
  }
}

function tooMany(waitMs: number): CodepiperError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new CodepiperError(
    'too_many_attempts',
    `Too many wrong attempts. Wait ${retryAfterSeconds} s, use a device that was signed in before, or run \`codepiper auth reset-password\` on the machine of the daemon.`,
    { retryAfterSeconds },
  );
}
