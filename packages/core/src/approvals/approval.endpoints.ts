import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { policySchema, ruleSchema } from '../policies/policy.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { approvalKindSchema, approvalSchema, approvalStatuses, grantSchema } from './approval.ts';

/** A whole id, or the unique beginning of one; what is pending goes before what was settled. */
const ref = z.strictObject({ id: z.string().min(1).max(80) });
const one = z.object({ approval: approvalSchema });
const refErrors = ['approval_not_found', 'approval_ambiguous'] as const;
const answerErrors = [...refErrors, 'approval_settled'] as const;
const noteSchema = z.string().trim().min(1).max(2000);

export const approveSchema = z.strictObject({
  grant: grantSchema.default('once'),
  note: noteSchema.optional(),
  /** For `session` and `always`: the rule to keep, in the place of the suggestion. It must allow this very call. */
  rule: ruleSchema.optional(),
  /** For a question: the answer to each, a label or free text, by the question's words. */
  answers: z.record(z.string().min(1).max(2000), z.string().min(1).max(10_000)).optional(),
});
export type Approve = z.infer<typeof approveSchema>;

export const approvalEndpoints = {
  listApprovals: defineEndpoint({
    method: 'GET',
    path: '/approvals',
    summary: 'What waits for a person, oldest first; with another status, what was answered, newest first.',
    query: z.strictObject({
      session: sessionRefSchema.optional(),
      /** `settled` for all that is not pending any more. */
      status: z.enum([...approvalStatuses, 'settled']).default('pending'),
      kind: approvalKindSchema.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    reply: z.object({ approvals: z.array(approvalSchema) }),
    errors: ['session_not_found', 'session_ambiguous'],
  }),
  getApproval: defineEndpoint({
    method: 'GET',
    path: '/approvals/:id',
    summary: 'One approval.',
    params: ref,
    reply: one,
    errors: refErrors,
  }),
  proposeRule: defineEndpoint({
    method: 'POST',
    path: '/approvals/:id/proposal',
    summary: 'The rule `session` or `always` would keep, what it matches of the past, and a near miss.',
    params: ref,
    /** Another rule to look at than the suggestion. */
    body: z.strictObject({ rule: ruleSchema.optional() }),
    reply: z.object({
      rule: ruleSchema,
      /** Whether it allows the call it is for. */
      allowsThis: z.boolean(),
      /** Past calls of the audit trail that it would have allowed, newest first. */
      matches: z.array(z.string()),
      /** Calls like this one that it would not allow. */
      nearMisses: z.array(z.string()),
    }),
    errors: refErrors,
  }),
  approve: defineEndpoint({
    method: 'POST',
    path: '/approvals/:id/approve',
    summary: 'Let the tool run, or answer the question.',
    personal: true,
    params: ref,
    body: approveSchema,
    reply: z.object({ approval: approvalSchema, policy: policySchema.nullable() }),
    errors: answerErrors,
  }),
  deny: defineEndpoint({
    method: 'POST',
    path: '/approvals/:id/deny',
    summary: 'Refuse; the reason reaches the model.',
    personal: true,
    params: ref,
    body: z.strictObject({ reason: noteSchema.optional() }),
    reply: one,
    errors: answerErrors,
  }),
  approveLike: defineEndpoint({
    method: 'POST',
    path: '/approvals/:id/approve-like',
    summary: 'Approve, once each, every pending approval that the suggested rule of this one allows.',
    personal: true,
    params: ref,
    body: z.strictObject({ note: noteSchema.optional() }),
    reply: z.object({ approvals: z.array(approvalSchema) }),
    errors: answerErrors,
  }),
  trustSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/trust',
    summary: 'Answer every question of the rules in this session with yes until a time; denials still hold.',
    personal: true,
    params: z.strictObject({ id: sessionRefSchema }),
    body: z.strictObject({
      /** How long, in seconds: up to a day. 0 ends the trust. */
      seconds: z.number().int().min(0).max(86_400),
    }),
    reply: z.object({ policy: policySchema.nullable(), approvals: z.array(approvalSchema) }),
    errors: ['session_not_found', 'session_ambiguous', 'session_ended'],
  }),
} as const;
