import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { decisionKindSchema, decisionSchema } from './decision.ts';

export const auditQuerySchema = z.strictObject({
  /** Id of a session, removed ones too. */
  sessionId: z.string().min(1).max(80).optional(),
  decision: decisionKindSchema.optional(),
  /** Kind or the agent's own name of a tool. */
  tool: z.string().min(1).max(200).optional(),
  /** The agent's id of a call. */
  callId: z.string().min(1).max(200).optional(),
  /** Only entries after this time. */
  since: z.iso.datetime({ offset: true }).optional(),
  /** Only entries up to this time. */
  until: z.iso.datetime({ offset: true }).optional(),
  /** Only entries before this place in the chain. */
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

/** One end of the trail; `at` is null for what no clock has shown. */
const trailEndSchema = z.object({ seq: z.number().int(), at: z.iso.datetime().nullable() });

/** What reading the whole trail against its hashes and signed checkpoints found. */
export const trailStateSchema = z.object({
  intact: z.boolean(),
  entries: z.number().int(),
  first: trailEndSchema.nullable(),
  last: trailEndSchema.extend({ hash: z.string() }).nullable(),
  checkpoints: z.number().int(),
  /** The last entry that is signed; 0 for none. */
  signedUpTo: z.number().int(),
  /** The first ones; `seq` is null where it is about no entry in particular. */
  findings: z.array(z.object({ seq: z.number().int().nullable(), what: z.string() })),
  /** All of them. */
  findingCount: z.number().int(),
  checkedAt: z.iso.datetime(),
});
export type TrailState = z.infer<typeof trailStateSchema>;

export const auditEndpoints = {
  listDecisions: defineEndpoint({
    method: 'GET',
    path: '/policy-decisions',
    summary: 'The audit trail, newest first.',
    query: auditQuerySchema,
    reply: z.object({ decisions: z.array(decisionSchema), hasMore: z.boolean() }),
  }),
  verifyTrail: defineEndpoint({
    method: 'GET',
    path: '/policy-decisions/verification',
    summary: 'Reads the whole audit trail, and says whether anything in it was changed.',
    personal: true,
    reply: trailStateSchema,
    errors: ['unsupported'],
  }),
} as const;
