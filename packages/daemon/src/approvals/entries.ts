import type { Decider } from '@codepiper/core/audit/decision.ts';
import type { ToolInput } from '@codepiper/core/policies/call.ts';
import type { NewDecision } from '../audit/audit.service.ts';
import type { NewEvent } from '../events/ledger.ts';
import type { JudgedSession } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { ApprovalRecord } from './approvals.store.ts';
import type { Ask } from './asking.ts';

/** A session as the judge sees it. */
export function judged(session: SessionRecord): JudgedSession {
  const { id, name, cwd, policySets, policyDefault, launch } = session;
  return { id, name, cwd, policySets, policyDefault, dangerousMode: launch.dangerousMode };
}

/** What every entry of the audit trail about an approval says. */
export function about(record: ApprovalRecord): Omit<NewDecision, 'decision' | 'by' | 'reason'> {
  const { id, sessionId, sessionName, provider, tool, toolKind, callId, cwd, verdict } = record;
  return {
    session: { id: sessionId, name: sessionName, provider },
    tool,
    toolKind,
    callId,
    cwd,
    parts: verdict.parts,
    approvalId: id,
  };
}

/** Who asks for a person: our rules, or the agent by itself. */
export function asker({ kind, inTerminal, verdict }: Ask): Decider {
  if (inTerminal || kind !== 'tool') return 'agent';
  return verdict.basis === 'unknown' ? 'default' : verdict.basis;
}

export function approvalEvent(
  { sessionId }: Pick<ApprovalRecord, 'sessionId'>,
  type: 'approval.asked' | 'approval.settled',
  payload: Record<string, unknown>,
): NewEvent {
  return { sessionId, source: 'approval', type, payload };
}

/** Microseconds since a time of `performance.now()`. */
export function since(arrivedAt: number): number {
  return Math.max(0, Math.round((performance.now() - arrivedAt) * 1000));
}

/**
 * The pending approval a call that went on belongs to. By its id where both have one; a dialog of the agent has none,
 * and is known by its input, the oldest first.
 */
export function findOf(
  open: readonly ApprovalRecord[],
  call: { callId: string | null; inputHash: string },
): ApprovalRecord | undefined {
  const sameCall = open.find(({ callId }) => callId !== null && callId === call.callId);
  const sameInput = ({ callId, inTerminal, inputHash }: ApprovalRecord) =>
    inTerminal && inputHash === call.inputHash && (callId === null || call.callId === null);
  return sameCall ?? open.find(sameInput);
}

/** What of an approval is kept once it is settled. */
export function withoutSecrets(
  record: ApprovalRecord,
  redact: (input: ToolInput) => ToolInput,
): Pick<ApprovalRecord, 'input' | 'diff' | 'verdict' | 'suggestion'> {
  const { diff } = redact({ diff: record.diff });
  // Of what is too large nothing is left.
  const { verdict = { ...record.verdict, parts: [] } } = redact({ verdict: record.verdict });
  const { suggestion = null } = redact({ suggestion: record.suggestion });
  return {
    input: redact(record.input),
    diff: typeof diff === 'string' ? diff : null,
    verdict: verdict as ApprovalRecord['verdict'],
    suggestion: suggestion as ApprovalRecord['suggestion'],
  };
}
