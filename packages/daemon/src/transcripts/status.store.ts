import type { Reader } from '../db/transcripts/reader.ts';
import { dueConversations } from './due.store.ts';

export interface StoredTotals {
  conversations: number;
  responses: number;
  tokens: number;
}

/** How many conversations there are, and what their models used. */
export function readTotals(db: Reader): StoredTotals {
  const usage = db.get<{ responses: number; tokens: number }>(
    `SELECT coalesce(sum(responses), 0) AS responses,
       coalesce(sum(input + output + cache_read + cache_write_5m + cache_write_1h), 0) AS tokens FROM usage_quarters`,
  );
  return {
    conversations: countOf(db, 'SELECT count(DISTINCT conversation) AS n FROM files'),
    responses: usage?.responses ?? 0,
    tokens: usage?.tokens ?? 0,
  };
}

export interface StoredCounts {
  files: number;
  entries: number;
  lines: number;
  unknownLines: number;
  invalidLines: number;
  /** Bytes of the files when they were last read. */
  bytes: number;
}

export function readCounts(db: Reader): StoredCounts {
  const files = db.get<Omit<StoredCounts, 'entries'>>(
    `SELECT count(*) AS files, coalesce(sum(lines), 0) AS lines, coalesce(sum(size), 0) AS bytes,
       coalesce(sum(unknown_lines) FILTER (WHERE pruned_at IS NULL), 0) AS unknownLines,
       coalesce(sum(invalid_lines) FILTER (WHERE pruned_at IS NULL), 0) AS invalidLines FROM files`,
  );
  return {
    ...(files ?? { files: 0, lines: 0, bytes: 0, unknownLines: 0, invalidLines: 0 }),
    entries: countOf(db, 'SELECT count(*) AS n FROM entries'),
  };
}

export interface FileWithProblems {
  file: string;
  provider: string;
  version: string | null;
  unknownLines: number;
  invalidLines: number;
  sample: string | null;
}

/** Files whose lines were not understood, those with most of them first. */
export function readProblems(db: Reader, limit: number): FileWithProblems[] {
  return db.all<FileWithProblems>(
    `SELECT f.path AS file, f.provider, c.version, f.unknown_lines AS unknownLines, f.invalid_lines AS invalidLines,
       (SELECT sample FROM problems AS p WHERE p.file_id = f.id ORDER BY p.line_offset LIMIT 1) AS sample
     FROM files AS f JOIN conversations AS c ON c.id = f.conversation
     WHERE f.pruned_at IS NULL AND f.unknown_lines + f.invalid_lines > 0
     ORDER BY f.unknown_lines + f.invalid_lines DESC, f.id LIMIT ?`,
    limit,
  );
}

export interface ReadSoFar {
  path: string;
  usageOffset: number;
  contentOffset: number;
}

/** How far each file that is still there was read. */
export function readSoFar(db: Reader): ReadSoFar[] {
  return db.all<ReadSoFar>(
    `SELECT path, usage_offset AS usageOffset, content_offset AS contentOffset FROM files
     WHERE gone = 0 AND pruned_at IS NULL`,
  );
}

/** A file as the agent has it, and as it is kept. */
export interface KeptFile {
  path: string;
  archivePath: string;
}

export function keptFiles(db: Reader): KeptFile[] {
  return db.all<KeptFile>(
    'SELECT path, archive_path AS archivePath FROM files WHERE archive_path IS NOT NULL',
  );
}

/** Bytes of the search index. */
export function searchBytes(db: Reader): number {
  return countOf(db, 'SELECT coalesce(sum(length(block)), 0) AS n FROM entries_fts_data');
}

/** Conversations older than a time that belong to none of the sessions, and still have something to remove. */
export function countDue(db: Reader, before: number, live: readonly string[]): number {
  return countOf(db, `SELECT count(*) AS n ${dueConversations}`, before, JSON.stringify(live));
}

export function countRemoved(db: Reader): number {
  return countOf(db, 'SELECT count(DISTINCT conversation) AS n FROM files WHERE pruned_at IS NOT NULL');
}

function countOf(db: Reader, sql: string, ...values: readonly unknown[]): number {
  return db.get<{ n: number }>(sql, ...values)?.n ?? 0;
}
