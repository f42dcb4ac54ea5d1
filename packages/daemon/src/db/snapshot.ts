import { closeSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { asStorageError } from './errors.ts';
import { migrations } from './migrations/index.ts';
import { openReader } from './reader.ts';
import { transcriptsSchema } from './transcripts/schema.ts';

/**
 * Writes a database as it is at one moment to a new file (0600), also while others write to it; they do not wait.
 *
 * @throws CodepiperError `storage_full`, `database_busy`; Error when it is damaged
 */
export function copyDatabase(path: string, copy: string): void {
  closeSync(openSync(copy, 'wx', 0o600));
  let sqlite: Sqlite.Database | undefined;
  try {
    sqlite = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
    sqlite.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw (
      asStorageError(error) ??
      new Error(`${path} cannot be copied: ${reason}. See codepiper doctor.`, { cause: error })
    );
  } finally {
    sqlite?.close();
  }
}

/** Rows of each table, by its name; those that the full-text index keeps for itself are left out. */
export function countRows(path: string): Record<string, number> {
  using reader = openReader(path);
  const tables = reader.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       AND name NOT LIKE '%\\_fts%' ESCAPE '\\' ORDER BY name`,
  );
  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      reader.all<{ count: number }>(`SELECT count(*) AS count FROM "${name.replaceAll('"', '""')}"`)[0]
        ?.count ?? 0,
    ]),
  );
}

/** Whether a database of codepiper was written by a newer one than this. */
export function isNewer(path: string, kind: 'codepiper' | 'transcripts'): boolean {
  using reader = openReader(path);
  if (kind === 'transcripts') {
    const [row] = reader.all<{ user_version: number }>('PRAGMA user_version');
    return (row?.user_version ?? 0) > transcriptsSchema.length;
  }
  if (!reader.has('kysely_migration')) return false;
  const applied = reader.all<{ name: string }>('SELECT name FROM kysely_migration');
  return applied.some(({ name }) => !Object.hasOwn(migrations, name));
}
