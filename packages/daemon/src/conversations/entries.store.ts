import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { Reader } from '../db/transcripts/reader.ts';

/** An entry as stored, with what is known of its call. */
export interface EntryRow {
  id: number;
  conversation: number;
  file_id: number;
  line_offset: number;
  line_length: number;
  part: number;
  kind: EntryKind;
  at: number | null;
  agent_id: string | null;
  turn: number | null;
  call_id: string | null;
  tool: string | null;
  is_error: number;
  path: string | null;
  preview: string;
  called_at: number | null;
  ended_at: number | null;
  /** Null: no result yet, or no call. */
  failed: number | null;
  denied: number | null;
  duration_ms: number | null;
}

const columns = `e.id, e.conversation, e.file_id, e.line_offset, e.line_length, e.part, e.kind, e.at, e.agent_id, e.turn,
  e.call_id, coalesce(e.tool, c.tool) AS tool, e.is_error, e.path, e.preview, c.called_at, c.ended_at,
  c.is_error AS failed, c.denied, c.duration_ms`;

/** Where entries are looked for. */
export interface EntryPlaces {
  /** Those that sub-agents have to themselves too. */
  conversations: readonly PlacedConversation[];
  kinds: readonly EntryKind[] | null;
  since: number | null;
  before: number | null;
  order: 'asc' | 'desc';
}

export interface PlacedConversation {
  id: number;
  /** Only entries of this sub-agent, or of none (`main`); null: all. */
  agent: string | null;
}

/**
 * Ids of the first entries there, in order. What one conversation has copied from another of them, as a fork does, is
 * there once: in the one that was read first.
 */
export function entryIds(db: Reader, places: EntryPlaces, limit: number): number[] {
  const { conversations, kinds, since, before, order } = places;
  const conditions: string[] = ['conversation = ?'];
  const values: (string | number)[] = [];
  const add = (condition: string, value: string | number): void => {
    conditions.push(condition);
    values.push(value);
  };
  if (since !== null) add('id > ?', since);
  if (before !== null) add('id < ?', before);
  if (kinds) add('kind IN (SELECT value FROM json_each(?))', JSON.stringify(kinds));
  if (conversations.length > 1) {
    const ids = JSON.stringify(conversations.map(({ id }) => id));
    add(
      `NOT EXISTS (SELECT 1 FROM entries o WHERE o.entry_key = entries.entry_key AND o.id < entries.id
         AND o.conversation IN (SELECT value FROM json_each(?)))`,
      ids,
    );
  }
  // By one conversation at a time, each along its index: all in one would be sorted anew for every page.
  const found = conversations.flatMap(({ id, agent }) => {
    const ofAgent = agent === null ? '' : agent === 'main' ? 'AND agent_id IS NULL' : 'AND agent_id = ?';
    return db
      .lists(
        `SELECT id FROM entries INDEXED BY entries_by_conversation WHERE ${conditions.join(' AND ')} ${ofAgent}
           ORDER BY id ${order} LIMIT ?`,
        ...[id, ...values, ...(ofAgent.endsWith('?') ? [agent] : []), limit],
      )
      .map(([entry]) => Number(entry));
  });
  return found.sort((a, b) => (order === 'asc' ? a - b : b - a)).slice(0, limit);
}

/** Entries by their ids, in no order; those that are no more are left out. */
export function entriesById(db: Reader, ids: readonly number[]): EntryRow[] {
  return db.all<EntryRow>(
    `SELECT ${columns} FROM entries e LEFT JOIN tool_calls c ON c.conversation = e.conversation AND c.call_id = e.call_id
       WHERE e.id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  );
}

/** Id of the newest entry of all; 0 when there is none. */
export function newestEntry(db: Reader): number {
  return db.get<{ id: number | null }>('SELECT max(id) AS id FROM entries')?.id ?? 0;
}

/** The path of the file an entry was read from. */
export function pathOf(db: Reader, fileId: number): string {
  return db.get<{ path: string }>('SELECT path FROM files WHERE id = ?', fileId)?.path ?? '';
}
