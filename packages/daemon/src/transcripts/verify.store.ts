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
  prunedAt: number | null;
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

/** A sum that is not that of its responses. */
export interface WrongSum {
  name: string;
  conversation: number;
  model: string;
  responses: number;
  summed: number;
  output: number;
  summedOutput: number;
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
           unknown_lines AS unknown, invalid_lines AS invalid, archive_path AS archivePath, pruned_at AS prunedAt FROM files ORDER BY conversation, id`,
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
    wrongSums: () => sumTables.flatMap((table) => db.prepare(wrongSums(table)).all() as WrongSum[]),
    orphans: () =>
      db
        .prepare('SELECT count(*) FROM entries WHERE conversation NOT IN (SELECT conversation FROM files)')
        .pluck()
        .get() as number,
    [Symbol.dispose]: () => void db.exec('ROLLBACK'),
  };
}

const counters = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning'] as const;
/** Sums of responses, and which of them each has. */
const sumTables = [
  { name: 'usage_quarters', condition: 'true' },
  { name: 'turn_usage', condition: 'turn_id IS NOT NULL' },
] as const;

/** Compares the sums by conversation and model with the responses they are of. */
function wrongSums({ name, condition }: (typeof sumTables)[number]): string {
  const sums = counters.map((counter) => `sum(${counter}) AS ${counter}`).join(', ');
  const differ = ['n', ...counters].map((column) => `made.${column} IS NOT kept.${column}`).join(' OR ');
  return `
    WITH made AS (SELECT conversation, coalesce(model, '') AS model, count(*) AS n, ${sums} FROM responses
        WHERE ${condition} GROUP BY 1, 2),
      kept AS (SELECT conversation, model, sum(responses) AS n, ${sums} FROM ${name} GROUP BY 1, 2)
    SELECT '${name}' AS name, conversation, model, coalesce(made.n, 0) AS responses, coalesce(kept.n, 0) AS summed,
      coalesce(made.output, 0) AS output, coalesce(kept.output, 0) AS summedOutput
    FROM made FULL JOIN kept USING (conversation, model) WHERE ${differ}`;
}
