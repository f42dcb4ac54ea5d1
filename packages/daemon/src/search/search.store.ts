import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { EntryPlace } from '../db/transcripts/entry-text.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { type ConversationScope, conversationsOf, joined, type Sql } from '../db/transcripts/scope.ts';

/** Times in milliseconds since the epoch: from `since` up to, and without, `until`. */
export interface SearchPeriod {
  since: number | null;
  until: number | null;
}

/** Ids of the conversations in scope in which something may have been said at the time; null when all are. */
export function conversationIds(
  db: Reader,
  scope: ConversationScope,
  { since, until }: SearchPeriod,
): number[] | null {
  const chosen = conversationsOf(scope);
  const conditions: Sql[] = [];
  if (chosen) conditions.push({ text: `id IN (${chosen.text})`, values: chosen.values });
  if (since !== null) conditions.push({ text: '(last_at IS NULL OR last_at >= ?)', values: [since] });
  if (until !== null) conditions.push({ text: '(started_at IS NULL OR started_at < ?)', values: [until] });
  if (conditions.length === 0) return null;
  const { text, values } = joined(conditions, ' AND ');
  return db.lists(`SELECT id FROM conversations WHERE ${text}`, ...values).map(([id]) => Number(id));
}

/** Words of the index that begin so, in their order. */
export function termsBeginning(db: Reader, beginning: string, limit: number): string[] {
  return db
    .lists(
      'SELECT term FROM entries_terms WHERE term >= ? AND term < ? LIMIT ?',
      ...[beginning, `${beginning}\u{10ffff}`, limit],
    )
    .map(([term]) => String(term));
}

/** The id of the last entry of all; 0 when there is none. */
export function lastEntry(db: Reader): number {
  return db.get<{ id: number | null }>('SELECT max(id) AS id FROM entries')?.id ?? 0;
}

export interface Candidate {
  id: number;
  /** The more the better; 0 when it was not weighed. */
  relevance: number;
  at: number | null;
  kind: EntryKind;
  /** The same in copies of the entry. */
  key: string;
}

export interface CandidateQuery {
  /** For FTS5. */
  match: string;
  /** None after this one. */
  lastId: number;
  period: SearchPeriod;
  /** Any case. */
  tool: string | null;
  /** Only in these; null where the match says it, or all are meant. */
  conversations: readonly number[] | null;
}

/** How many entries fit; counted up to a limit. */
export function countCandidates(db: Reader, query: CandidateQuery, limit: number): number {
  const { text, values } = conditionOf(query);
  // Looked up only where something is asked of it: it takes longer than the match.
  const entries = text.includes('e.') ? 'CROSS JOIN entries e ON e.id = f.rowid' : '';
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM entries_fts f ${entries} WHERE ${text} LIMIT ?)`;
  return db.get<{ n: number }>(sql, ...values, limit)?.n ?? 0;
}

export interface CandidateOrder {
  order: 'ASC' | 'DESC';
  limit: number;
  /** For each phrase all entries that have it are counted. */
  isWeighed: boolean;
}

/** The first entries that fit, by their ids. */
export function findCandidates(
  db: Reader,
  query: CandidateQuery,
  { order, limit, isWeighed }: CandidateOrder,
): Candidate[] {
  const { text, values } = conditionOf(query);
  // A name of several parts says more than one of its parts; marks are no words.
  const relevance = isWeighed ? '-bm25(entries_fts, 1.0, 2.0, 0.0)' : '0';
  return db.all<Candidate>(
    `SELECT f.rowid AS id, ${relevance} AS relevance, e.at, e.kind, hex(e.entry_key) AS key
       FROM entries_fts f CROSS JOIN entries e ON e.id = f.rowid
       WHERE ${text} ORDER BY f.rowid ${order} LIMIT ?`,
    ...values,
    limit,
  );
}

function conditionOf({ match, lastId, period, tool, conversations }: CandidateQuery): Sql {
  const conditions: Sql[] = [{ text: 'entries_fts MATCH ? AND f.rowid <= ?', values: [match, lastId] }];
  if (period.since !== null) conditions.push({ text: 'e.at >= ?', values: [period.since] });
  if (period.until !== null) conditions.push({ text: 'e.at < ?', values: [period.until] });
  if (conversations !== null) {
    conditions.push({
      text: 'e.conversation IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(conversations)],
    });
  }
  if (tool !== null) conditions.push({ text: 'lower(e.tool) = lower(?)', values: [tool] });
  return joined(conditions, ' AND ');
}

/** Where the texts of entries lie, by their ids. */
export function placesOf(db: Reader, ids: readonly number[]): Map<number, EntryPlace> {
  const rows = db.all<EntryPlace & { id: number }>(
    `SELECT id, file_id, line_offset, line_length, part, kind, preview FROM entries
       WHERE id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  );
  return new Map(rows.map((row) => [row.id, row]));
}
