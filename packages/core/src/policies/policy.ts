import { z } from 'zod';
import { globProblem } from './glob.ts';

/** allow: the tool runs. deny: it does not. ask: a person decides. */
export const actionSchema = z.enum(['allow', 'deny', 'ask'], {
  error: ({ input }) => (input === undefined ? 'is missing' : undefined),
});
export type Action = z.infer<typeof actionSchema>;

/**
 * What happens to a call that no rule speaks of. ask: a person decides. deny: it does not run. agent: the agent's own
 * rules and prompts decide, as if codepiper were not there.
 */
export const defaultActionSchema = z.enum(['ask', 'deny', 'agent']);
export type DefaultAction = z.infer<typeof defaultActionSchema>;

const globSchema = z
  .string()
  .min(1, 'a pattern needs at least one character')
  .max(2000, 'a pattern has at most 2000 characters')
  .superRefine((pattern, context) => {
    const problem = globProblem(pattern);
    if (problem) context.addIssue({ code: 'custom', message: `the pattern "${pattern}" ${problem}` });
  });

/**
 * One glob or several: the value must match one of them, and none that begins with `!`. A list of negatives alone
 * matches whatever they do not.
 */
export const patternSchema = z.union(
  [globSchema, z.array(globSchema).min(1, 'a list of patterns needs at least one').max(200)],
  'a pattern is a text or a list of texts',
);
export type Pattern = z.infer<typeof patternSchema>;

export const ruleSchema = z.strictObject({
  action: actionSchema,
  /** Kind (`shell`, `read`, …) or the agent's own name of the tool. */
  tool: patternSchema.optional(),
  /**
   * Arguments of a part of the call, every one of which must match. For all parts: `path`, the real paths it touches.
   * For commands: `command`, its words without quotes; `program`, the name of what runs; `line`, the whole command
   * line as written. For `fetch`: `url`, `host`. For `mcp`: `server`, `name`; `arguments`, all of them as canonical
   * JSON. Beside them the agent's own argument names; those called `path` or `…_path` are real paths too.
   */
  args: z
    .record(z.string().min(1).max(200), patternSchema)
    .refine((args) => Object.keys(args).length > 0, 'args is empty: leave it out to match any arguments')
    .optional(),
  /** Directory of the call. */
  cwd: patternSchema.optional(),
  /** Id or name of the session. */
  session: patternSchema.optional(),
  /** Said to the person who is asked, and to the model when the rule denies. */
  reason: z.string().min(1).max(1000).optional(),
});
export type Rule = z.infer<typeof ruleSchema>;

export const rulesSchema = z.array(ruleSchema).min(1, 'a policy needs at least one rule').max(1000);

export const policyIdSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]*$/,
    'an id has letters, digits and ._:- and starts with a letter or digit',
  );

const policyNameSchema = z.string().trim().min(1).max(100);
export const prioritySchema = z.number().int().min(-1_000_000).max(1_000_000);

/**
 * Where a policy holds. global: everywhere. set: in the sessions its policy sets are applied to. session: in one.
 */
export const scopeSchema = z.enum(['global', 'set', 'session']);
export type Scope = z.infer<typeof scopeSchema>;

/** Who wrote it. starter: ships with codepiper. file: the configured rules file. approval: an answer to an approval. */
export const policySourceSchema = z.enum(['user', 'starter', 'file', 'approval']);

export const policySchema = z.object({
  id: policyIdSchema,
  name: z.string(),
  description: z.string().nullable(),
  enabled: z.boolean(),
  /** Higher is asked first; the same priority goes by age, then id. */
  priority: z.number().int(),
  scope: scopeSchema,
  /** The session of a `session` policy. */
  sessionId: z.string().nullable(),
  rules: z.array(ruleSchema),
  source: policySourceSchema,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** From then on it does not count; null for ever. */
  expiresAt: z.iso.datetime().nullable(),
});
export type Policy = z.infer<typeof policySchema>;

export const createPolicySchema = z.strictObject({
  /** Made up when absent. */
  id: policyIdSchema.optional(),
  name: policyNameSchema,
  description: z.string().max(1000).nullable().optional(),
  enabled: z.boolean().default(true),
  priority: prioritySchema.default(0),
  /** Default: `session` with a `sessionId`, else `global`. */
  scope: scopeSchema.optional(),
  /** Id, prefix or name of a session. */
  sessionId: z.string().min(1).max(80).nullable().optional(),
  rules: rulesSchema,
  expiresAt: z.iso.datetime().nullable().optional(),
});
export type CreatePolicy = z.infer<typeof createPolicySchema>;

export const updatePolicySchema = z
  .strictObject({
    name: policyNameSchema.optional(),
    description: z.string().max(1000).nullable().optional(),
    enabled: z.boolean().optional(),
    priority: prioritySchema.optional(),
    scope: scopeSchema.optional(),
    sessionId: z.string().min(1).max(80).nullable().optional(),
    rules: rulesSchema.optional(),
    expiresAt: z.iso.datetime().nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'nothing to change: give at least one field');
export type UpdatePolicy = z.infer<typeof updatePolicySchema>;

export const policySetSchema = z.object({
  id: policyIdSchema,
  name: z.string(),
  description: z.string().nullable(),
  /** Applied to every new session that names no set; at most one is. */
  isDefault: z.boolean(),
  policyIds: z.array(policyIdSchema),
  source: policySourceSchema,
});
export type PolicySet = z.infer<typeof policySetSchema>;

export const createPolicySetSchema = z.strictObject({
  id: policyIdSchema.optional(),
  name: policyNameSchema,
  description: z.string().max(1000).nullable().optional(),
  isDefault: z.boolean().default(false),
  policyIds: z.array(policyIdSchema).max(1000).default([]),
});
export type CreatePolicySet = z.infer<typeof createPolicySetSchema>;

export const updatePolicySetSchema = z
  .strictObject({
    name: policyNameSchema.optional(),
    description: z.string().max(1000).nullable().optional(),
    isDefault: z.boolean().optional(),
    policyIds: z.array(policyIdSchema).max(1000).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'nothing to change: give at least one field');
export type UpdatePolicySet = z.infer<typeof updatePolicySetSchema>;

/** A file of rules: one policy, several, or whole sets; `policy create --file`, `policies.file`, `policy replay`. */
export const policyFileSchema = z.strictObject({
  policies: z
    .array(
      createPolicySchema.omit({ sessionId: true, expiresAt: true }).extend({ id: policyIdSchema.optional() }),
    )
    .max(1000),
});
export type PolicyFile = z.infer<typeof policyFileSchema>;
