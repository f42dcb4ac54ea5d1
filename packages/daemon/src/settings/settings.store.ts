import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** SQL about settings that were changed while the daemon ran. */
export class SettingsStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The same statements inside a transaction. */
  in(tx: Kysely<Database>): SettingsStore {
    return new SettingsStore(tx);
  }

  /** Values by their keys. */
  async readAll(): Promise<Map<string, unknown>> {
    const rows = await this.#db.selectFrom('daemon_settings').select(['key', 'value']).execute();
    return new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  async set(key: string, value: unknown, at: number): Promise<void> {
    const row = { key, value: JSON.stringify(value), updated_at: at };
    await this.#db
      .insertInto('daemon_settings')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
      .execute();
  }

  async remove(key: string): Promise<void> {
    await this.#db.deleteFrom('daemon_settings').where('key', '=', key).execute();
  }
}
