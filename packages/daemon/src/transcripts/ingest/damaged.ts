import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { DatabaseOpenError } from '../../db/errors.ts';
import { openTranscriptsDb, type TranscriptsDb } from '../../db/transcripts/open.ts';

/**
 * Opens the database of transcripts, or a new one when it is damaged: everything in it can be read again from the files
 * and the archive. The damaged one stays beside it.
 *
 * @param moved hears where the damaged one is now
 * @throws what `openTranscriptsDb` throws for other reasons
 */
export function openOrReplace(
  path: string,
  now: () => number,
  moved: (to: string, error: Error) => void,
): TranscriptsDb {
  try {
    return openTranscriptsDb(path);
  } catch (error) {
    if (!isUseless(path, error)) throw error;
    moved(moveAside(path, now()), error);
    return openTranscriptsDb(path);
  }
}

/** Whether a database that could not be opened will never be: it is broken, or closed to us. */
export function isUseless(path: string, error: unknown): error is Error {
  if (isDamage(error)) return true;
  try {
    closeSync(openSync(path, 'r+'));
    return false;
  } catch (found) {
    return ['EACCES', 'EISDIR', 'EPERM'].includes((found as NodeJS.ErrnoException).code ?? '');
  }
}

/** Whether an error says that the database itself is broken, or no database at all. */
export function isDamage(error: unknown): error is Error {
  if (error instanceof DatabaseOpenError) return isDamage(error.cause);
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code !== 'string') return false;
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** Moves a database that nobody of this process has open out of the way; where it is now. */
export function moveAside(path: string, at: number): string {
  const to = `${path}.damaged-${new Date(at).toISOString().replaceAll(':', '-')}`;
  renameSync(path, to);
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, to + suffix);
  }
  return to;
}
