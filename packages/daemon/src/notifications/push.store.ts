import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { PushSubscriptionTable } from './notifications.table.ts';

/** A browser that is sent notifications. Times are milliseconds since the epoch. */
export interface SubscriptionRecord {
  id: string;
  endpoint: string;
  p256dh: string;
  auth: string;
  device: string;
  webSession: string | null;
  createdAt: number;
  expiresAt: number | null;
  sentAt: number | null;
  lastError: string | null;
}

/** What one browser should show under one tag. Times are milliseconds since the epoch. */
export interface MessageRecord {
  id: number;
  subscriptionId: string;
  tag: string;
  notificationId: number | null;
  kind: 'show' | 'close';
  revision: number;
  attempts: number;
  expiresAt: number;
}

/** What a message is about: it is written for every browser. */
export interface NewMessage {
  tag: string;
  notificationId: number;
  dueAt: number;
  expiresAt: number;
}

/** How long a notification may be taken back, in milliseconds. */
const closeMs = 60 * 60_000;

/** SQL about browsers that subscribed, and what they have yet to be sent. */
export class PushStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The same statements inside a transaction. */
  in(tx: Kysely<Database>): PushStore {
    return new PushStore(tx);
  }

  /** Newest first. */
  async subscriptions(): Promise<SubscriptionRecord[]> {
    const rows = await this.#db
      .selectFrom('push_subscriptions')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .execute();
    return rows.map(toSubscription);
  }

  async subscription(id: string): Promise<SubscriptionRecord | null> {
    const row = await this.#db
      .selectFrom('push_subscriptions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toSubscription(row) : null;
  }

  /** Keeps a browser; one with its address stays what it is, with what is new. */
  async put(record: SubscriptionRecord): Promise<SubscriptionRecord> {
    const { p256dh, auth, device } = record;
    const row = await this.#db
      .insertInto('push_subscriptions')
      .values({
        id: record.id,
        endpoint: record.endpoint,
        p256dh: record.p256dh,
        auth: record.auth,
        device: record.device,
        web_session: record.webSession,
        created_at: record.createdAt,
        expires_at: record.expiresAt,
        sent_at: record.sentAt,
        last_error: record.lastError,
      })
      .onConflict((conflict) =>
        conflict.column('endpoint').doUpdateSet({
          ...{ p256dh, auth, device, web_session: record.webSession, expires_at: record.expiresAt },
        }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    return toSubscription(row);
  }

  /** With what they have yet to be sent. @returns how many there were */
  async remove(which: {
    ids?: readonly string[];
    endpoints?: readonly string[];
    webSessions?: readonly string[];
  }): Promise<number> {
    let query = this.#db.deleteFrom('push_subscriptions');
    if (which.ids) query = query.where('id', 'in', which.ids);
    if (which.endpoints) query = query.where('endpoint', 'in', which.endpoints);
    if (which.webSessions) query = query.where('web_session', 'in', which.webSessions);
    return (await query.returning('id').execute()).length;
  }

  async noteSent(subscriptionId: string, at: number): Promise<void> {
    await this.#db
      .updateTable('push_subscriptions')
      .set({ sent_at: at, last_error: null })
      .where('id', '=', subscriptionId)
      .execute();
  }

  async noteFailure(subscriptionId: string, error: string): Promise<void> {
    await this.#db
      .updateTable('push_subscriptions')
      .set({ last_error: error.slice(0, 500) })
      .where('id', '=', subscriptionId)
      .execute();
  }

  /** Every browser should show this under its tag, in the place of what it was to show. */
  async show(message: NewMessage): Promise<void> {
    for (const { id } of await this.subscriptions()) {
      const values = {
        notification_id: message.notificationId,
        ...{ kind: 'show', attempts: 0, due_at: message.dueAt, expires_at: message.expiresAt, sent_at: null },
      };
      await this.#db
        .insertInto('push_messages')
        .values({ subscription_id: id, tag: message.tag, revision: 1, ...values })
        .onConflict((conflict) =>
          conflict
            .columns(['subscription_id', 'tag'])
            .doUpdateSet((eb) => ({ ...values, revision: eb('push_messages.revision', '+', 1) })),
        )
        .execute();
    }
  }

  /** Browsers should show these no more: what was not sent yet is not sent, the rest is taken back. */
  async takeBack(notificationIds: readonly number[], now: number): Promise<void> {
    if (notificationIds.length === 0) return;
    await this.#db
      .deleteFrom('push_messages')
      .where('notification_id', 'in', notificationIds)
      .where('attempts', '=', 0)
      .where('kind', '=', 'show')
      .execute();
    await this.#db
      .updateTable('push_messages')
      .set((eb) => ({
        kind: 'close',
        revision: eb('revision', '+', 1),
        ...{ attempts: 0, due_at: now, expires_at: now + closeMs, sent_at: null },
      }))
      .where('notification_id', 'in', notificationIds)
      .where('kind', '=', 'show')
      .execute();
  }

  /** What is to be sent by now, the longest due first. */
  async due(now: number, limit: number): Promise<MessageRecord[]> {
    const rows = await this.#db
      .selectFrom('push_messages')
      .selectAll()
      .where('sent_at', 'is', null)
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      subscriptionId: row.subscription_id,
      tag: row.tag,
      notificationId: row.notification_id,
      kind: row.kind === 'close' ? 'close' : 'show',
      revision: row.revision,
      attempts: row.attempts,
      expiresAt: row.expires_at,
    }));
  }

  /** When the next one is due; null when none is. */
  async nextDue(): Promise<number | null> {
    const row = await this.#db
      .selectFrom('push_messages')
      .where('sent_at', 'is', null)
      .select(({ fn }) => fn.min('due_at').as('due'))
      .executeTakeFirst();
    return row?.due ?? null;
  }

  /** The attempt is written down before it is made. @returns false when the message has changed meanwhile */
  async begin(message: MessageRecord, dueAgainAt: number): Promise<boolean> {
    return this.#change(message, { attempts: message.attempts + 1, due_at: dueAgainAt });
  }

  async postpone(message: MessageRecord, dueAt: number): Promise<void> {
    await this.#change(message, { due_at: dueAt });
  }

  /** It has arrived; nothing when it has changed meanwhile. */
  async finish(message: MessageRecord, at: number): Promise<void> {
    if (message.kind === 'close') await this.drop(message);
    else await this.#change(message, { sent_at: at });
  }

  /** Gives it up; nothing when it has changed meanwhile. */
  async drop({ id, revision }: MessageRecord): Promise<void> {
    await this.#db
      .deleteFrom('push_messages')
      .where('id', '=', id)
      .where('revision', '=', revision)
      .execute();
  }

  /** Removes what nobody can be expected to see any more. */
  async prune(expiredBefore: number): Promise<void> {
    await this.#db.deleteFrom('push_messages').where('expires_at', '<', expiredBefore).execute();
  }

  /** Only the message as it was read. */
  async #change(
    { id, revision }: MessageRecord,
    change: { attempts?: number; due_at?: number; sent_at?: number },
  ): Promise<boolean> {
    const rows = await this.#db
      .updateTable('push_messages')
      .set(change)
      .where('id', '=', id)
      .where('revision', '=', revision)
      .returning('id')
      .execute();
    return rows.length > 0;
  }
}

function toSubscription(row: PushSubscriptionTable): SubscriptionRecord {
  return {
    id: row.id,
    endpoint: row.endpoint,
    p256dh: row.p256dh,
    auth: row.auth,
    device: row.device,
    webSession: row.web_session,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    sentAt: row.sent_at,
    lastError: row.last_error,
  };
}
