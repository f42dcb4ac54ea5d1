import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { cwdSchema } from '../sessions/session.ts';
import { toolInputSchema } from './call.ts';
import {
  createPolicySchema,
  createPolicySetSchema,
  defaultActionSchema,
  policyFileSchema,
  policyIdSchema,
  policySchema,
  policySetSchema,
  prioritySchema,
  ruleSchema,
  rulesSchema,
  updatePolicySchema,
  updatePolicySetSchema,
} from './policy.ts';
import { verdictSchema } from './verdict.ts';

const policyRef = z.strictObject({ id: policyIdSchema });
const onePolicy = z.object({ policy: policySchema });
const oneSet = z.object({ policySet: policySetSchema });
const done = z.object({ success: z.literal(true) });
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const session = z.strictObject({ id: sessionRefSchema });
const sessionErrors = ['session_not_found', 'session_ambiguous'] as const;
const policyErrors = ['policy_not_found', 'policy_read_only'] as const;
const setErrors = ['policy_set_not_found', 'policy_read_only'] as const;

/** What a draft would change, calls of the same tool, text and change together. */
export const replayGroupSchema = z.object({
  from: z.string(),
  to: z.string(),
  tool: z.string(),
  /** The call as a person reads it. */
  text: z.string(),
  count: z.number().int(),
  /** The newest entry of the trail in the group. */
  lastSeq: z.number().int(),
  reason: z.string(),
});
export type ReplayGroup = z.infer<typeof replayGroupSchema>;

export const lintFindingSchema = z.object({
  /** unreachable: earlier rules take all it matches. contradictory: it says otherwise on the same ground as another
   * of the same priority. broad: it allows more than anybody should want. */
  kind: z.enum(['unreachable', 'contradictory', 'broad', 'useless']),
  policyId: z.string(),
  rule: z.number().int(),
  message: z.string(),
});
export type LintFinding = z.infer<typeof lintFindingSchema>;

