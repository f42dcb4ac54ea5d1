import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { eventSchema, eventSourceSchema } from './event.ts';

export const eventQuerySchema = z.strictObject({
  source: eventSourceSchema.optional(),
  type: z.string().min(1).max(100).optional(),
  /** Only events after this id. */
  since: z.coerce.number().int().min(0).optional(),
  /** Only events before this id. */
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type EventQuery = z.infer<typeof eventQuerySchema>;

export const eventEndpoints = {
  listSessionEvents: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/events',
    summary: 'Facts about one session from the ledger.',
    params: z.strictObject({ id: sessionRefSchema }),
    query: eventQuerySchema,
    reply: z.object({ events: z.array(eventSchema), hasMore: z.boolean() }),
    errors: ['session_not_found', 'session_ambiguous'],
  }),
} as const;

/**
 * Server-sent events; not an endpoint with one reply, so mounted by hand.
 * `/events/stream?session=<id>&since=<event id>`: ledger events as they happen, resumable by `Last-Event-ID`.
 * `/sessions/:id/output/stream`: text of the pane as it is printed, without control sequences.
 */
export const streamPaths = { events: '/events/stream', output: '/sessions/:id/output/stream' } as const;
