import { z } from 'zod';
import { type ToolInput, toolInputSchema } from './call.ts';
import { defaultActionSchema, policyFileSchema, policyIdSchema } from './policy.ts';
import type { Verdict } from './verdict.ts';

const caseSchema = z
  .strictObject({
    name: z.string().min(1).max(300).optional(),
    /** A kind, or the agent's own name of a tool. */
    tool: z.string().min(1).max(200),
    /** Short for `input: { command }`. */
    command: z.string().min(1).optional(),
    input: toolInputSchema.optional(),
    /** Directory of the call; the workspace when absent. Relative to it. */
    cwd: z.string().min(1).optional(),
    expect: z.enum(['allow', 'deny', 'ask', 'agent']),
    /** Why that is expected; shown when it is not so. */
    because: z.string().min(1).optional(),
  })
  .refine((one) => one.command === undefined || one.input === undefined, {
    message: 'give either a command or an input, not both',
  });

/** A file of `policy test`: rules, and calls with the verdict they should get. */
export const caseFileSchema = z.strictObject({
  ...policyFileSchema.partial().shape,
  /** Policy sets that count beside the policies. */
  sets: z.array(policyIdSchema).max(100).optional(),
  /** What happens to calls no rule speaks of; `ask` when absent. */
  default: defaultActionSchema.optional(),
  /** Directory the calls are made in; the caller's choice when absent. */
  workspace: z.string().min(1).optional(),
  cases: z.array(caseSchema).min(1, 'a file of cases needs at least one case').max(10_000),
});
export type CaseFile = z.infer<typeof caseFileSchema>;
export type PolicyCase = z.infer<typeof caseSchema>;

export interface CaseResult {
  /** Its name, or what it calls. */
  name: string;
  case: PolicyCase;
  verdict: Verdict;
  passed: boolean;
}

/** Input of the call a case makes. */
export function caseInput(one: PolicyCase): ToolInput {
  return one.command === undefined ? (one.input ?? {}) : { command: one.command };
}

/** Holds every case against what `decide` says of it, in the order of the file. */
export function runCases(file: CaseFile, decide: (one: PolicyCase) => Verdict): CaseResult[] {
  return file.cases.map((one) => {
    const verdict = decide(one);
    const name = one.name ?? `${one.tool} ${one.command ?? JSON.stringify(caseInput(one))}`;
    return { name, case: one, verdict, passed: verdict.action === one.expect };
  });
}
