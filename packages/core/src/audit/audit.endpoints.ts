import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { decisionKindSchema, decisionSchema } from './decision.ts';

export const auditQuerySchema = z.strictObject({
  /** Id of a session, removed ones too. */
  sessionId: z.string().min(1).max(80).optional(),
  decision: decisionKindSchema.optional(),
  /** Kind or the agent's own name of a tool. */
  tool: z.string().min(1).max(200).optional(),
  /** Only entries after this time. */
  since: z.iso.datetime({ offset: true }).optional(),
  /** Only entries before this place in the chain. */
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

export const auditEndpoints = {
  listDecisions: defineEndpoint({
    method: 'GET',
    path: '/policy-decisions',
    summary: 'The audit trail, newest first.',
    query: auditQuerySchema,
    reply: z.object({ decisions: z.array(decisionSchema), hasMore: z.boolean() }),
  }),
} as const;
