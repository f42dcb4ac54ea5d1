import { randomUUID } from 'node:crypto';
import type { SignInMethod, WebSessionInfo } from '@codepiper/core/auth/auth.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { WebSession } from '../http/web.ts';
import type { WebCredentials, WebGate } from '../http/web-guard.ts';
import type { AuthStore } from './auth.store.ts';
import { presentWebSession, type WebSessionRecord } from './auth-records.ts';
import { hashToken, isSameHash, newToken } from './secrets.ts';

/** A browser as it presents itself. */
export interface Visitor {
  address: string;
  /** What it calls itself, in words. */
  device: string;
  /** The cookie of a browser that was signed in once. */
  deviceToken: string | null;
  /** Who is signed in there. */
  session: WebSession | null;
}

/** Both halves of a new session. */
export interface NewSession {
  id: string;
  token: string;
  key: string;
}

/** A session with both factors, and what the browser is known by from now on. */
export interface SignedIn extends NewSession {
  /** Null when it has one already. */
  deviceToken: string | null;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** The second factor has to follow within this. */
const pendingMs = 15 * minute;
/** A session ends when it is not used for so long. */
const idleMs = 7 * day;
/** A session ends. */
const longestMs = 30 * day;
const deviceMs = 365 * day;
/** How long somebody counts as being there, having proved it. */
const recentMs = 10 * minute;
/** Its use is not written down more often. */
const seenEveryMs = minute;
const ticketMs = 30_000;

/** Cookies are kept by the browser as long as they may count, in seconds. */
export const cookieAge = { pending: pendingMs / 1000, session: longestMs / 1000, device: deviceMs / 1000 };

/** Signed-in devices, and those that are half-way. */
export class WebSessions implements WebGate {
  readonly #o: { ledger: Ledger; store: AuthStore; clock: Clock };
  readonly #listeners = new Set<(ids: readonly string[]) => void>();
  /** Tickets by their hash. */
  readonly #tickets = new Map<string, { sessionId: string; expiresAt: number }>();

  constructor(options: { ledger: Ledger; store: AuthStore; clock: Clock }) {
    this.#o = options;
  }

  async authenticate({ token, key }: WebCredentials, address: string): Promise<WebSession | null> {
    const record = await this.#o.store.sessionByToken(hashToken(token));
    if (!record || !isSameHash(record.keyHash, hashToken(key))) return null;
    return this.#used(record, address);
  }

