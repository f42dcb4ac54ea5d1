import Sqlite from 'better-sqlite3';

/**
 * What is wrong with a database file, as SQLite words it; empty when all is well. Opens it for reading only, also
 * while a daemon has it open. Reads the whole file; a quick check, five times as quick, leaves out whether indexes and
 * tables agree, and what stands in an index of words.
 *
 * @throws Error when it cannot be opened or is no database
 */
export function checkDatabaseFile(path: string, { isQuick = false } = {}): string[] {
  const sqlite = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1000 });
  try {
    const checks = isQuick ? tables(sqlite).map((name) => `quick_check('${name}')`) : ['integrity_check(10)'];
    const rows = checks.flatMap((check) => sqlite.pragma(check) as object[]);
    return rows.flatMap((row) => Object.values(row).map(String)).filter((line) => line !== 'ok');
  } finally {
    sqlite.close();
  }
}

/** Tables that are stored as such: an index of words is checked by reading all of it again. */
function tables(sqlite: Sqlite.Database): string[] {
  return sqlite
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    .pluck()
    .all() as string[];
}