export const policyEndpoints = {
  listPolicies: defineEndpoint({
    method: 'GET',
    path: '/policies',
    summary: 'Policies by priority, those that ship with codepiper too.',
    query: z.strictObject({
      enabled: flag.optional(),
      /** Only those of one session: its id, a prefix of it, or its name; `null` for those of none. */
      sessionId: sessionRefSchema.optional(),
    }),
    reply: z.object({ policies: z.array(policySchema) }),
    errors: sessionErrors,
  }),
  createPolicy: defineEndpoint({
    method: 'POST',
    path: '/policies',
    summary: 'Add a policy; it holds from the next call of a tool.',
    personal: true,
    body: createPolicySchema,
    reply: onePolicy,
    status: 201,
    errors: ['policy_exists', ...sessionErrors],
  }),
  getPolicy: defineEndpoint({
    method: 'GET',
    path: '/policies/:id',
    summary: 'One policy.',
    params: policyRef,
    reply: onePolicy,
    errors: ['policy_not_found'],
  }),
  updatePolicy: defineEndpoint({
    method: 'PUT',
    path: '/policies/:id',
    summary: 'Change a policy; what is left out stays.',
    personal: true,
    params: policyRef,
    body: updatePolicySchema,
    reply: onePolicy,
    errors: [...policyErrors, ...sessionErrors],
  }),
  removePolicy: defineEndpoint({
    method: 'DELETE',
    path: '/policies/:id',
    summary: 'Remove a policy, from its sets too.',
    personal: true,
    params: policyRef,
    reply: done,
    errors: policyErrors,
  }),
  listPolicySets: defineEndpoint({
    method: 'GET',
    path: '/policy-sets',
    summary: 'Policy sets, those that ship with codepiper too.',
    reply: z.object({ policySets: z.array(policySetSchema) }),
  }),
  createPolicySet: defineEndpoint({
    method: 'POST',
    path: '/policy-sets',
    summary: 'Add a policy set.',
    personal: true,
    body: createPolicySetSchema,
    reply: oneSet,
    status: 201,
    errors: ['policy_exists', 'policy_not_found'],
  }),
  getPolicySet: defineEndpoint({
    method: 'GET',
    path: '/policy-sets/:id',
    summary: 'One policy set, with its policies.',
    params: policyRef,
    reply: z.object({ policySet: policySetSchema, policies: z.array(policySchema) }),
    errors: ['policy_set_not_found'],
  }),
  updatePolicySet: defineEndpoint({
    method: 'PUT',
    path: '/policy-sets/:id',
    summary: 'Change a policy set; what is left out stays.',
    personal: true,
    params: policyRef,
    body: updatePolicySetSchema,
    reply: oneSet,
    errors: [...setErrors, 'policy_not_found'],
  }),
  removePolicySet: defineEndpoint({
    method: 'DELETE',
    path: '/policy-sets/:id',
    summary: 'Remove a policy set; its policies stay.',
    personal: true,
    params: policyRef,
    reply: done,
    errors: setErrors,
  }),
  addPolicyToSet: defineEndpoint({
    method: 'POST',
    path: '/policy-sets/:id/policies',
    summary: 'Put a policy into a set.',
    personal: true,
    params: policyRef,
    body: z.strictObject({ policyId: policyIdSchema }),
    reply: oneSet,
    errors: [...setErrors, 'policy_not_found', 'policy_exists'],
  }),
  removePolicyFromSet: defineEndpoint({
    method: 'DELETE',
    path: '/policy-sets/:id/policies/:policyId',
    summary: 'Take a policy out of a set.',
    personal: true,
    params: z.strictObject({ id: policyIdSchema, policyId: policyIdSchema }),
    reply: oneSet,
    errors: [...setErrors, 'policy_not_found'],
  }),
  listSessionPolicySets: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/policy-sets',
    summary: 'The sets applied to a session.',
    params: session,
    reply: z.object({ policySets: z.array(policySetSchema) }),
    errors: sessionErrors,
  }),
  applyPolicySet: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/policy-sets',
    summary: 'Apply a set to a session; it holds from the next call of a tool.',
    personal: true,
    params: session,
    body: z.strictObject({ policySetId: policyIdSchema }),
    reply: z.object({ policySets: z.array(policySetSchema) }),
    errors: [...sessionErrors, 'policy_set_not_found', 'policy_exists'],
  }),
  withdrawPolicySet: defineEndpoint({
    method: 'DELETE',
    path: '/sessions/:id/policy-sets/:setId',
    summary: 'Take a set from a session.',
    personal: true,
    params: z.strictObject({ id: sessionRefSchema, setId: policyIdSchema }),
    reply: z.object({ policySets: z.array(policySetSchema) }),
    errors: [...sessionErrors, 'policy_set_not_found'],
  }),
  effectivePolicies: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/effective-policies',
    summary: "Every policy that counts in a session, in the judge's order, and the default.",
    params: session,
    reply: z.object({
      policies: z.array(policySchema),
      defaultAction: defaultActionSchema,
      dangerousMode: z.boolean(),
    }),
    errors: sessionErrors,
  }),
  getSessionPolicy: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/policy',
    summary: "The session's own policy; null while it has none.",
    params: session,
    reply: z.object({ policy: policySchema.nullable() }),
    errors: sessionErrors,
  }),
  setSessionPolicy: defineEndpoint({
    method: 'PUT',
    path: '/sessions/:id/policy',
    summary: "Make or replace the session's own policy.",
    personal: true,
    params: session,
    body: z.strictObject({
      policy: z.strictObject({
        name: z.string().trim().min(1).max(100).optional(),
        enabled: z.boolean().default(true),
        priority: prioritySchema.default(50),
        rules: rulesSchema,
      }),
    }),
    reply: z.object({ policy: policySchema, action: z.enum(['created', 'updated']) }),
    errors: sessionErrors,
  }),
  getDefault: defineEndpoint({
    method: 'GET',
    path: '/policy-default',
    summary: 'What happens to calls no rule speaks of.',
    query: z.strictObject({ session: sessionRefSchema.optional() }),
    reply: z.object({ action: defaultActionSchema, from: z.enum(['session', 'daemon', 'config']) }),
    errors: sessionErrors,
  }),
  setDefault: defineEndpoint({
    method: 'PUT',
    path: '/policy-default',
    summary: 'Change that, for the daemon or for one session; null goes back.',
    personal: true,
    body: z.strictObject({ action: defaultActionSchema.nullable(), session: sessionRefSchema.optional() }),
    reply: z.object({ action: defaultActionSchema, from: z.enum(['session', 'daemon', 'config']) }),
    errors: ['setting_fixed', ...sessionErrors],
  }),
  explain: defineEndpoint({
    method: 'POST',
    path: '/policies/explain',
    summary: 'What the judge would say of a call, and why. Nothing runs, nothing is recorded.',
    body: z
      .strictObject({
        session: sessionRefSchema.optional(),
        /** In the place of a session: a directory, with the global policies and the default set. */
        cwd: cwdSchema.optional(),
        /** Policy sets in the place of the default set; with `cwd` only. */
        policySets: z.array(policyIdSchema).max(100).optional(),
        /** A kind, or the agent's own name of a tool. */
        tool: z.string().min(1).max(200),
        input: toolInputSchema,
        /** Policies that count as if they were stored, in the place of those with the same id, whatever their scope. */
        draft: policyFileSchema.optional(),
      })
      .refine((body) => (body.session === undefined) !== (body.cwd === undefined), {
        message: 'give either a session or a cwd',
      })
      .refine((body) => body.policySets === undefined || body.session === undefined, {
        path: ['policySets'],
        message: 'goes with a cwd: a session has its own',
      }),
    reply: z.object({ verdict: verdictSchema }),
    errors: [...sessionErrors, 'policy_set_not_found'],
  }),
  readRules: defineEndpoint({
    method: 'POST',
    path: '/policies/read',
    summary:
      'Reads rules from YAML or JSON as an editor has them, and says what is wrong with them. Nothing is stored.',
    // Everything waits while a long text is read; only people have editors.
    personal: true,
    body: z.strictObject({ text: z.string().max(500_000) }),
    reply: z.object({
      /** Empty when there are problems. */
      rules: z.array(ruleSchema),
      /** What is no rule, by line and column, with what was meant: `rules:3:5: rule 1: tool: …`. */
      problems: z.array(z.string()),
      /** What is a rule, but hardly what was meant; `policyId` says nothing. */
      findings: z.array(lintFindingSchema),
    }),
  }),
  lintPolicies: defineEndpoint({
    method: 'POST',
    path: '/policies/lint',
    summary:
      'Rules that can never speak, contradict each other, or allow too much: of a draft, or of what is stored.',
    body: z.strictObject({ draft: policyFileSchema.optional() }),
    reply: z.object({ findings: z.array(lintFindingSchema) }),
  }),
  replayPolicies: defineEndpoint({
    method: 'POST',
    path: '/policies/replay',
    summary: 'The audit trail against a draft: what would have been decided otherwise.',
    body: z.strictObject({
      draft: policyFileSchema,
      defaultAction: defaultActionSchema.optional(),
      since: z.iso.datetime({ offset: true }).optional(),
    }),
    reply: z.object({
      calls: z.number().int(),
      unchanged: z.number().int(),
      groups: z.array(replayGroupSchema),
    }),
  }),
} as const;
