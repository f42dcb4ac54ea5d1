import { randomUUID } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Log } from '../log/log.ts';
import type { Judge } from '../policies/judging.ts';
import type { ApprovalRecord, Binding } from './approvals.store.ts';
import type { Ask } from './asking.ts';
import { diffOf, summarize } from './describe.ts';
import { judged } from './entries.ts';

export interface DraftParts {
  judge: Pick<Judge, 'suggest'>;
  audit: Pick<AuditTrail, 'redactInput'>;
  clock: Clock;
  log: Log;
  /** Seconds until what nobody answered is denied. */
  expireAfter: number;
}

/** The approval a request makes unless it made one before. Reads the file it would change. */
export async function draftApproval(ask: Ask, binding: Binding, parts: DraftParts): Promise<ApprovalRecord> {
  const { call, cwd, kind, session } = ask;
  const diff = await diffOf(call, cwd).catch((error: unknown) => {
    parts.log.debug({ err: error }, 'a change could not be shown as a diff');
    return null;
  });
  // It goes into events and onto other people's screens.
  const summary = summarize(call, { ...ask, diff }, (input) => parts.audit.redactInput(input));
  const now = parts.clock.now();
  return {
    id: randomUUID(),
    ...binding,
    kind,
    tool: call.tool,
    toolKind: call.kind,
    agentId: ask.agentId,
    cwd,
    input: call.input,
    summary,
    diff,
    questions: ask.questions,
    verdict: ask.verdict,
    suggestion: kind === 'tool' ? parts.judge.suggest(judged(session), call, cwd) : null,
    inTerminal: ask.inTerminal,
    status: 'pending',
    askedAt: now,
    expiresAt: now + parts.expireAfter * 1000,
    settledAt: null,
    settledBy: null,
    grant: null,
    note: null,
    answers: null,
    deliveredAt: null,
    sessionName: session.name,
    provider: session.provider,
  };
}
