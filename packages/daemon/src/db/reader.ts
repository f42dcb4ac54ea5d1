import Sqlite from 'better-sqlite3';

/** A database file as it was at one moment. */
export interface DatabaseReader extends Disposable {
  has(table: string): boolean;
  all<Row>(sql: string, ...values: readonly unknown[]): Row[];
  /** Rows as lists of their columns, one at a time. */
  stream(sql: string): IterableIterator<unknown[]>;
}

/**
 * Opens a database file for reading only, in one transaction: what a daemon writes meanwhile is not seen.
 * @throws Error when it cannot be opened or is no database
 */
export function openReader(path: string): DatabaseReader {
  let sqlite: Sqlite.Database | undefined;
  try {
    const opened = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1000 });
    sqlite = opened;
    opened.exec('BEGIN');
    // The transaction sees what is there at its first statement that reads.
    const tables = opened.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck().all();
    return {
      has: (table) => tables.includes(table),
      all: <Row>(sql: string, ...values: readonly unknown[]) => opened.prepare(sql).all(...values) as Row[],
      stream: (sql) => opened.prepare(sql).raw().iterate() as IterableIterator<unknown[]>,
      [Symbol.dispose]: () => void opened.close(),
    };
  } catch (error) {
    sqlite?.close();
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
