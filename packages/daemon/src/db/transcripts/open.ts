import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { asStorageError, DatabaseOpenError } from '../errors.ts';
import type { Reader } from './reader.ts';
import { transcriptsSchema } from './schema.ts';

/** A connection to the database of transcripts: a file of its own, written by one thread. */
export type TranscriptsDb = Sqlite.Database;
export type Statement = Sqlite.Statement<unknown[], unknown>;

/**
 * Opens the database of transcripts for its one writer, and brings it to this program's schema. Its files are readable by their owner only.
 * @throws DatabaseOpenError when it is no database, is damaged, or was written by a newer codepiper
 * @throws CodepiperError `storage_full` or `database_busy`
 */
export function openTranscriptsDb(path: string): TranscriptsDb {
  let db: TranscriptsDb | undefined;
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found && (found.mode & 0o777) !== 0o600) chmodSync(file, 0o600);
    }
    db = new Sqlite(path, { timeout: 2000 });
    // What a crash of the whole machine takes from it is read from the files again.
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('cache_size = -32000');
    // Pages that change often while much is brought in are written back once, not with every thousandth page.
    db.pragma('wal_autocheckpoint = 4000');
    db.pragma('journal_size_limit = 16000000');
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw explain(path, error);
  }
}

/** A connection for reading; its statements are prepared once. */
export interface OpenReader extends Reader, Disposable {
  /** The file is not there yet: this one has the tables, and nothing in them. */
  readonly isEmpty: boolean;
}

/**
 * Opens transcripts.db for reading only; several may.
 * @throws DatabaseOpenError when it is no database, is damaged, or has another schema than this program
 */
export function openTranscriptsReader(path: string): TranscriptsDb {
  let db: TranscriptsDb | undefined;
  try {
    db = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 2000 });
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version !== transcriptsSchema.length) {
      throw new DatabaseOpenError(
        `${path} has schema ${version}, this codepiper reads ${transcriptsSchema.length}. Restart the daemon.`,
      );
    }
    db.pragma('cache_size = -32000');
    return db;
  } catch (error) {
    db?.close();
    throw explain(path, error);
  }
}

/** The same for queries; while there is no file, one that has the tables and nothing in them. */
export function openReader(path: string): OpenReader {
  const isEmpty = !existsSync(path);
  const db = isEmpty ? new Sqlite(':memory:') : openTranscriptsReader(path);
  if (isEmpty) for (const step of transcriptsSchema) db.exec(step);
  // The words of the index. It stores nothing, so that it is made where it is needed.
  db.exec("CREATE VIRTUAL TABLE temp.entries_terms USING fts5vocab ('main', 'entries_fts', 'row')");
  return readerOf(db, isEmpty);
}

/** Opens codepiper's own database for reading only. */
export function openMainReader(path: string): OpenReader {
  try {
    return readerOf(new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 2000 }));
  } catch (error) {
    throw explain(path, error);
  }
}

/** A connection as queries see it. */
export function readerOf(db: TranscriptsDb, isEmpty = false): OpenReader {
  const statements = new Map<string, Sqlite.Statement>();
  const prepare = (sql: string): Sqlite.Statement => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement.raw(false);
  };
  return {
    isEmpty,
    all: <Row>(sql: string, ...values: readonly unknown[]) => prepare(sql).all(...values) as Row[],
    get: <Row>(sql: string, ...values: readonly unknown[]) => prepare(sql).get(...values) as Row | undefined,
    lists: (sql, ...values) =>
      prepare(sql)
        .raw()
        .all(...values) as unknown[][],
    // A statement that is being read cannot be used again: each has one of its own.
    iterate: <Row>(sql: string, ...values: readonly unknown[]) =>
      db.prepare(sql).iterate(...values) as IterableIterator<Row>,
    [Symbol.dispose]: () => void db.close(),
  };
}

function migrate(db: TranscriptsDb, path: string): void {
  const schema = transcriptsSchema;
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > schema.length) {
    throw new DatabaseOpenError(
      `${path} was written by a newer codepiper (schema ${version}, this one knows ${schema.length}). Update codepiper.`,
    );
  }
  if (version === schema.length) return;
  const opened = db;
  opened
    .transaction(() => {
      for (const step of schema.slice(version)) opened.exec(step);
      opened.pragma(`user_version = ${schema.length}`);
    })
    .immediate();
}

function explain(path: string, error: unknown): unknown {
  if (error instanceof DatabaseOpenError) return error;
  const storage = asStorageError(error);
  if (storage) return storage;
  const { code } = error as { code?: unknown };
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return new DatabaseOpenError(
      `${path} is not a sound SQLite database (${(error as Error).message}). Move it away: it is made anew from the transcripts.`,
      { cause: error },
    );
  }
  if (code === 'SQLITE_CANTOPEN' || code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return new DatabaseOpenError(
      `${path} cannot be opened: ${(error as Error).message}. Check that its directory exists and is yours.`,
      { cause: error },
    );
  }
  return error;
}
