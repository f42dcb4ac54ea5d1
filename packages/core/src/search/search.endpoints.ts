import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { conversationSchema, entrySchema } from '../transcripts/conversation.ts';
import { entryKindSchema } from '../transcripts/transcript.ts';

export const searchEndpoints = {
  search: defineEndpoint({
    method: 'GET',
    path: '/search',
    summary: 'Entries of conversations that say something, the best first.',
    query: z.strictObject({
      /** Words; "…" for words in a row, -word for without, word* for a beginning, OR between alternatives. */
      q: z.string().min(1).max(1000),
      session: sessionRefSchema.optional(),
      provider: z.string().min(1).max(80).optional(),
      /** A directory: conversations in it and below. */
      workspace: z.string().min(1).max(4096).optional(),
      tool: z.string().min(1).max(200).optional(),
      kind: entryKindSchema.optional(),
      /** Not before: a date or a time in ISO 8601. */
      since: z.string().min(1).max(40).optional(),
      /** Before it; a date counts whole. */
      until: z.string().min(1).max(40).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
      /** What an earlier page said. */
      cursor: z.string().min(1).max(80).optional(),
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
    errors: ['session_not_found', 'session_ambiguous'],
  }),
} as const;
