import type { EntryQuery } from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { entryTexts } from '../db/transcripts/entry-text.ts';
import type { QueryContext } from '../db/transcripts/reader.ts';
import { conversationsById, iso, lasted } from './conversations.store.ts';
import { type EntryRow, entriesById, entryIds, type PlacedConversation } from './entries.store.ts';

export interface EntryPage {
  conversations: Conversation[];
  entries: Entry[];
  hasMore: boolean;
}

/** Lines are read from their files so many bytes at a time. */
const batchBytes = 4_000_000;
/** A page ends behind the entry that makes it read more than this, in bytes of lines, or hold more, in code units. */
const pageBytes = 64_000_000;
const pageLength = 4_000_000;

export type EntryFilter = Pick<EntryQuery, 'limit' | 'order' | 'text'> & Partial<EntryQuery>;

/** A page of what was said and done in some conversations. */
export function entryPage(context: QueryContext, ids: readonly number[], query: EntryFilter): EntryPage {
  const { db } = context;
  const { kind, agent, since, before, limit, order, text } = query;
  const conversations = conversationsById(db, ids);
  const places = { kinds: kind ?? null, since: since ?? null, before: before ?? null, order };
  const placed = placesOf(conversations, agent ?? null);
  const found = entryIds(db, { ...places, conversations: placed }, limit + 1);
  const shown = found.slice(0, limit);
  const { entries, isWhole } = readEntries(context, shown, text);
  return { conversations, entries, hasMore: found.length > limit || !isWhole };
}

/** One entry with its whole text, and the line it was read from; null when there is none by this id. */
export function wholeEntry(
  context: QueryContext,
  id: number,
): { entry: Entry; row: EntryRow; line: string | null } | null {
  const [row] = entriesById(context.db, [id]);
  if (!row) return null;
  const [read] = entryTexts(context, [row]);
  return { entry: toEntry(row, read?.text ?? null, Number.MAX_SAFE_INTEGER), row, line: read?.line ?? null };
}

/** Entries without their texts, in the order of the ids; those that are no more are left out. */
export function entriesWithoutText(context: QueryContext, ids: readonly number[]): Entry[] {
  return readEntries(context, ids, 0).entries;
}

/** Where entries are looked for when a sub-agent is asked for; a conversation that an agent started is a sub-agent's. */
function placesOf(conversations: readonly Conversation[], agent: string | null): PlacedConversation[] {
  const names = new Set(conversations.map(({ provider, conversationId }) => `${provider} ${conversationId}`));
  return conversations.flatMap(({ id, provider, conversationId, parent }) => {
    const isSubAgent = parent !== null && names.has(`${provider} ${parent}`);
    if (isSubAgent && agent === 'main') return [];
    return [{ id, agent: isSubAgent && agent === conversationId ? null : agent }];
  });
}

/** Entries in the order of their ids; not all of them where they are very long. */
function readEntries(
  context: QueryContext,
  ids: readonly number[],
  length: number,
): { entries: Entry[]; isWhole: boolean } {
  const byId = new Map(entriesById(context.db, ids).map((row) => [row.id, row]));
  const rows = ids.flatMap((id) => byId.get(id) ?? []);
  if (length === 0) return { entries: rows.map((row) => toEntry(row, '', 0)), isWhole: true };
  const entries: Entry[] = [];
  let bytes = 0;
  let units = 0;
  for (const batch of batches(rows)) {
    const texts = entryTexts(context, batch);
    for (const [i, row] of batch.entries()) {
      const entry = toEntry(row, texts[i]?.text ?? null, length);
      entries.push(entry);
      bytes += row.line_length;
      units += entry.text.length;
      if ((bytes > pageBytes || units > pageLength) && entries.length < rows.length) {
        return { entries, isWhole: false };
      }
    }
  }
  return { entries, isWhole: true };
}

/** The rows in pieces whose lines are not too much to hold at once, but for a line that is by itself. */
function* batches(rows: readonly EntryRow[]): Generator<EntryRow[]> {
  let batch: EntryRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (batch.length > 0 && bytes + row.line_length > batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += row.line_length;
  }
  if (batch.length > 0) yield batch;
}

/** @param text null when the transcript is gone @param length longest text; 0: none was read */
function toEntry(row: EntryRow, text: string | null, length: number): Entry {
  const isCall = row.kind === 'tool_call' || row.kind === 'tool_result';
  return {
    id: row.id,
    conversation: row.conversation,
    kind: row.kind,
    at: iso(row.at),
    agentId: row.agent_id,
    turn: row.turn,
    callId: row.call_id,
    tool: row.tool,
    outcome: isCall ? outcomeOf(row) : null,
    durationMs: isCall ? durationOf(row) : null,
    isError: row.is_error === 1,
    path: row.path,
    text: cutText(text ?? row.preview, length),
    length: text === null || length === 0 ? null : text.length,
  };
}

function durationOf({ duration_ms, called_at, ended_at }: EntryRow): number | null {
  const duration = duration_ms ?? lasted(called_at, ended_at);
  // Codex writes fractions.
  return duration === null ? null : Math.round(duration);
}

function outcomeOf({ kind, failed, denied, is_error }: EntryRow): Entry['outcome'] {
  if (denied === 1) return 'denied';
  // A result whose call has no name is one nevertheless.
  const error = kind === 'tool_result' ? (failed ?? is_error) : failed;
  if (error === null) return 'running';
  return error === 1 ? 'error' : 'ok';
}

/** The beginning of a text: at most so many UTF-16 code units, and no character cut in two. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
