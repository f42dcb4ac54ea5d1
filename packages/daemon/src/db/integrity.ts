import Sqlite from 'better-sqlite3';

/**
 * What is wrong with a database file, as SQLite words it; empty when all is well. Opens it for reading only, also
 * while a daemon has it open. Reads the whole file.
 *
 * @throws Error when it cannot be opened or is no database
 */
export function checkDatabaseFile(path: string): string[] {
  const sqlite = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1000 });
  try {
    const rows = sqlite.pragma('integrity_check(10)') as { integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
  } finally {
    sqlite.close();
  }
}
