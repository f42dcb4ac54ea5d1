import { z } from 'zod';
import { toolKindSchema } from '../policies/call.ts';
import { partTraceSchema, ruleRefSchema } from '../policies/verdict.ts';

/**
 * What an entry says. allow, deny: the tool may run, or may not. ask: a person was asked. agent: left to the agent's
 * own rules. change: somebody changed what decides (a policy, a set, a default, dangerous mode).
 */
export const decisionKinds = ['allow', 'deny', 'ask', 'agent', 'change'] as const;
export const decisionKindSchema = z.enum(decisionKinds);
export type DecisionKind = z.infer<typeof decisionKindSchema>;

/**
 * Who decided. rule: a rule. default: no rule spoke. user: a person, over the API. terminal: a person, in the agent's
 * own dialog. timeout: nobody answered in time. dangerous: dangerous mode. agent: the agent gave up or went on by
 * itself. daemon: a fault, or a restart.
 */
export const deciderSchema = z.enum([
  'rule',
  'default',
  'user',
  'terminal',
  'timeout',
  'dangerous',
  'agent',
  'daemon',
]);
export type Decider = z.infer<typeof deciderSchema>;

/** One entry of the audit trail. Entries are only ever added; `hash` covers the entry and the `hash` before it. */
export const decisionSchema = z.object({
  /** Place in the chain, from 1 without gaps. */
  seq: z.number().int(),
  at: z.iso.datetime(),
  /** Null for a change that concerns no session. Outlives the session. */
  sessionId: z.string().nullable(),
  sessionName: z.string().nullable(),
  provider: z.string().nullable(),
  decision: decisionKindSchema,
  by: deciderSchema,
  /** Who more closely: a person's surface (`cli`, `dashboard`), or null. */
  who: z.string().nullable(),
  tool: z.string().nullable(),
  toolKind: toolKindSchema.nullable(),
  /** The agent's id of the call. */
  callId: z.string().nullable(),
  /** SHA-256 of the canonical input before anything was redacted. */
  inputHash: z.string().nullable(),
  /** The input, secrets replaced. */
  input: z.record(z.string(), z.unknown()).nullable(),
  /** Directory of the call. */
  cwd: z.string().nullable(),
  rule: ruleRefSchema.nullable(),
  reason: z.string(),
  parts: z.array(partTraceSchema),
  approvalId: z.string().nullable(),
  /** From the hook's arrival to the decision, in milliseconds; null where no hook waited. */
  latencyMs: z.number().nullable(),
  hash: z.string(),
});
export type Decision = z.infer<typeof decisionSchema>;
