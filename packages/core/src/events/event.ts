import { z } from 'zod';

export const eventSources = [
  'session',
  'delivery',
  'hook',
  'approval',
  'policy',
  'auth',
  'notification',
  'daemon',
] as const;
const eventSourceSchema = z.enum(eventSources);
export type EventSource = z.infer<typeof eventSourceSchema>;

/** One fact of the ledger. `id` is its place in the one monotone sequence. */
export const eventSchema = z.object({
  id: z.number().int(),
  sessionId: z.string().nullable(),
  timestamp: z.iso.datetime(),
  source: eventSourceSchema,
  type: z.string(),
  payload: z.record(z.string(), z.unknown()),
});
export type LedgerEvent = z.infer<typeof eventSchema>;

/** Where an event comes from: the ledger, or a transcript. No row of the ledger has the source `transcript`. */
export const anySourceSchema = z.enum([...eventSources, 'transcript']);

/**
 * An event of either kind. One of a transcript is an entry of a conversation: `type` is its kind, `payload` the entry,
 * and `id` the entry's own, in a sequence beside the ledger's.
 */
export const anyEventSchema = eventSchema.extend({ source: anySourceSchema });
export type AnyEvent = z.infer<typeof anyEventSchema>;

export const transcriptEventSchema = eventSchema.extend({ source: z.literal('transcript') });
export type TranscriptEvent = z.infer<typeof transcriptEventSchema>;
