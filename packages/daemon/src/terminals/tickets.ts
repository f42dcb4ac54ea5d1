import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';

/** What a ticket lets its bearer do, on one connection. */
export interface TicketGrant {
  sessionId: string;
  role: TerminalRole;
}

const mostTickets = 1_000;

/** Tickets for live terminals: each opens one connection, to one session, in one role. They live in memory alone. */
export class TerminalTickets {
  readonly #clock: Clock;
  /** By their hash: a copy of our memory cannot use them. */
  readonly #open = new Map<string, TicketGrant & { expiresAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws CodepiperError `session_busy` when too many are unused */
  create(grant: TicketGrant, ttlSeconds: number): { ticket: string; expiresAt: number } {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#open) if (expiresAt <= now) this.#open.delete(key);
    if (this.#open.size >= mostTickets) {
      throw new CodepiperError(
        'session_busy',
        `${mostTickets} tickets are unused: use them, or wait until they expire.`,
      );
    }
    const ticket = randomBytes(32).toString('base64url');
    const expiresAt = now + ttlSeconds * 1000;
    this.#open.set(hashOf(ticket), { ...grant, expiresAt });
    return { ticket, expiresAt };
  }

  /**
   * What a ticket is good for.
   *
   * @throws CodepiperError `unauthorized` when it was used, has expired or never was
   */
  look(ticket: string): TicketGrant {
    const found = this.#open.get(hashOf(ticket));
    if (!found || found.expiresAt <= this.#clock.now()) {
      throw new CodepiperError(
        'unauthorized',
        'The ticket was used, has expired or never was. Ask for a new one: each opens one connection.',
      );
    }
    return { sessionId: found.sessionId, role: found.role };
  }

  /** It is good for nothing any more. */
  use(ticket: string): void {
    this.#open.delete(hashOf(ticket));
  }

  /** A session that was removed lets nobody in. */
  forget(sessionId: string): void {
    for (const [key, grant] of this.#open) if (grant.sessionId === sessionId) this.#open.delete(key);
  }
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('hex');
}
