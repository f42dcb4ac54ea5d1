import { CodepiperError } from '@codepiper/core/errors.ts';

/** The database cannot be used at all; shown to the person who starts the daemon. */
export class DatabaseOpenError extends Error {
  override readonly name = 'DatabaseOpenError';
}

/**
 * A full disk or quota, an I/O error or a lock held by another program, as the error a caller is told; null for
 * anything else. Takes errors of SQLite and of `node:fs`.
 */
export function asStorageError(error: unknown): CodepiperError | null {
  const code = codeOf(error);
  // Linux says ENOSPC as well when a user watches too many files (fs.inotify limits): no disk is full then.
  if (code === 'ENOSPC' && isAboutWatching(error)) return null;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return wrap(
      'storage_full',
      'The disk is full; nothing was changed. Free some space and try again.',
      error,
    );
  }
  if (code === 'EDQUOT') {
    return wrap('storage_full', 'Your disk quota is used up; nothing was changed. Free some space.', error);
  }
  if (code === 'EFBIG') {
    const message = 'A file may not grow any more (limit on file sizes, ulimit -f); nothing was changed.';
    return wrap('storage_full', message, error);
  }
  if (code.startsWith('SQLITE_IOERR')) {
    const message = `The disk could not be read or written (${code}); nothing was changed. Check its free space and health.`;
    return wrap('storage_full', message, error);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    const message = 'The database is locked by another program; nothing was changed. Try again.';
    return wrap('database_busy', message, error);
  }
  return null;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function isAboutWatching(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error && error.syscall === 'watch';
}

function wrap(code: 'storage_full' | 'database_busy', message: string, cause: unknown): CodepiperError {
  const error = new CodepiperError(code, message);
  error.cause = cause;
  return error;
}
