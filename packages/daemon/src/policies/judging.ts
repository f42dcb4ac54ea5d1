import type { ToolCall } from '@codepiper/core/policies/call.ts';
import type { DefaultAction, Policy, Rule } from '@codepiper/core/policies/policy.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent } from '../events/ledger.ts';

/** The session a call is made in, as rules see it. */
export interface JudgedSession {
  id: string;
  name: string | null;
  /** Directory it was started in. */
  cwd: string;
  policySets: readonly string[];
  policyDefault: DefaultAction | null;
  dangerousMode: boolean;
}

/** What other rooms need of the policies. */
export interface Judge {
  /** Grows with every change of the policies: what was judged by the same edition would be judged the same again. */
  readonly edition: number;
  /** Whether any rule is in force for a session: without one a verdict can only be a default. */
  hasRules(session: JudgedSession): boolean;
  /** The verdict on a call, from what is in memory: no waiting. `cwd`: directory of the call. */
  judge(session: JudgedSession, call: ToolCall, cwd: string): Verdict;
  /** The same by one rule alone; whether it allows the call. */
  allows(rule: Rule, session: JudgedSession, call: ToolCall, cwd: string): boolean;
  /** The narrowest rule that allows the call; null when none can. */
  suggest(session: JudgedSession, call: ToolCall, cwd: string): Rule | null;
  /**
   * Adds a rule to the policy that holds a session's (or, with null, everybody's) answers to approvals, in the
   * transaction of the answer. Call `refresh` after it committed.
   */
  keepRule(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string | null,
    rule: Rule,
    who: string | null,
  ): Promise<Policy>;
  /** Makes or ends (null) the policy that answers every question of a session with yes until then. */
  keepTrust(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string,
    until: number | null,
    who: string | null,
  ): Promise<Policy | null>;
  /** Reads the policies anew. */
  refresh(): Promise<void>;
}
