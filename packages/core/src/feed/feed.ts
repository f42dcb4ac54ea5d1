import { z } from 'zod';
import type { LedgerEvent } from '../events/event.ts';
import type { FleetEvent } from '../fleet/fleet.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { entryStreamQuerySchema } from '../transcripts/conversation.endpoints.ts';
import type { Entry } from '../transcripts/conversation.ts';

/**
 * What one WebSocket brings: facts of the ledger, cards of the fleet, entries of a session's conversations. Each topic
 * goes on where the reader was.
 */
const feedTopicSchema = z.discriminatedUnion('topic', [
  /** Facts after `since`; those from now on when absent. */
  z.strictObject({ topic: z.literal('events'), since: z.number().int().min(0).optional() }),
  /** All cards, then each that changes. */
  z.strictObject({ topic: z.literal('fleet') }),
  /** Entries as `GET /sessions/:id/conversation/stream` sends them. */
  entryStreamQuerySchema.extend({ topic: z.literal('conversation'), session: sessionRefSchema }),
]);
/** As a reader asks for it. */
export type FeedTopic = z.input<typeof feedTopicSchema>;

const idSchema = z.number().int().min(1).max(1_000_000);

/** What a reader says. `id` is its own number for a topic. */
export const feedRequestSchema = z.union([
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('unsubscribe'), id: idSchema }),
  z.strictObject({ type: z.literal('subscribe'), id: idSchema, to: feedTopicSchema }),
]);
export type FeedRequest = z.infer<typeof feedRequestSchema>;

/** What the daemon says. */
export type FeedMessage =
  | { type: 'hello'; version: 1; lastId: number }
  | { type: 'pong' }
  | { type: 'event'; id: number; event: LedgerEvent }
  | { type: 'fleet'; id: number; fleet: FleetEvent }
  | { type: 'entry'; id: number; entry: Entry }
  /** The topic is over: it could not be had, or a fault ended it. */
  | { type: 'error'; id: number; code: string; message: string };

export const feedPaths = { socket: '/feed/ws' } as const;
