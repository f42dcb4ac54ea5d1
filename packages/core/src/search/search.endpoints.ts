import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { providerNameSchema } from '../providers/provider.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { conversationSchema, entrySchema } from '../transcripts/conversation.ts';
import { entryKindSchema } from '../transcripts/transcript.ts';

export const searchEndpoints = {
  search: defineEndpoint({
    method: 'GET',
    path: '/search',
    summary: 'Entries of conversations that say something, the best first.',
    query: z.strictObject({
      /**
       * Words; "…" for words in a row, -word for without, word* for a beginning, OR between alternatives, (…) around
       * them. Identifiers and paths are found by their parts, and however they are written.
       */
      q: z.string().min(1).max(1000),
      /**
       * Id of a session, the unique beginning of one, or a name; else the agent's id of a conversation, or the unique
       * beginning of it. With what its agents started.
       */
      session: sessionRefSchema.optional(),
      provider: providerNameSchema.optional(),
      /** A directory, by its absolute path: conversations in it and below. */
      workspace: z.string().max(4096).startsWith('/', 'must be an absolute path').optional(),
      /** In any case. */
      tool: z.string().min(1).max(200).optional(),
      kind: entryKindSchema.optional(),
      /** Not before: a date or a time in ISO 8601. */
      since: z.string().min(1).max(40).optional(),
      /** Before it; a date counts whole. */
      until: z.string().min(1).max(40).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
      /** What an earlier page said. */
      cursor: z
        .string()
        .regex(/^\d{1,15}-\d{1,9}$/, 'must be the cursor of an earlier page')
        .optional(),
    }),
    reply: z.object({
      results: z.array(
        z.object({
          entry: entrySchema.omit({ text: true }),
          conversation: conversationSchema,
          /** What stands around the hits; odd pieces are hits: before, hit, between, hit, …, behind. */
          snippet: z.array(z.string()),
        }),
      ),
      /** For the next page; null on the last. */
      cursor: z.string().nullable(),
      /** True when more entries fit than were compared: then they are the best of the newest. */
      isCapped: z.boolean(),
    }),
    errors: ['session_not_found', 'session_ambiguous', 'conversation_ambiguous'],
  }),
} as const;
