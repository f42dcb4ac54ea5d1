import { z } from 'zod';
import { approvalSchema } from '../approvals/approval.ts';
import { sessionIdSchema, sessionSchema } from '../sessions/session.ts';

const time = z.iso.datetime();
const count = z.number().int();

/** Longest text of a line on a card, in UTF-16 code units. */
export const cardTextLength = 200;
const line = z.string().max(cardTextLength);

/** Where a session works. */
export const repositorySchema = z.object({
  /** Folder of the working tree; of a linked worktree its own. */
  root: z.string(),
  /** Name of the repository's folder; of a linked worktree that of the repository it belongs to. */
  name: z.string(),
  /** Null when no branch is checked out. */
  branch: z.string().nullable(),
  /** A linked worktree of another folder's repository. */
  isWorktree: z.boolean(),
});
export type Repository = z.infer<typeof repositorySchema>;

/**
 * tool: a call runs. thinking: the model thinks. text: what the agent said last. prompt: what it was told last, and has
 * not answered yet.
 */
export const doingSchema = z.object({
  kind: z.enum(['tool', 'text', 'prompt', 'thinking']),
  /** One line. */
  text: line,
  since: time,
});
export type Doing = z.infer<typeof doingSchema>;

export const cardCostSchema = z.object({
  /** US dollars by the prices of the API; null when nothing in it has a price. */
  usd: z.number().nullable(),
  /** Something in it has no price: it is this much at least. */
  isEstimate: z.boolean(),
  /** Nobody is billed for it by the token: it is what it would have cost. */
  isSubscription: z.boolean(),
});
export type CardCost = z.infer<typeof cardCostSchema>;

/** One session as the fleet page shows it. What is not known is null. */
export const fleetCardSchema = z.object({
  session: sessionSchema,
  repository: repositorySchema.nullable(),
  /** What the agent does now, or did last. */
  doing: doingSchema.nullable(),
  /** The last line that is not blank, without control sequences: of a shell on its screen, of an agent in its words. */
  lastLine: line.nullable(),
  /** The turn that runs. */
  turn: z.object({ startedAt: time }).nullable(),
  /** Since when the session is in its status, and its activity. */
  statusSince: time,
  cost: cardCostSchema.nullable(),
  /** Of all its conversations: each token in one class only. */
  tokens: count.nullable(),
  /** Tokens that the model read at the last response of the session's own agent, and how many it can. */
  context: z.object({ used: count, size: count.nullable() }).nullable(),
  /** The oldest approval that waits for a person. */
  approval: approvalSchema.nullable(),
});
export type FleetCard = z.infer<typeof fleetCardSchema>;

export const fleetSchema = z.object({
  /** Newest session first. */
  cards: z.array(fleetCardSchema),
  at: time,
});
export type Fleet = z.infer<typeof fleetSchema>;

/** What `GET /fleet/stream` sends: state, not history. A reader that comes back begins with a snapshot again. */
export const fleetEventSchema = z.discriminatedUnion('type', [
  /** All there is; the first event. */
  z.object({ type: z.literal('snapshot'), fleet: fleetSchema }),
  /** A card as it is now, of a session that changed or is new. */
  z.object({ type: z.literal('card'), card: fleetCardSchema }),
  /** The session was forgotten. */
  z.object({ type: z.literal('removed'), sessionId: sessionIdSchema }),
]);
export type FleetEvent = z.infer<typeof fleetEventSchema>;
