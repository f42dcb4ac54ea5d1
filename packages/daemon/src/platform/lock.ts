import { chmodSync, closeSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

/** Held until disposed of, or until the process ends in whatever way. */
export interface Lock {
  [Symbol.dispose](): void;
}

/**
 * Takes an exclusive lock on a file for the life of the process; null when another process (or this one) holds it.
 * The kernel releases it on kill -9, so there is no stale lock and no pid to be checked. The file stays behind empty.
 *
 * SQLite's locking of a database file is used because node has no call for `fcntl` locks. They are POSIX locks: this
 * process must not open and close the file by other means while it holds one.
 * @throws when the file cannot be created or opened
 */
export function acquireLock(path: string): Lock | null {
  createPrivately(path);
  const database = new Sqlite(path, { timeout: 0, fileMustExist: true });
  try {
    database.pragma('journal_mode = MEMORY'); // no file beside this one
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
  return { [Symbol.dispose]: () => void database.close() };
}

/** Only ever opens a file that is new: closing a descriptor of a locked one would release the lock. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
