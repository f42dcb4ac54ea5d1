import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Sessions, the texts sent to them, directories a person trusts, and the ledger of facts. */
export const foundation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('sessions')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('name', 'text')
      .addColumn('provider', 'text', (c) => c.notNull())
      .addColumn('cwd', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('activity', 'text')
      .addColumn('evidence', 'text', (c) => c.notNull())
      .addColumn('model', 'text')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('updated_at', 'integer', (c) => c.notNull())
      .addColumn('ended_at', 'integer')
      .addColumn('pid', 'integer')
      .addColumn('exit_code', 'integer')
      .addColumn('signal', 'text')
      .addColumn('cols', 'integer', (c) => c.notNull())
      .addColumn('rows', 'integer', (c) => c.notNull())
      .addColumn('transcript_path', 'text')
      .addColumn('launch', 'text', (c) => c.notNull())
      .addColumn('conversation', 'text', (c) => c.notNull())
      .addColumn('token_hash', 'text')
      .addColumn('run', 'integer', (c) => c.notNull().defaultTo(1))
      .addColumn('ending', 'text')
      .addColumn('removed_at', 'integer')
      .execute();
    // By hand: the schema builder numbers its parameters, and SQLite allows none in an index.
    await sql`CREATE UNIQUE INDEX sessions_name ON sessions (name) WHERE removed_at IS NULL AND name IS NOT NULL`.execute(
      db,
    );
    await db.schema.createIndex('sessions_status').on('sessions').column('status').execute();

    await db.schema
      .createTable('deliveries')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id'))
      .addColumn('run', 'integer', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull().defaultTo('queued'))
      .addColumn('idempotency_key', 'text')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('typed_at', 'integer')
      .addColumn('settled_at', 'integer')
      .addColumn('evidence', 'text')
      .addColumn('error', 'text')
      .addUniqueConstraint('deliveries_order', ['session_id', 'seq'])
      .execute();
    await sql`CREATE UNIQUE INDEX deliveries_idempotency ON deliveries (session_id, idempotency_key) WHERE idempotency_key IS NOT NULL`.execute(
      db,
    );
    await db.schema.createIndex('deliveries_status').on('deliveries').column('status').execute();

    await db.schema
      .createTable('trusted_directories')
      .addColumn('path', 'text', (c) => c.notNull())
      .addColumn('provider', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('trusted_directories_key', ['path', 'provider'])
      .execute();

    await db.schema
      .createTable('events')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('session_id', 'text')
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('payload', 'text', (c) => c.notNull())
      .addColumn('origin', 'text')
      .execute();
    await sql`CREATE UNIQUE INDEX events_origin ON events (origin) WHERE origin IS NOT NULL`.execute(db);
    await db.schema.createIndex('events_session').on('events').columns(['session_id', 'id']).execute();
  },
};
