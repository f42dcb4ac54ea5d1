import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { eventSchema } from '../events/event.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { conversationSchema, entrySchema, turnSchema } from './conversation.ts';
import { entryKindSchema } from './transcript.ts';

const count = z.number().int();
const id = z.coerce.number().int().min(0);
const limit = (usual: number, most = 1000) => z.coerce.number().int().min(1).max(most).default(usual);
const sessionErrors = ['session_not_found', 'session_ambiguous'] as const;

/** `id` of a conversation, the agent's own id of it, or the unique beginning of that. */
const conversationRefSchema = z.string().min(1).max(200);
const ofSession = z.strictObject({ id: sessionRefSchema });
const ofConversation = z.strictObject({ conversation: conversationRefSchema });
const conversationErrors = ['conversation_not_found', 'conversation_ambiguous'] as const;

export const entryQuerySchema = z.strictObject({
  kind: entryKindSchema.optional(),
  /** Entries of this sub-agent; `main` for those of the conversation's own agent. */
  agent: z.string().min(1).max(200).optional(),
  /** Only entries after this id. */
  since: id.optional(),
  /** Only entries before this id. */
  before: id.optional(),
  limit: limit(100),
  order: z.enum(['asc', 'desc']).default('asc'),
  /** Longest text of an entry, in characters; what is longer is cut. 0: none. */
  text: z.coerce.number().int().min(0).max(1_000_000).default(20_000),
});
export type EntryQuery = z.output<typeof entryQuerySchema>;

/** The ledger's words, for what was read from transcripts. */
export const transcriptEventQuerySchema = z.strictObject({
  source: z.literal('transcript').optional(),
  /** Kind of the entry. */
  type: z.string().min(1).max(100).optional(),
  since: id.optional(),
  before: id.optional(),
  limit: limit(100),
  order: z.enum(['asc', 'desc']).default('asc'),
});

const entriesReply = z.object({
  conversations: z.array(conversationSchema),
  entries: z.array(entrySchema),
  hasMore: z.boolean(),
});

export const conversationEndpoints = {
  listConversations: defineEndpoint({
    method: 'GET',
    path: '/conversations',
    summary: 'Conversations, those with the newest entries first.',
    query: z.strictObject({
      provider: z.string().min(1).max(80).optional(),
      session: sessionRefSchema.optional(),
      /** A directory: conversations in it and below. */
      workspace: z.string().min(1).max(4096).optional(),
      /** What an earlier page said. */
      cursor: z.string().min(1).max(80).optional(),
      limit: limit(50),
    }),
    reply: z.object({ conversations: z.array(conversationSchema), cursor: z.string().nullable() }),
    errors: sessionErrors,
  }),
  getConversation: defineEndpoint({
    method: 'GET',
    path: '/conversations/:conversation',
    summary: 'One conversation.',
    params: ofConversation,
    reply: z.object({ conversation: conversationSchema }),
    errors: conversationErrors,
  }),
  listEntries: defineEndpoint({
    method: 'GET',
    path: '/conversations/:conversation/entries',
    summary: 'What was said and done in a conversation.',
    params: ofConversation,
    query: entryQuerySchema,
    reply: entriesReply,
    errors: conversationErrors,
  }),
  listSessionEntries: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/conversation',
    summary: "What was said and done in a session's conversations.",
    params: ofSession,
    query: entryQuerySchema,
    reply: entriesReply,
    errors: sessionErrors,
  }),
  listSessionTurns: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/turns',
    summary: "Turns of a session's conversations, the newest last.",
    params: ofSession,
    query: z.strictObject({ limit: limit(100) }),
    reply: z.object({ turns: z.array(turnSchema) }),
    errors: sessionErrors,
  }),
  listTranscriptEvents: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/transcript/events',
    summary: "Entries of a session's conversations in the form of events; their ids are those of entries.",
    params: ofSession,
    query: transcriptEventQuerySchema,
    reply: z.object({
      events: z.array(eventSchema.extend({ source: z.literal('transcript') })),
      hasMore: z.boolean(),
    }),
    errors: sessionErrors,
  }),
  getEntry: defineEndpoint({
    method: 'GET',
    path: '/entries/:entry',
    summary: 'One entry with its whole text, and the line of the transcript it was read from.',
    params: z.strictObject({ entry: id }),
    reply: z.object({
      entry: entrySchema,
      conversation: conversationSchema,
      source: z.object({ file: z.string(), offset: count, line: z.string() }),
    }),
    errors: ['entry_not_found'],
  }),
} as const;

/**
 * Answers that are not one reply, so mounted by hand.
 * `…/conversation/stream?since=<entry id>`: entries as they are stored, as server-sent events with their ids.
 * `…/export?format=markdown|json|html&redact=true`: the whole conversation as one document.
 */
export const conversationPaths = {
  sessionStream: '/sessions/:id/conversation/stream',
  sessionExport: '/sessions/:id/export',
  conversationExport: '/conversations/:conversation/export',
} as const;
