import type { Migration } from 'kysely/migration';

/** The account of the dashboard, its signed-in devices, and who guessed wrong. */
export const auth: Migration = {
  async up(db) {
    await db.schema
      .createTable('auth_account')
      .addColumn('id', 'integer', (c) => c.primaryKey().notNull())
      .addColumn('password_hash', 'text', (c) => c.notNull())
      .addColumn('password_generated', 'integer', (c) => c.notNull())
      .addColumn('password_at', 'integer', (c) => c.notNull())
      .addColumn('totp_secret', 'text')
      .addColumn('totp_step', 'integer')
      .addColumn('mfa_at', 'integer')
      .addColumn('user_handle', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('auth_recovery_codes')
      .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
      .addColumn('used_at', 'integer')
      .execute();
    await db.schema
      .createTable('auth_sessions')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('token_hash', 'text', (c) => c.notNull().unique())
      .addColumn('key_hash', 'text', (c) => c.notNull())
      .addColumn('stage', 'text', (c) => c.notNull())
      .addColumn('method', 'text')
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('device_id', 'text')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('seen_at', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer', (c) => c.notNull())
      .addColumn('ends_at', 'integer', (c) => c.notNull())
      .addColumn('proved_at', 'integer')
      .addColumn('wrong_codes', 'integer', (c) => c.notNull())
      .addColumn('new_secret', 'text')
      .execute();
    await db.schema
      .createTable('auth_devices')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('token_hash', 'text', (c) => c.notNull().unique())
      .addColumn('seen_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('auth_passkeys')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('counter', 'integer', (c) => c.notNull())
      .addColumn('transports', 'text', (c) => c.notNull())
      .addColumn('rp_id', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('used_at', 'integer')
      .execute();
    await db.schema
      .createTable('auth_attempts')
      .addColumn('client', 'text', (c) => c.primaryKey().notNull())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('failed_at', 'integer', (c) => c.notNull())
      .execute();
  },
};
