import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Conversation, Entry, Turn } from '@codepiper/core/transcripts/conversation.ts';
import type { QueryContext, Reader } from '../db/transcripts/reader.ts';
import type { ConversationScope } from '../db/transcripts/scope.ts';
import {
  conversationsById,
  findConversations,
  idsOfSession,
  idsWithSubAgents,
  listConversations,
  newestTurns,
} from './conversations.store.ts';
import { newestEntry, pathOf } from './entries.store.ts';
import { type EntryFilter, type EntryPage, entryPage, wholeEntry } from './entries.ts';

/** What the thread that reads runs for conversations. */
export const conversationQueries = {
  conversations: ({ db }: QueryContext, args: ListArgs) => listPage(db, args),
  conversation: ({ db }: QueryContext, { ref }: { ref: string }) => ({ conversation: findOne(db, ref) }),
  conversationEntries: (context: QueryContext, { ref, query }: { ref: string; query: EntryFilter }) =>
    entryPage(context, idsWithSubAgents(context.db, findOne(context.db, ref).id), query),
  sessionEntries: (
    context: QueryContext,
    { session, query }: { session: string; query: EntryFilter },
  ): EntryPage => entryPage(context, idsOfSession(context.db, session), query),
  /**
   * What is new of a session, oldest first. `through`: where to go on; where only some entries are asked for, that is
   * behind all that were looked at, so that they are not looked at again.
   */
  newSessionEntries: (
    context: QueryContext,
    { session, query }: { session: string; query: NewEntriesQuery },
  ): EntryPage & { through: number } => {
    const newest = newestEntry(context.db);
    const page = entryPage(context, idsOfSession(context.db, session), { ...query, order: 'asc' });
    const last = page.entries.at(-1)?.id ?? query.since;
    const isFiltered = query.kind !== undefined || query.agent !== undefined;
    return { ...page, through: isFiltered && !page.hasMore ? Math.max(last, newest) : last };
  },
  sessionTurns: ({ db }: QueryContext, { session, limit }: { session: string; limit: number }) => {
    const found: Turn[] = newestTurns(db, idsOfSession(db, session), limit + 1);
    return { turns: found.slice(0, limit).reverse(), hasMore: found.length > limit };
  },
  newestEntry: ({ db }: QueryContext, _: Record<string, never>) => newestEntry(db),
  entry: (context: QueryContext, { id }: { id: number }) => oneEntry(context, id),
} as const;

export type ConversationQueries = typeof conversationQueries;

export type NewEntriesQuery = Pick<EntryFilter, 'kind' | 'agent' | 'limit' | 'text'> & { since: number };

export interface ListArgs extends ConversationScope {
  cursor?: string | undefined;
  limit: number;
}

function listPage(
  db: Reader,
  { cursor, limit, ...scope }: ListArgs,
): { conversations: Conversation[]; cursor: string | null } {
  const found = listConversations(db, scope, placeOf(cursor), limit + 1);
  const conversations = found.slice(0, limit);
  const last = conversations.at(-1);
  return { conversations, cursor: found.length > limit && last ? cursorOf(last) : null };
}

/** `<milliseconds>-<id>` of the last one of a page; the time is missing where nobody knows it. */
function cursorOf({ id, lastAt }: Conversation): string {
  return `${lastAt === null ? '' : Date.parse(lastAt)}-${id}`;
}

function placeOf(cursor: string | undefined): { lastAt: number | null; id: number } | null {
  if (cursor === undefined) return null;
  const [at = '', id = ''] = cursor.split('-');
  return { lastAt: at === '' ? null : Number(at), id: Number(id) };
}

const shownCandidates = 5;

/** @throws CodepiperError `conversation_not_found`, `conversation_ambiguous` */
export function findOne(db: Reader, ref: string): Conversation {
  const found = findConversations(db, ref, shownCandidates + 1);
  const [first] = found;
  if (!first) {
    throw new CodepiperError(
      'conversation_not_found',
      `No conversation has the id "${ref}". codepiper conversations lists them; codepiper import brings in those that codepiper did not start.`,
    );
  }
  if (found.length === 1) return first;
  const shown = found.slice(0, shownCandidates);
  const names = shown.map(({ id, provider, conversationId }) => `${conversationId} (${provider}, ${id})`);
  if (found.length > shown.length) names.push('…');
  throw new CodepiperError(
    'conversation_ambiguous',
    `"${ref}" fits several conversations: ${names.join(', ')}. Give more of the id, or the number behind it.`,
    { candidates: shown.map(({ id, conversationId }) => ({ id, conversationId })) },
  );
}

/** @throws CodepiperError `entry_not_found` */
function oneEntry(
  context: QueryContext,
  id: number,
): {
  entry: Entry;
  conversation: Conversation;
  source: { file: string; offset: number; line: string | null };
} {
  const { db } = context;
  const found = wholeEntry(context, id);
  const [conversation] = found ? conversationsById(db, [found.row.conversation]) : [];
  if (!found || !conversation) throw new CodepiperError('entry_not_found', `No entry has the id ${id}.`);
  const { entry, row, line } = found;
  return { entry, conversation, source: { file: pathOf(db, row.file_id), offset: row.line_offset, line } };
}
