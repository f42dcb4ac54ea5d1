import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Policies and their sets, approvals, and the audit trail, which takes entries and lets none be changed. */
export const policies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('policies')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('priority', 'integer', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('session_id', 'text')
      .addColumn('rules', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('updated_at', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer')
      .execute();
    await db.schema
      .createTable('policy_sets')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('is_default', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('policy_set_members')
      .addColumn('set_id', 'text', (c) => c.notNull())
      .addColumn('policy_id', 'text', (c) => c.notNull())
      .addColumn('position', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('policy_set_members_key', ['set_id', 'policy_id'])
      .execute();
    // One row, the daemon's own default, when somebody changed it.
    await db.schema
      .createTable('policy_default')
      .addColumn('id', 'integer', (c) => c.primaryKey().notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .execute();
    await db.schema.alterTable('sessions').addColumn('policy_sets', 'text').execute();
    await db.schema.alterTable('sessions').addColumn('policy_default', 'text').execute();

    await db.schema
      .createTable('approvals')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id'))
      .addColumn('run', 'integer', (c) => c.notNull())
      .addColumn('request', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('tool', 'text', (c) => c.notNull())
      .addColumn('tool_kind', 'text', (c) => c.notNull())
      .addColumn('call_id', 'text')
      .addColumn('agent_id', 'text')
      .addColumn('cwd', 'text', (c) => c.notNull())
      .addColumn('input_hash', 'text', (c) => c.notNull())
      .addColumn('input', 'text', (c) => c.notNull())
      .addColumn('summary', 'text', (c) => c.notNull())
      .addColumn('diff', 'text')
      .addColumn('questions', 'text', (c) => c.notNull())
      .addColumn('verdict', 'text', (c) => c.notNull())
      .addColumn('suggestion', 'text')
      .addColumn('in_terminal', 'integer', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('asked_at', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer')
      .addColumn('settled_at', 'integer')
      .addColumn('settled_by', 'text')
      .addColumn('answer_grant', 'text')
      .addColumn('note', 'text')
      .addColumn('answers', 'text')
      .addColumn('delivered_at', 'integer')
      .execute();
    await db.schema
      .createIndex('approvals_status')
      .on('approvals')
      .columns(['status', 'session_id', 'asked_at'])
      .execute();
    await db.schema
      .createIndex('approvals_request')
      .on('approvals')
      .columns(['session_id', 'run', 'request'])
      .execute();

    await db.schema
      .createTable('decisions')
      .addColumn('seq', 'integer', (c) => c.primaryKey().notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('session_id', 'text')
      .addColumn('session_name', 'text')
      .addColumn('provider', 'text')
      .addColumn('decision', 'text', (c) => c.notNull())
      .addColumn('by', 'text', (c) => c.notNull())
      .addColumn('who', 'text')
      .addColumn('tool', 'text')
      .addColumn('tool_kind', 'text')
      .addColumn('call_id', 'text')
      .addColumn('input_hash', 'text')
      .addColumn('input', 'text')
      .addColumn('cwd', 'text')
      .addColumn('rule', 'text')
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('parts', 'text', (c) => c.notNull())
      .addColumn('approval_id', 'text')
      .addColumn('latency_us', 'integer')
      .addColumn('hash', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('decisions_session').on('decisions').columns(['session_id', 'seq']).execute();
    await sql`CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END`.execute(
      db,
    );
    await sql`CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END`.execute(
      db,
    );
    await db.schema
      .createTable('audit_checkpoints')
      .addColumn('seq', 'integer', (c) => c.primaryKey().notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('signature', 'text', (c) => c.notNull())
      .execute();
  },
};
