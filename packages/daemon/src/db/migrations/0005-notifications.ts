import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What a person was told of, how far the ledger was read for it, and the browsers it is sent to. */
export const notifications: Migration = {
  async up(db) {
    await db.schema
      .createTable('notifications')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('session_id', 'text', (c) => c.notNull())
      .addColumn('event_type', 'text', (c) => c.notNull())
      .addColumn('source_event', 'integer', (c) => c.notNull().unique())
      .addColumn('approval_id', 'text')
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('sound', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('read_at', 'integer')
      .addColumn('read_source', 'text')
      .addColumn('settled_at', 'integer')
      .execute();
    await db.schema
      .createIndex('notifications_session')
      .on('notifications')
      .columns(['session_id', 'id'])
      .execute();
    // By hand: the schema builder numbers its parameters, and SQLite allows none in an index.
    await sql`CREATE INDEX notifications_unread ON notifications (session_id) WHERE read_at IS NULL`.execute(
      db,
    );
    await sql`CREATE INDEX notifications_approval ON notifications (approval_id) WHERE approval_id IS NOT NULL`.execute(
      db,
    );

    await db.schema
      .createTable('notification_place')
      .addColumn('id', 'integer', (c) => c.primaryKey().notNull())
      .addColumn('event_id', 'integer', (c) => c.notNull())
      .execute();
    // What happened before there were notifications makes none.
    await sql`INSERT INTO notification_place (id, event_id) SELECT 1, coalesce(max(id), 0) FROM events`.execute(
      db,
    );

    await db.schema
      .createTable('notification_prefs')
      .addColumn('session_id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('push_subscriptions')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull().unique())
      .addColumn('p256dh', 'text', (c) => c.notNull())
      .addColumn('auth', 'text', (c) => c.notNull())
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('web_session', 'text')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer')
      .addColumn('sent_at', 'integer')
      .addColumn('last_error', 'text')
      .execute();

    await db.schema
      .createTable('push_messages')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('subscription_id', 'text', (c) =>
        c.notNull().references('push_subscriptions.id').onDelete('cascade'),
      )
      .addColumn('tag', 'text', (c) => c.notNull())
      .addColumn('notification_id', 'integer', (c) => c.references('notifications.id').onDelete('set null'))
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer', (c) => c.notNull())
      .addColumn('sent_at', 'integer')
      .addUniqueConstraint('push_messages_tag', ['subscription_id', 'tag'])
      .execute();
    await sql`CREATE INDEX push_messages_due ON push_messages (due_at) WHERE sent_at IS NULL`.execute(db);
    await db.schema
      .createIndex('push_messages_notification')
      .on('push_messages')
      .column('notification_id')
      .execute();
  },
};
