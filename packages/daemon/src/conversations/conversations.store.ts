import type { Conversation, Turn } from '@codepiper/core/transcripts/conversation.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { type ConversationScope, conversationsOf, type Sql, withSubAgents } from '../db/transcripts/scope.ts';

interface ConversationRow {
  id: number;
  provider: string;
  conversation_id: string;
  cwd: string | null;
  title: string | null;
  branch: string | null;
  version: string | null;
  forked_from: string | null;
  parent: string | null;
  started_at: number | null;
  last_at: number | null;
  /** JSON. */
  sessions: string;
}

const columns = `id, provider, conversation_id, cwd, title, branch, version, forked_from, parent, started_at, last_at,
  (SELECT json_group_array(session_id) FROM session_conversations s WHERE s.conversation = conversations.id) AS sessions`;

/** Place in the list of conversations: the time of the newest entry, null for those without a time, which are last. */
export interface ListPlace {
  lastAt: number | null;
  id: number;
}

/** Conversations, those with the newest entries first. */
export function listConversations(
  db: Reader,
  scope: ConversationScope,
  after: ListPlace | null,
  limit: number,
): Conversation[] {
  const chosen = conversationsOf(scope);
  const conditions: Sql[] = [];
  if (chosen) conditions.push({ text: `id IN (${chosen.text})`, values: chosen.values });
  // A time nobody knows counts as none at all, so that all have a place.
  if (after) {
    conditions.push({ text: '(coalesce(last_at, -1), id) < (?, ?)', values: [after.lastAt ?? -1, after.id] });
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`;
  return db
    .all<ConversationRow>(
      `SELECT ${columns} FROM conversations ${where} ORDER BY coalesce(last_at, -1) DESC, id DESC LIMIT ?`,
      ...conditions.flatMap(({ values }) => values),
      limit,
    )
    .map(toConversation);
}

export function conversationsById(db: Reader, ids: readonly number[]): Conversation[] {
  return db
    .all<ConversationRow>(
      `SELECT ${columns} FROM conversations WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
      JSON.stringify(ids),
    )
    .map(toConversation);
}

/** Of a session: its own conversations and those its agents started. */
export function idsOfSession(db: Reader, session: string): number[] {
  const chosen = conversationsOf({ session });
  return chosen ? db.lists(chosen.text, ...chosen.values).map(([id]) => Number(id)) : [];
}

/** A conversation and those its agents started. */
export function idsWithSubAgents(db: Reader, id: number): number[] {
  const own = 'SELECT id, provider, conversation_id FROM conversations WHERE id = ?';
  return db.lists(withSubAgents(own), id).map(([found]) => Number(found));
}

/** Conversations a reference may mean: one, or as many as `limit` it fits. */
export function findConversations(db: Reader, ref: string, limit: number): Conversation[] {
  const find = (condition: string, ...values: (string | number)[]): Conversation[] =>
    db
      .all<ConversationRow>(
        `SELECT ${columns} FROM conversations WHERE ${condition} ORDER BY conversation_id, id LIMIT ?`,
        ...values,
        limit,
      )
      .map(toConversation);
  const byName = find('conversation_id = ?', ref);
  if (byName.length > 0) return byName;
  const byId = /^[1-9]\d{0,14}$/.test(ref) ? find('id = ?', Number(ref)) : [];
  if (byId.length > 0) return byId;
  return find('substr(conversation_id, 1, ?) = ?', [...ref].length, ref);
}

interface TurnRow {
  conversation: number;
  agent_id: string | null;
  number: number;
  turn_id: string | null;
  phase: Turn['phase'];
  started_at: number | null;
  ended_at: number | null;
  duration_ms: number | null;
}

const turnColumns =
  't.conversation, f.agent_id, t.number, t.turn_id, t.phase, t.started_at, t.ended_at, t.duration_ms';

/** The newest turns, the newest of them first. */
export function newestTurns(db: Reader, conversations: readonly number[], limit: number): Turn[] {
  const rows = db.all<TurnRow>(
    `SELECT ${turnColumns} FROM turns t JOIN files f ON f.id = t.file_id
       WHERE t.conversation IN (SELECT value FROM json_each(?))
       ORDER BY coalesce(t.started_at, t.ended_at) DESC, t.file_id DESC, t.number DESC LIMIT ?`,
    JSON.stringify(conversations),
    limit,
  );
  return rows.map(toTurn);
}

/** The turn an entry belongs to; null when none is known. */
export function turnOf(db: Reader, entryId: number): Turn | null {
  const row = db.get<TurnRow>(
    `SELECT ${turnColumns}
       FROM entries e JOIN turns t ON t.file_id = e.file_id AND t.number = e.turn JOIN files f ON f.id = t.file_id
       WHERE e.id = ?`,
    entryId,
  );
  return row ? toTurn(row) : null;
}

function toTurn(row: TurnRow): Turn {
  return {
    conversation: row.conversation,
    agentId: row.agent_id,
    number: row.number,
    turnId: row.turn_id,
    phase: row.phase,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    durationMs: row.duration_ms === null ? lasted(row.started_at, row.ended_at) : Math.round(row.duration_ms),
  };
}

/** Milliseconds between two times; null when one is not known or the clock went back. */
export function lasted(from: number | null, to: number | null): number | null {
  return from === null || to === null || to < from ? null : to - from;
}

/** A time as replies write it. */
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    provider: row.provider,
    conversationId: row.conversation_id,
    sessionIds: JSON.parse(row.sessions) as string[],
    cwd: row.cwd,
    title: row.title,
    branch: row.branch,
    version: row.version,
    forkedFrom: row.forked_from,
    parent: row.parent,
    startedAt: iso(row.started_at),
    lastAt: iso(row.last_at),
  };
}