  async redeem(ticket: string, token: string, address: string): Promise<WebSession | null> {
    const hash = hashToken(ticket);
    const known = this.#tickets.get(hash);
    this.#tickets.delete(hash);
    if (!known || known.expiresAt <= this.#o.clock.now()) return null;
    const record = await this.#o.store.sessionByToken(hashToken(token));
    return record?.id === known.sessionId ? this.#used(record, address) : null;
  }

  async ended(ids: readonly string[]): Promise<readonly string[]> {
    const now = this.#o.clock.now();
    const ended: string[] = [];
    for (const id of ids) {
      const record = await this.#o.store.session(id);
      if (!record || !isLive(record, now)) ended.push(id);
      // A page that is open is used.
      else await this.#used(record, record.address);
    }
    return ended;
  }

  onEnded(listener: (ids: readonly string[]) => void): () => void {
    // A wrapper of its own, so that one function listening twice is two listeners.
    const own = (ids: readonly string[]) => listener(ids);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells who listens. To be called when what ended them is committed. */
  announceEnded(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const listener of [...this.#listeners]) listener(ids);
  }

  /** A ticket that opens one WebSocket of this session. */
  issueTicket(sessionId: string): { ticket: string; expiresAt: number } {
    const now = this.#o.clock.now();
    for (const [hash, { expiresAt }] of this.#tickets) if (expiresAt <= now) this.#tickets.delete(hash);
    const ticket = newToken();
    const expiresAt = now + ticketMs;
    this.#tickets.set(hashToken(ticket), { sessionId, expiresAt });
    return { ticket, expiresAt };
  }

  /** The device a browser is known by; null when it is not. */
  async knownDevice({ deviceToken }: Visitor): Promise<string | null> {
    return deviceToken === null ? null : this.#o.store.deviceByToken(hashToken(deviceToken));
  }

  /** A session that waits for its second factor. The one that the browser had ends: its cookie is replaced. */
  async openPending(tx: Tx, visitor: Visitor): Promise<{ opened: NewSession; ended: string[] }> {
    const now = this.#o.clock.now();
    const store = this.#o.store.in(tx);
    await store.removeOverSessions(now);
    await store.removeDevices(now - deviceMs);
    const ended = visitor.session ? await store.removeSessions({ ids: [visitor.session.id] }) : [];
    const opened = await insert(store, visitor, {
      ...{ stage: 'password', now, idleMs: pendingMs, longestMs: pendingMs },
    });
    return { opened, ended };
  }

  /** A session with both factors. The one that the browser had ends: what was known of it counts no more. */
  async openFull(
    tx: Tx,
    emit: EmitEvent,
    visitor: Visitor,
    method: SignInMethod,
  ): Promise<{ opened: SignedIn; ended: string[] }> {
    const now = this.#o.clock.now();
    const store = this.#o.store.in(tx);
    const ended = visitor.session ? await store.removeSessions({ ids: [visitor.session.id] }) : [];
    const device = await this.#device(store, visitor, now);
    const opened = await insert(store, visitor, {
      ...{ stage: 'full', now, idleMs, longestMs, method, deviceId: device.id },
    });
    emit({
      ...{ sessionId: null, source: 'auth', type: 'auth.signed_in' },
      payload: { webSession: opened.id, method, device: visitor.device, address: visitor.address },
    });
    return { opened: { ...opened, deviceToken: device.token }, ended };
  }

  /** New halves for a session, whose old ones count no more. */
  async rotate(tx: Tx, id: string): Promise<NewSession> {
    const token = newToken();
    const key = newToken();
    const change = { token_hash: hashToken(token), key_hash: hashToken(key) };
    await this.#o.store.in(tx).changeSession(id, change);
    return { id, token, key };
  }

  /** Somebody has proved again who is there. Returns until when that counts. */
  async prove(tx: Tx, id: string): Promise<number> {
    const now = this.#o.clock.now();
    await this.#o.store.in(tx).changeSession(id, { proved_at: now });
    return now + recentMs;
  }

  async list(currentId: string | null): Promise<WebSessionInfo[]> {
    const records = await this.#o.store.sessions(this.#o.clock.now());
    return records.map((record) => presentWebSession(record, currentId));
  }

  /**
   * Ends one session.
   * @param ref its id, or the beginning of it where that is no other's
   * @throws CodepiperError `web_session_not_found`
   */
  async revoke(ref: string, how: 'signed_out' | 'revoked'): Promise<void> {
    const ended = await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const exact = await store.session(ref);
      const fitting = exact
        ? [exact]
        : (await store.sessions(this.#o.clock.now())).filter(({ id }) => id.startsWith(ref));
      const [found] = fitting;
      if (!found || fitting.length > 1) {
        const count = fitting.length === 0 ? 'No signed-in device has' : 'More than one signed-in device has';
        throw new CodepiperError(
          'web_session_not_found',
          `${count} the id ${ref.slice(0, 80)}. \`codepiper auth sessions\` lists them.`,
        );
      }
      emit({
        ...{ sessionId: null, source: 'auth', type: `auth.${how}` },
        payload: { webSession: found.id, device: found.device },
      });
      return store.removeSessions({ ids: [found.id] });
    });
    this.announceEnded(ended);
  }

  /** Ends all sessions, or all but one. What browsers were known by is forgotten too. Returns how many were signed in. */
  async revokeAll(except: string | null): Promise<number> {
    const { ended, count } = await this.#o.ledger.record(async (tx, emit) => {
      const live = await this.#o.store.in(tx).sessions(this.#o.clock.now());
      const revoked = live.filter(({ id }) => id !== except).length;
      return { ended: await this.endAll(tx, emit, except), count: revoked };
    });
    this.announceEnded(ended);
    return count;
  }

  /** The same inside of a change that is more. Its ids are to be announced. */
  async endAll(tx: Tx, emit: EmitEvent, except: string | null): Promise<string[]> {
    const store = this.#o.store.in(tx);
    const ended = await store.removeSessions({ except });
    if (except === null) await store.removeDevices();
    if (ended.length > 0) {
      emit({
        ...{ sessionId: null, source: 'auth', type: 'auth.revoked' },
        payload: { webSessions: ended },
      });
    }
    return ended;
  }

  /** Notes that a session is used; null when it is over. */
  async #used(record: WebSessionRecord, address: string): Promise<WebSession | null> {
    const now = this.#o.clock.now();
    if (!isLive(record, now)) return null;
    if (now - record.seenAt >= seenEveryMs || record.address !== address) {
      const idle = record.stage === 'full' ? idleMs : pendingMs;
      const expires = Math.min(now + idle, record.endsAt);
      await this.#o.store.changeSession(record.id, { seen_at: now, expires_at: expires, address });
    }
    const isRecent = record.provedAt !== null && now - record.provedAt < recentMs;
    return { id: record.id, stage: record.stage, isRecent };
  }

  async #device(
    store: AuthStore,
    { deviceToken }: Visitor,
    now: number,
  ): Promise<{ id: string; token: string | null }> {
    const known = deviceToken === null ? null : await store.deviceByToken(hashToken(deviceToken));
    if (known !== null) {
      await store.seeDevice(known, now);
      return { id: known, token: null };
    }
    const id = randomUUID();
    const token = newToken();
    await store.insertDevice(id, hashToken(token), now);
    return { id, token };
  }
}

function isLive({ expiresAt, endsAt }: WebSessionRecord, now: number): boolean {
  return now < expiresAt && now < endsAt;
}

interface NewRecord {
  stage: 'password' | 'full';
  now: number;
  idleMs: number;
  longestMs: number;
  method?: SignInMethod;
  deviceId?: string;
}

async function insert(store: AuthStore, visitor: Visitor, of: NewRecord): Promise<NewSession> {
  const id = randomUUID();
  const token = newToken();
  const key = newToken();
  await store.insertSession({
    ...{ id, tokenHash: hashToken(token), keyHash: hashToken(key), stage: of.stage },
    ...{ method: of.method ?? null, deviceId: of.deviceId ?? null },
    ...{ device: visitor.device, address: visitor.address, createdAt: of.now, seenAt: of.now },
    ...{ expiresAt: of.now + of.idleMs, endsAt: of.now + of.longestMs },
    provedAt: of.stage === 'full' ? of.now : null,
    ...{ wrongCodes: 0, newSecret: null },
  });
  return { id, token, key };
}
