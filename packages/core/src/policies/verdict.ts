import { z } from 'zod';
import { toolKindSchema } from './call.ts';
import { actionSchema } from './policy.ts';

/** The rule a verdict rests on. `index` counts from 0 within its policy. */
export const ruleRefSchema = z.object({
  policyId: z.string(),
  policyName: z.string(),
  index: z.number().int(),
  reason: z.string().nullable(),
});
export type RuleRef = z.infer<typeof ruleRefSchema>;

/** What was decided about one part of a call, and why. */
export const partTraceSchema = z.object({
  kind: toolKindSchema,
  /** The part as a person reads it: `git push origin main`, `write /etc/hosts`. */
  text: z.string(),
  action: z.enum(['allow', 'deny', 'ask', 'agent', 'none']),
  /** rule: a rule spoke. default: none did. unknown: what it does is only known when it runs. */
  basis: z.enum(['rule', 'default', 'unknown']),
  rule: ruleRefSchema.nullable(),
  /** Why, in a sentence. */
  why: z.string(),
});
export type PartTrace = z.infer<typeof partTraceSchema>;

/**
 * What the judge says of one call. `agent`: no rule speaks, and the default leaves it to the agent's own rules.
 */
export const verdictSchema = z.object({
  action: z.enum([...actionSchema.options, 'agent']),
  /** Why, in a sentence: for the person who is asked, for the model that is denied, for the audit. */
  reason: z.string(),
  /** rule: a rule. default: no rule spoke. unknown: part of it cannot be known. dangerous: dangerous mode. */
  basis: z.enum(['rule', 'default', 'unknown', 'dangerous']),
  rule: ruleRefSchema.nullable(),
  parts: z.array(partTraceSchema),
});
export type Verdict = z.infer<typeof verdictSchema>;
