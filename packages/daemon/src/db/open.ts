import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import type { Clock } from '@codepiper/core/clock.ts';
import Sqlite from 'better-sqlite3';
import { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Log } from '../log/log.ts';
import { backUp } from './backup.ts';
import type { Database } from './database.ts';
import { HouseDialect } from './dialect.ts';
import { asStorageError, DatabaseOpenError } from './errors.ts';
import { migrations as ours } from './migrations/index.ts';

export interface OpenDatabase extends AsyncDisposable {
  readonly db: Kysely<Database>;
  readonly sqlite: Sqlite.Database;
  /** `:memory:` when it is not a file. */
  readonly path: string;
}

export interface OpenOptions {
  log: Log;
  clock: Clock;
  /** Test seam. */
  migrations?: Readonly<Record<string, Migration>>;
}

/** How long SQLite waits for a lock of another program, in milliseconds; the whole daemon waits with it. */
const busyTimeoutMs = 250;

/**
 * Opens the database and brings it to this program's schema: in one transaction, after a backup beside the file. The
 * file and SQLite's files beside it are readable by their owner only, whatever the umask.
 * @throws DatabaseOpenError when it is no database, is damaged, or was written by a newer codepiper
 * @throws CodepiperError `storage_full` or `database_busy`
 */
export async function openDatabase(path: string, options: OpenOptions): Promise<OpenDatabase> {
  const { log, clock, migrations = ours } = options;
  const inMemory = path === ':memory:';
  let sqlite: Sqlite.Database | undefined;
  try {
    if (!inMemory) prepareFile(path);
    sqlite = new Sqlite(path, { timeout: busyTimeoutMs });
    const applied = appliedMigrations(sqlite);
    refuseNewer(path, applied, migrations);
    if (applied.length === 0) refuseForeign(path, sqlite);
    configure(sqlite, inMemory, log);
    const pending = Object.keys(migrations).filter((name) => !applied.includes(name));
    if (pending.length > 0) {
      const before = applied.at(-1);
      if (before !== undefined) {
        const copy = backUp({ sqlite, path, schema: before, now: clock.now() });
        log.info({ backup: copy, pending }, 'backed the database up before changing its schema');
      }
      await migrate(sqlite, migrations);
      log.info({ applied: pending }, 'the database has the schema of this program');
    }
    return opened(path, sqlite);
  } catch (error) {
    sqlite?.close();
    throw explain(path, error);
  }
}

function opened(path: string, sqlite: Sqlite.Database): OpenDatabase {
  const db = new Kysely<Database>({ dialect: new HouseDialect(sqlite) });
  return {
    db,
    sqlite,
    path,
    // Kysely closes what it has used only; a second close is harmless.
    [Symbol.asyncDispose]: async () => {
      await db.destroy();
      sqlite.close();
    },
  };
}

/** SQLite gives the files it makes beside this one the mode of this one. */
function prepareFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found && (found.mode & 0o777) !== 0o600) chmodSync(file, 0o600);
  }
}

function configure(sqlite: Sqlite.Database, inMemory: boolean, log: Log): void {
  const mode = sqlite.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal' && !inMemory) log.warn({ mode }, 'the file system of the database does not allow WAL');
  sqlite.pragma('synchronous = NORMAL');
  sqlite.pragma('foreign_keys = ON');
}

/** Names of the migrations the file has had, oldest first. */
function appliedMigrations(sqlite: Sqlite.Database): string[] {
  const tables = sqlite.prepare(
    `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kysely_migration'`,
  );
  if (tables.get() === undefined) return [];
  return sqlite.prepare('SELECT name FROM kysely_migration ORDER BY name').pluck().all() as string[];
}

/** Tables that no migration of ours made: the original's database lies at the same place. */
function refuseForeign(path: string, sqlite: Sqlite.Database): void {
  const table = sqlite
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 1`,
    )
    .pluck()
    .get();
  if (table === undefined) return;
  throw new DatabaseOpenError(
    `${path} belongs to another program: it has a table "${table}" and no record of codepiper's schema. Move it away, or set CODEPIPER_DB_PATH or CODEPIPER_HOME to another place. It was not changed.`,
  );
}

function refuseNewer(
  path: string,
  applied: readonly string[],
  known: Readonly<Record<string, Migration>>,
): void {
  const unknown = applied.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length === 0) return;
  throw new DatabaseOpenError(
    `The database ${path} was written by a newer codepiper (it has ${unknown.join(', ')}, unknown to this one). ` +
      'Update codepiper, or set CODEPIPER_DB_PATH to another file.',
  );
}

async function migrate(
  sqlite: Sqlite.Database,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  // Never destroyed: that would close the connection, which goes on to be used.
  const db = new Kysely<unknown>({ dialect: new HouseDialect(sqlite) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

function explain(path: string, error: unknown): unknown {
  const storage = asStorageError(error);
  if (storage) return storage;
  const { code } = error as { code?: unknown };
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return new DatabaseOpenError(
      `${path} is not a sound SQLite database (${(error as Error).message}). Move it away, or put a backup (${path}.backup-…) in its place.`,
      { cause: error },
    );
  }
  if (code === 'SQLITE_CANTOPEN' || code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return new DatabaseOpenError(
      `The database ${path} cannot be opened: ${(error as Error).message}. Check that its directory exists and is yours.`,
      { cause: error },
    );
  }
  return error;
}
