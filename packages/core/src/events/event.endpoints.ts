import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { anyEventSchema, anySourceSchema, type EventSource } from './event.ts';

export const eventQuerySchema = z.strictObject({
  /**
   * Without it, all of the ledger. `transcript`: what was said and done in the session's conversations instead, with ids
   * of their own.
   */
  source: anySourceSchema.optional(),
  type: z.string().min(1).max(200).optional(),
  /** Only events after this id. */
  since: z.coerce.number().int().min(0).optional(),
  /** Only events before this id. */
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  order: z.enum(['asc', 'desc']).default('asc'),
});
/** What the ledger is asked. */
export type EventQuery = Omit<z.infer<typeof eventQuerySchema>, 'source'> & {
  source?: EventSource | undefined;
};

export const eventEndpoints = {
  listSessionEvents: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/events',
    summary: 'Facts about one session from the ledger.',
    params: z.strictObject({ id: sessionRefSchema }),
    query: eventQuerySchema,
    reply: z.object({ events: z.array(anyEventSchema), hasMore: z.boolean() }),
    errors: ['session_not_found', 'session_ambiguous'],
  }),
} as const;

/** What both ways to the feed of events take. */
export const eventStreamQuerySchema = z.strictObject({
  /** Only events of this session; its whole id. */
  session: z.uuid().optional(),
  /** Events after this id; those after the request when absent. */
  since: z.coerce.number().int().min(0).optional(),
});

/**
 * Server-sent events; not an endpoint with one reply, so mounted by hand.
 * `/events/stream?session=<id>&since=<event id>`: ledger events as they happen, resumable by `Last-Event-ID`.
 * `/sessions/:id/output/stream`: text of the pane as it is printed, without control sequences.
 */
export const streamPaths = { events: '/events/stream', output: '/sessions/:id/output/stream' } as const;

/**
 * The same events over a WebSocket, for whoever cannot read server-sent events.
 * `/events/ws?session=<id>&since=<event id>`: first `{ type: 'hello', version, lastId }`, then one text frame for each
 * event.
 */
export const socketPaths = { events: '/events/ws' } as const;
