import type { TranscriptEvent } from '@codepiper/core/events/event.ts';
import type {
  conversationEndpoints,
  TranscriptEventQuery,
} from '@codepiper/core/transcripts/conversation.endpoints.ts';
import { entryKindSchema } from '@codepiper/core/transcripts/transcript.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import type { Handlers } from '../http/mount.ts';
import type { ConversationQueries } from './conversations.ts';

export interface ConversationParts {
  ask: Ask<ConversationQueries>;
  sessions: {
    /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
    get(ref: string): Promise<{ id: string }>;
  };
}

export function conversationHandlers({
  ask,
  sessions,
}: ConversationParts): Handlers<typeof conversationEndpoints> {
  return {
    listConversations: async ({ query: { session, ...query } }) =>
      ask('conversations', {
        ...query,
        session: session === undefined ? undefined : (await sessions.get(session)).id,
      }),
    getConversation: async ({ params }) => ask('conversation', { ref: params.conversation }),
    listEntries: async ({ params, query }) => ask('conversationEntries', { ref: params.conversation, query }),
    listSessionEntries: async ({ params, query }) =>
      ask('sessionEntries', { session: (await sessions.get(params.id)).id, query }),
    listSessionTurns: async ({ params, query }) =>
      ask('sessionTurns', { session: (await sessions.get(params.id)).id, ...query }),
    listTranscriptEvents: async ({ params, query }) =>
      transcriptEvents(ask, (await sessions.get(params.id)).id, query),
    getEntry: async ({ params }) => ask('entry', { id: params.entry }),
  };
}

/** Longest text of an event's entry. */
const eventText = 20_000;

/** Entries of a session's conversations in the form of the ledger's events. @param session whole id */
export async function transcriptEvents(
  ask: Ask<ConversationQueries>,
  session: string,
  { source: _source, type, ...query }: TranscriptEventQuery,
): Promise<{ events: TranscriptEvent[]; hasMore: boolean }> {
  const kind = type?.split(',').flatMap((name) => entryKindSchema.safeParse(name).data ?? []);
  const page = await ask('sessionEntries', { session, query: { ...query, kind, text: eventText } });
  const byId = new Map(page.conversations.map((conversation) => [conversation.id, conversation]));
  const events = page.entries.map((entry) => ({
    id: entry.id,
    sessionId: session,
    // Of a line without a time nobody knows more than that it is no newer than its conversation.
    timestamp: entry.at ?? byId.get(entry.conversation)?.lastAt ?? new Date(0).toISOString(),
    source: 'transcript' as const,
    type: entry.kind,
    payload: { ...entry },
  }));
  return { events, hasMore: page.hasMore };
}
