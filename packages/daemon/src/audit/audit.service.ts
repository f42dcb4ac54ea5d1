import type { Decider, DecisionKind } from '@codepiper/core/audit/decision.ts';
import type { ToolKind } from '@codepiper/core/policies/call.ts';
import type { PartTrace, RuleRef } from '@codepiper/core/policies/verdict.ts';
import type { Tx } from '../db/database.ts';

/** An entry to be. What is left out is null, or empty. */
export interface NewDecision {
  decision: DecisionKind;
  by: Decider;
  reason: string;
  who?: string | null;
  session?: { id: string; name: string | null; provider: string } | null;
  tool?: string | null;
  toolKind?: ToolKind | null;
  callId?: string | null;
  /** As the agent gave it: hashed as it is, stored with secrets replaced. */
  input?: Readonly<Record<string, unknown>> | null;
  cwd?: string | null;
  rule?: RuleRef | null;
  parts?: readonly PartTrace[];
  approvalId?: string | null;
  latencyUs?: number | null;
}

/** What other rooms need of the audit trail. */
export interface AuditTrail {
  /** Adds an entry to the chain, in the transaction of what it is about. */
  append(tx: Tx, entry: NewDecision): Promise<void>;
}
