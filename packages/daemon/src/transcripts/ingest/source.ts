import { closeSync, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import type { FileRow } from './files.store.ts';
import { hashRange, tailHash } from './fingerprint.ts';

/**
 * Where the rest of a file is to be read. rewritten: it is the same file with other content. after: what is to be done
 * when all of it was read: another file lies at its path (`retire`), or none (`gone`).
 */
export type Source =
  | { state: 'open'; descriptor: number; stats: Stats; kept: boolean; after: 'retire' | 'gone' | null }
  | { state: 'rewritten'; descriptor: number; stats: Stats; kept: boolean; after: 'retire' | 'gone' | null }
  | { state: 'lost'; after: 'retire' | 'gone' }
  | { state: 'unreadable'; code: string };

/** Opens the file a row is about: at its path, or when that is another's or nobody's, in the archive. */
export function openSource(row: FileRow): Source {
  if (row.path === row.archive_path) return openKept(row, 'gone');
  const found = open(row.path);
  if (typeof found === 'string') {
    return isAbsent(found) ? openKept(row, 'gone') : { state: 'unreadable', code: found };
  }
  const stats = fstatSync(found);
  if (stats.dev === row.dev && stats.ino === row.ino) {
    const state = isIntact(row, found, stats) ? 'open' : 'rewritten';
    return { state, descriptor: found, stats, kept: false, after: null };
  }
  closeSync(found);
  return openKept(row, 'retire');
}

/** What lies at a path; undefined when nothing does, or nobody may look. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isAbsent(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function openKept(row: FileRow, after: 'retire' | 'gone'): Source {
  if (row.archive_path === null) return { state: 'lost', after };
  const found = open(row.archive_path);
  if (typeof found === 'string') {
    return isAbsent(found) ? { state: 'lost', after } : { state: 'unreadable', code: found };
  }
  const stats = fstatSync(found);
  if (row.archive_copied === 0) {
    if (stats.dev !== row.dev || stats.ino !== row.ino) {
      closeSync(found);
      return { state: 'lost', after };
    }
    const state = isIntact(row, found, stats) ? 'open' : 'rewritten';
    return { state, descriptor: found, stats, kept: true, after };
  }
  return { state: 'open', descriptor: found, stats, kept: true, after };
}

/** A descriptor, or the code of the error. */
export function open(path: string): number | string {
  try {
    const descriptor = openSync(path, 'r');
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
    return 'ENOENT';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Whether what was read of the file is still there. */
function isIntact(row: FileRow, descriptor: number, stats: Stats): boolean {
  if (stats.size < Math.max(row.usage_offset, row.content_offset)) return false;
  if (!hashRange(descriptor, 0, row.head_length).equals(row.head_hash)) return false;
  return row.tail_hash === null || tailHash(descriptor, row.tail_end).equals(row.tail_hash);
}
