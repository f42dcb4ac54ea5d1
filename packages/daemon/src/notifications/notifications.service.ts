import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Ledger } from '../events/ledger.ts';
import { readEvent } from './intake.ts';
import type { Looking } from './looking.ts';
import { toldEvents } from './needs.ts';
import type { NotificationRecord } from './notification-records.ts';
import type { NotificationFilter, NotificationsStore, Which } from './notifications.store.ts';
import type { PushStore } from './push.store.ts';

export interface NotificationsOptions {
  ledger: Ledger;
  store: NotificationsStore;
  push: PushStore;
  looking: Looking;
  clock: Clock;
  /** There may be something to take back. */
  onQueued: () => void;
}

/** A person's verbs about notifications. Sessions are named by their whole ids. */
export class NotificationsService {
  readonly #o: NotificationsOptions;

  constructor(options: NotificationsOptions) {
    this.#o = options;
  }

  async list(filter: NotificationFilter): Promise<{ records: NotificationRecord[]; hasMore: boolean }> {
    const records = await this.#o.store.list({ ...filter, limit: filter.limit + 1 });
    return { records: records.slice(0, filter.limit), hasMore: records.length > filter.limit };
  }

  async counts(): Promise<{ totalUnread: number; bySession: Record<string, number> }> {
    const rows = await this.#o.store.unreadBySession();
    return {
      totalUnread: rows.reduce((sum, { unread }) => sum + unread, 0),
      bySession: Object.fromEntries(rows.map(({ sessionId, unread }) => [sessionId, unread])),
    };
  }

  /** @throws CodepiperError `notification_not_found` */
  async read(id: number, source: string): Promise<NotificationRecord> {
    await this.#read({ ids: [id] }, source);
    const record = await this.#o.store.get(id);
    if (record) return record;
    throw new CodepiperError('notification_not_found', `No notification has the id ${id}.`);
  }

  /** All, or those of a session. @returns how many were unread */
  async readAll(sessionId: string | undefined, source: string): Promise<number> {
    return this.#read(sessionId === undefined ? {} : { sessionId }, source);
  }

  /** A page shows a session to a person: what was only told of it is read by that. */
  async look(page: string, sessionId: string | null): Promise<void> {
    this.#o.looking.say(page, sessionId);
    if (sessionId !== null) await this.#read({ sessionId, events: toldEvents }, 'looking');
  }

  pref(sessionId: string): Promise<boolean | null> {
    return this.#o.store.pref(sessionId);
  }

  async setPref(sessionId: string, enabled: boolean | null): Promise<void> {
    await this.#o.ledger.record((tx) => this.#o.store.in(tx).setPref(sessionId, enabled));
  }

  async #read(which: Which, source: string): Promise<number> {
    const { ledger, store, push, clock, onQueued } = this.#o;
    const read = await ledger.record(async (tx, emit) => {
      const now = clock.now();
      const ids = await store.in(tx).markRead(which, source, now);
      if (ids.length === 0) return 0;
      await push.in(tx).takeBack(ids, now);
      emit(readEvent(ids, source));
      return ids.length;
    });
    if (read > 0) onQueued();
    return read;
  }
}
