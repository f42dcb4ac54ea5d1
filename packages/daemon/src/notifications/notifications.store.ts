import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { type NewNotification, type NotificationRecord, toNotification } from './notification-records.ts';

export interface NotificationFilter {
  sessionId?: string | undefined;
  eventType?: NotificationEvent | undefined;
  unreadOnly?: boolean | undefined;
  before?: number | undefined;
  limit: number;
}

/** Which of the unread, or of those that wait, are meant. */
export interface Which {
  ids?: readonly number[];
  sessionId?: string;
  approvalId?: string;
  events?: readonly NotificationEvent[];
  /** Only those without an approval. */
  withoutApproval?: boolean;
}

/** SQL about notifications, and about the place in the ledger up to which they were made. */
export class NotificationsStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The same statements inside a transaction. */
  in(tx: Kysely<Database>): NotificationsStore {
    return new NotificationsStore(tx);
  }

  /** The id of the last event that was read. */
  async place(): Promise<number> {
    const row = await this.#db.selectFrom('notification_place').select('event_id').executeTakeFirst();
    return row?.event_id ?? 0;
  }

  async setPlace(eventId: number): Promise<void> {
    await this.#db.updateTable('notification_place').set({ event_id: eventId }).execute();
  }

  /** Events of these types behind a place, oldest first. */
  async eventsAfter(place: number, types: readonly string[], limit: number): Promise<LedgerEvent[]> {
    const rows = await this.#db
      .selectFrom('events')
      .selectAll()
      .where('id', '>', place)
      .where('type', 'in', types)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      sessionId: row.session_id,
      timestamp: new Date(row.at).toISOString(),
      source: row.source,
      type: row.type,
      payload: JSON.parse(row.payload) as Record<string, unknown>,
    }));
  }

  /** @returns its id */
  async insert(record: NewNotification): Promise<number> {
    const { id } = await this.#db
      .insertInto('notifications')
      .values({
        session_id: record.sessionId,
        event_type: record.eventType,
        source_event: record.sourceEvent,
        approval_id: record.approvalId,
        title: record.title,
        body: record.body,
        sound: record.sound,
        created_at: record.createdAt,
        read_at: record.readAt,
        read_source: record.readSource,
        settled_at: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return id;
  }

  async get(id: number): Promise<NotificationRecord | null> {
    const row = await this.#select().where('notifications.id', '=', id).executeTakeFirst();
    return row ? toNotification(row) : null;
  }

  /** Newest first. */
  async list(filter: NotificationFilter): Promise<NotificationRecord[]> {
    let query = this.#select().orderBy('notifications.id', 'desc').limit(filter.limit);
    if (filter.sessionId !== undefined) query = query.where('session_id', '=', filter.sessionId);
    if (filter.eventType !== undefined) query = query.where('event_type', '=', filter.eventType);
    if (filter.unreadOnly) query = query.where('read_at', 'is', null);
    if (filter.before !== undefined) query = query.where('notifications.id', '<', filter.before);
    return (await query.execute()).map(toNotification);
  }

  async unreadBySession(): Promise<{ sessionId: string; unread: number }[]> {
    return this.#db
      .selectFrom('notifications')
      .where('read_at', 'is', null)
      .groupBy('session_id')
      .select(({ fn }) => ['session_id as sessionId', fn.countAll<number>().as('unread')])
      .execute();
  }

  /** What of a session waits: it was not settled yet. */
  async countWaiting(which: Which): Promise<number> {
    let query = this.#db
      .selectFrom('notifications')
      .where('settled_at', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('count'));
    if (which.sessionId !== undefined) query = query.where('session_id', '=', which.sessionId);
    if (which.events) query = query.where('event_type', 'in', which.events);
    if (which.withoutApproval) query = query.where('approval_id', 'is', null);
    return (await query.executeTakeFirstOrThrow()).count;
  }

  /** @returns the ids of those that were unread */
  async markRead(which: Which, source: string, at: number): Promise<number[]> {
    let query = this.#db
      .updateTable('notifications')
      .set({ read_at: at, read_source: source })
      .where('read_at', 'is', null);
    if (which.ids) query = query.where('id', 'in', which.ids);
    if (which.sessionId !== undefined) query = query.where('session_id', '=', which.sessionId);
    if (which.events) query = query.where('event_type', 'in', which.events);
    return (await query.returning('id').execute()).map(({ id }) => id);
  }

  /** Nothing waits any more. @returns the ids of those that waited */
  async settle(which: Which, at: number): Promise<number[]> {
    let query = this.#db.updateTable('notifications').set({ settled_at: at }).where('settled_at', 'is', null);
    if (which.sessionId !== undefined) query = query.where('session_id', '=', which.sessionId);
    if (which.approvalId !== undefined) query = query.where('approval_id', '=', which.approvalId);
    if (which.events) query = query.where('event_type', 'in', which.events);
    if (which.withoutApproval) query = query.where('approval_id', 'is', null);
    return (await query.returning('id').execute()).map(({ id }) => id);
  }

  async removeOf(sessionId: string): Promise<void> {
    await this.#db.deleteFrom('notifications').where('session_id', '=', sessionId).execute();
  }

  async idsOf(sessionId: string): Promise<number[]> {
    const rows = await this.#db
      .selectFrom('notifications')
      .select('id')
      .where('session_id', '=', sessionId)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Removes what was read and is older than a time. */
  async prune(before: number): Promise<void> {
    await this.#db
      .deleteFrom('notifications')
      .where('created_at', '<', before)
      .where('read_at', 'is not', null)
      .execute();
  }

  /** null: nobody said. */
  async pref(sessionId: string): Promise<boolean | null> {
    const row = await this.#db
      .selectFrom('notification_prefs')
      .select('enabled')
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    return row ? row.enabled === 1 : null;
  }

  async setPref(sessionId: string, enabled: boolean | null): Promise<void> {
    if (enabled === null) {
      await this.#db.deleteFrom('notification_prefs').where('session_id', '=', sessionId).execute();
      return;
    }
    const value = Number(enabled);
    await this.#db
      .insertInto('notification_prefs')
      .values({ session_id: sessionId, enabled: value })
      .onConflict((conflict) => conflict.column('session_id').doUpdateSet({ enabled: value }))
      .execute();
  }

  #select() {
    return this.#db
      .selectFrom('notifications')
      .leftJoin('sessions', 'sessions.id', 'notifications.session_id')
      .selectAll('notifications')
      .select('sessions.name as session_name');
  }
}
