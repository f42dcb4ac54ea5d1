import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What was set on the dashboard or by `config set`; the default of the policies is one of these. */
export const settings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('daemon_settings')
      .addColumn('key', 'text', (c) => c.primaryKey().notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('updated_at', 'integer', (c) => c.notNull())
      .execute();
    await sql`INSERT INTO daemon_settings (key, value, updated_at)
      SELECT 'policies.default', json_quote(action), 0 FROM policy_default`.execute(db);
    await db.schema.dropTable('policy_default').execute();
  },
};
