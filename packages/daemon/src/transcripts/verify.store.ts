import type { TranscriptsDb } from '../db/transcripts/open.ts';

export interface StoredFile {
  id: number;
  path: string;
  provider: string;
  usageOffset: number;
  contentOffset: number;
  conversation: number;
  lines: number;
  unknown: number;
  invalid: number;
  archivePath: string | null;
}

export interface StoredResponse {
  key: string;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  reasoning: number;
  fileId: number | null;
}

export interface StoredEntry {
  fileId: number;
  offset: number;
  part: number;
  key: string;
  kind: string;
  length: number;
}

/** The database as it was at one moment. Writers go on meanwhile. */
export function readStored(db: TranscriptsDb) {
  db.exec('BEGIN');
  const entries = db.prepare(
    `SELECT file_id AS fileId, line_offset AS offset, part, hex(entry_key) AS key, kind, line_length AS length
     FROM entries WHERE conversation = ?`,
  );
  return {
    files: db
      .prepare(
        `SELECT id, path, provider, usage_offset AS usageOffset, content_offset AS contentOffset, conversation, lines,
           unknown_lines AS unknown, invalid_lines AS invalid, archive_path AS archivePath FROM files ORDER BY conversation, id`,
      )
      .all() as StoredFile[],
    responses: () =>
      db
        .prepare(
          `SELECT key, input, output, cache_read AS cacheRead, cache_write_5m AS cacheWrite5m,
             cache_write_1h AS cacheWrite1h, reasoning, file_id AS fileId FROM responses`,
        )
        .iterate() as IterableIterator<StoredResponse>,
    entries: (conversation: number) => entries.all(conversation) as StoredEntry[],
    orphans: () =>
      db
        .prepare('SELECT count(*) FROM entries WHERE conversation NOT IN (SELECT conversation FROM files)')
        .pluck()
        .get() as number,
    [Symbol.dispose]: () => void db.exec('ROLLBACK'),
  };
}
