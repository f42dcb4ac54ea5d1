import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { transcriptEventSchema } from '../events/event.ts';
import { providerNameSchema } from '../providers/provider.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { conversationSchema, entrySchema, turnSchema } from './conversation.ts';
import { exportFormats } from './export/document.ts';
import { entryKindSchema } from './transcript.ts';

const count = z.number().int();
const id = z.coerce.number().int().min(0);
const limit = (usual: number, most = 1000) => z.coerce.number().int().min(1).max(most).default(usual);
const sessionErrors = ['session_not_found', 'session_ambiguous'] as const;

/** `id` of a conversation, the agent's own id of it, or the unique beginning of that. */
export const conversationRefSchema = z.string().min(1).max(200);
const ofSession = z.strictObject({ id: sessionRefSchema });
const ofConversation = z.strictObject({ conversation: conversationRefSchema });
const conversationErrors = ['conversation_not_found', 'conversation_ambiguous'] as const;

/** Kinds of entries, with commas between. */
const kindsSchema = z
  .string()
  .min(1)
  .max(200)
  .transform((text) => text.split(','))
  .pipe(z.array(entryKindSchema));

/** Which entries, and how much of each. */
const entryFilter = {
  /** One kind, or several with commas between: `prompt,answer`. */
  kind: kindsSchema.optional(),
  /**
   * Entries of this sub-agent: its `agentId`, or the agent's id of the conversation a sub-agent has to itself. `main`:
   * only those of no sub-agent.
   */
  agent: z.string().min(1).max(200).optional(),
  /** Only entries after this id. */
  since: id.optional(),
  /** Longest text of an entry, in UTF-16 code units; what is longer is cut, never within a character. 0: no texts. */
  text: z.coerce.number().int().min(0).max(1_000_000).default(20_000),
};

export const entryQuerySchema = z.strictObject({
  ...entryFilter,
  /** Only entries before this id. */
  before: id.optional(),
  /** At most so many; a page of long texts may hold fewer. `hasMore` says whether it is the last one. */
  limit: limit(100),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type EntryQuery = z.output<typeof entryQuerySchema>;

/** What `…/conversation/stream` takes; without `since` the stream begins with what comes next. */
export const entryStreamQuerySchema = z.strictObject(entryFilter);

/** The ledger's words, for what was read from transcripts. */
export const transcriptEventQuerySchema = z.strictObject({
  source: z.literal('transcript').optional(),
  /** Kind of the entry, or several with commas between. */
  type: z.string().min(1).max(200).optional(),
  since: id.optional(),
  before: id.optional(),
  limit: limit(100),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type TranscriptEventQuery = z.output<typeof transcriptEventQuerySchema>;

const entriesReply = z.object({
  /** All that were looked through: with their sub-agents' where these are conversations of their own. */
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
      provider: providerNameSchema.optional(),
      session: sessionRefSchema.optional(),
      /** A directory: conversations in it and below. */
      workspace: z.string().max(4096).startsWith('/', 'must be an absolute path').optional(),
      /** What an earlier page said. */
      cursor: z
        .string()
        .regex(/^\d*-\d{1,15}$/, 'must be the cursor of an earlier page')
        .optional(),
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
    reply: z.object({ turns: z.array(turnSchema), hasMore: z.boolean() }),
    errors: sessionErrors,
  }),
  listTranscriptEvents: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/transcript/events',
    summary: "Entries of a session's conversations in the form of events; their ids are those of entries.",
    params: ofSession,
    query: transcriptEventQuerySchema,
    reply: z.object({ events: z.array(transcriptEventSchema), hasMore: z.boolean() }),
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
      /** `line` is null when the transcript is gone. */
      source: z.object({ file: z.string(), offset: count, line: z.string().nullable() }),
    }),
    errors: ['entry_not_found'],
  }),
} as const;

/** Of an export. */
export const exportQuerySchema = z.strictObject({
  format: z.enum(exportFormats).default('markdown'),
  /** Replace what looks like a secret. */
  redact: z.enum(['true', 'false']).default('false'),
});
export type ExportQuery = z.output<typeof exportQuerySchema>;

/**
 * Answers that are not one reply, so mounted by hand.
 * `…/conversation/stream?since=<entry id>`: entries as they are stored, as server-sent events `entry` with their ids;
 * `Last-Event-ID` resumes. `kind`, `agent` and `text` as for a page.
 * `…/export?format=markdown|json|html&redact=true`: the whole conversation as one document.
 */
export const conversationPaths = {
  sessionStream: '/sessions/:id/conversation/stream',
  sessionExport: '/sessions/:id/export',
  conversationExport: '/conversations/:conversation/export',
} as const;
