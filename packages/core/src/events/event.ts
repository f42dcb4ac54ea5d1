import { z } from 'zod';

export const eventSources = ['session', 'delivery', 'hook', 'approval', 'policy', 'daemon'] as const;
export const eventSourceSchema = z.enum(eventSources);
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
