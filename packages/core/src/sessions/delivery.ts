import { z } from 'zod';
import { evidenceSchema, promptSchema, sessionIdSchema } from './session.ts';

/**
 * queued: waits until the agent is ready. typed: in the pane, not yet proven; with an `error` when nothing proved it in
 * time, and a proof that comes later still counts. delivered: proven by evidence. failed: its session ended, or it could
 * not be typed, before that (see `error`).
 */
export const deliveryStatusSchema = z.enum(['queued', 'typed', 'delivered', 'failed', 'cancelled']);
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;

/** prompt: text for the agent. command: one of the agent's own slash commands. draft: text without Enter. */
export const deliveryKindSchema = z.enum(['prompt', 'command', 'draft']);
export type DeliveryKind = z.infer<typeof deliveryKindSchema>;

export const deliverySchema = z.object({
  id: z.uuid(),
  sessionId: sessionIdSchema,
  kind: deliveryKindSchema,
  status: deliveryStatusSchema,
  /** First 200 characters of the text. */
  preview: z.string(),
  bytes: z.number().int(),
  idempotencyKey: z.string().nullable(),
  createdAt: z.iso.datetime(),
  typedAt: z.iso.datetime().nullable(),
  settledAt: z.iso.datetime().nullable(),
  evidence: evidenceSchema.nullable(),
  error: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** What `send` answers: accepted = queued or typed, proof still to come; timed_out = typed, no proof in time. */
export const sendOutcomeSchema = z.enum(['accepted', 'delivered', 'timed_out', 'failed']);
export type SendOutcome = z.infer<typeof sendOutcomeSchema>;

export const sendSchema = z.strictObject({
  text: promptSchema,
  /** Whether Enter follows the text. */
  newline: z.boolean().default(true),
  /** The same key with the same text is delivered once, however often it is sent. */
  idempotencyKey: z.string().min(1).max(200).optional(),
  /** How long the answer may wait for the outcome, in milliseconds. 0 answers `accepted` at once. */
  waitMs: z.number().int().min(0).max(600_000).default(0),
});
