import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { EntryPlace } from '../db/transcripts/entry-text.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { quarterMs } from '../db/transcripts/trigger-sql.ts';

/** One of the newest entries of a conversation. */
export interface RecentEntry extends EntryPlace {
  kind: EntryKind;
  at: number | null;
  /** Of a call, and its result. */
  call_id: string | null;
  tool: string | null;
  path: string | null;
  /** Of a call: it has no result yet, and was not refused. */
  is_running: 0 | 1;
}

/** So many of the newest rows are looked through for those of the conversation's own agent. */
const lookedThrough = 400;
const kept = 20;

/** What a conversation's own agent said and did last, the newest first; sub-agents are left out. */
export function recentEntries(db: Reader, conversation: number): RecentEntry[] {
  return db.all<RecentEntry>(
    `SELECT e.file_id, e.line_offset, e.line_length, e.part, e.kind, e.at, e.call_id, e.tool, e.path, e.preview,
        (e.kind = 'tool_call' AND c.call_id IS NOT NULL AND c.is_error IS NULL AND c.denied = 0) AS is_running
      FROM (SELECT * FROM entries INDEXED BY entries_by_conversation WHERE conversation = ? ORDER BY id DESC LIMIT ?) e
      LEFT JOIN tool_calls c ON c.conversation = e.conversation AND c.call_id = e.call_id
      WHERE e.agent_id IS NULL ORDER BY e.id DESC LIMIT ?`,
    conversation,
    lookedThrough,
    kept,
  );
}

/** A session's own conversation that was spoken in last; null when there is none. */
export function currentConversation(
  db: Reader,
  session: string,
): { id: number; provider: string } | undefined {
  return db.get<{ id: number; provider: string }>(
    `WITH mine AS (SELECT c.* FROM session_conversations s JOIN conversations c ON c.id = s.conversation
        WHERE s.session_id = ?)
      SELECT id, provider FROM mine WHERE NOT EXISTS
        (SELECT 1 FROM mine parent WHERE parent.provider = mine.provider AND parent.conversation_id = mine.parent)
      ORDER BY coalesce(last_at, -1) DESC, id DESC LIMIT 1`,
    session,
  );
}

/** The last response of a conversation's own agent: its model, and all that the model read for it. */
export function lastResponse(
  db: Reader,
  conversation: number,
): { model: string | null; read: number } | undefined {
  // The sums say when it was: responses have no index by conversation.
  const bucket = db.get<{ bucket: number | null }>(
    'SELECT max(bucket) AS bucket FROM usage_quarters WHERE conversation = ? AND subagent = 0',
    conversation,
  )?.bucket;
  if (!bucket) return undefined;
  return db.get<{ model: string | null; read: number }>(
    `SELECT model, input + cache_read + cache_write_5m + cache_write_1h AS read FROM responses
      WHERE at >= ? AND at < ? AND conversation = ? AND agent_id IS NULL
        AND input + cache_read + cache_write_5m + cache_write_1h > 0 ORDER BY at DESC, id DESC LIMIT 1`,
    bucket,
    bucket + quarterMs,
    conversation,
  );
}

/** When the newest turn of a conversation's own agent began, where it has not ended; milliseconds since the epoch. */
export function openTurn(db: Reader, conversation: number): number | null {
  const turn = db.get<{ started_at: number | null; phase: string }>(
    `SELECT t.started_at, t.phase FROM turns t JOIN files f ON f.id = t.file_id
      WHERE t.conversation = ? AND f.agent_id IS NULL ORDER BY t.started_at DESC, t.number DESC LIMIT 1`,
    conversation,
  );
  return turn?.phase === 'started' ? turn.started_at : null;
}

/** The file a conversation's own agent writes now. */
export function currentFile(db: Reader, conversation: number): string | null {
  return (
    db.get<{ path: string }>(
      `SELECT path FROM files WHERE conversation = ? AND agent_id IS NULL AND gone = 0
        ORDER BY last_read DESC, id DESC LIMIT 1`,
      conversation,
    )?.path ?? null
  );
}
