import { z } from 'zod';
import { toolInputSchema, toolKindSchema } from '../policies/call.ts';
import { ruleSchema } from '../policies/policy.ts';
import { verdictSchema } from '../policies/verdict.ts';

/**
 * pending: the agent waits. approved, denied: answered. expired: nobody answered in time, so it was denied.
 * withdrawn: the agent gave up waiting, its session ended, or the terminal's own dialog was answered first.
 */
export const approvalStatuses = ['pending', 'approved', 'denied', 'expired', 'withdrawn'] as const;
export const approvalStatusSchema = z.enum(approvalStatuses);
export type ApprovalStatus = z.infer<typeof approvalStatusSchema>;

/** tool: a tool wants to run. question: the agent asks something. plan: the agent shows a plan. */
export const approvalKindSchema = z.enum(['tool', 'question', 'plan']);
export type ApprovalKind = z.infer<typeof approvalKindSchema>;

/** One question of an agent, with the answers it proposes; free text is an answer too. */
export const questionSchema = z.object({
  question: z.string(),
  header: z.string().nullable(),
  options: z.array(z.object({ label: z.string(), description: z.string().nullable() })),
  multiSelect: z.boolean(),
});
export type Question = z.infer<typeof questionSchema>;

/** How far an approval goes. once: this call. session: calls like it in this session. always: everywhere. */
export const grantSchema = z.enum(['once', 'session', 'always']);
export type Grant = z.infer<typeof grantSchema>;

export const approvalSchema = z.object({
  id: z.uuid(),
  sessionId: z.string(),
  sessionName: z.string().nullable(),
  provider: z.string(),
  cwd: z.string(),
  kind: approvalKindSchema,
  tool: z.string(),
  toolKind: toolKindSchema,
  /** The agent's id of the call; null where the agent gives none. */
  callId: z.string().nullable(),
  /** SHA-256 of the canonical input the answer is bound to. */
  inputHash: z.string(),
  /** Exactly what the tool would get, while pending; afterwards with secrets replaced. */
  input: toolInputSchema,
  /** One line: what the agent wants. */
  summary: z.string(),
  /** A unified diff, where the call changes files. */
  diff: z.string().nullable(),
  questions: z.array(questionSchema),
  verdict: verdictSchema,
  /** The narrowest rule that would allow this call; null where there is none (questions). */
  suggestion: ruleSchema.nullable(),
  status: approvalStatusSchema,
  /** Whether the agent shows a dialog of its own in its terminal, which may be answered there too. */
  inTerminal: z.boolean(),
  askedAt: z.iso.datetime(),
  /** When it is denied if nobody answers; null never. */
  expiresAt: z.iso.datetime().nullable(),
  /** Whether it has waited longer than the `approvals.agingAfter` setting. */
  aging: z.boolean(),
  settledAt: z.iso.datetime().nullable(),
  /** Who answered: `cli`, `dashboard`, `terminal`, `rule`, `timeout`, `agent`, `session`. */
  settledBy: z.string().nullable(),
  grant: grantSchema.nullable(),
  note: z.string().nullable(),
});
export type Approval = z.infer<typeof approvalSchema>;
