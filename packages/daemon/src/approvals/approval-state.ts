import type { ApprovalStatus, Grant } from '@codepiper/core/approvals/approval.ts';
import type { Decider, DecisionKind } from '@codepiper/core/audit/decision.ts';
import type { RuleRef } from '@codepiper/core/policies/verdict.ts';
import type { ApprovalRecord, Binding } from './approvals.store.ts';
import type { AskAnswer } from './asking.ts';

/**
 * What an approval can become, and what that means: pure, so that every order of events can be tried.
 *
 * pending → approved | denied | expired | withdrawn, and from there nowhere.
 */
export interface Settlement {
  status: Exclude<ApprovalStatus, 'pending'>;
  /** `cli`, `dashboard`, `terminal`, `rule`, `timeout`, `agent`, `session`. */
  by: string;
  /** The entry of the audit trail. */
  decision: DecisionKind;
  decider: Decider;
  reason: string;
  rule: RuleRef | null;
  grant: Grant | null;
  note: string | null;
  answers: Readonly<Record<string, string>> | null;
}

const settlement = (
  known: Pick<Settlement, 'status' | 'by' | 'decision' | 'decider' | 'reason'>,
  more: Partial<Settlement> = {},
): Settlement => ({ rule: null, grant: null, note: null, answers: null, ...known, ...more });

/** A person's yes, from a surface (`cli`, `dashboard`). */
export function approvedBy(
  surface: string,
  more: { grant: Grant; note?: string | undefined; answers?: Readonly<Record<string, string>> | undefined },
): Settlement {
  const said = more.answers && answersText(more.answers);
  const note = [more.note, said].filter((text) => text !== undefined).join(' · ') || null;
  return settlement(
    {
      status: 'approved',
      by: surface,
      decision: 'allow',
      decider: 'user',
      reason: note ?? 'A person approved it.',
    },
    { grant: more.grant, note, answers: more.answers ?? null },
  );
}

/** Longest text of answers that is kept beside them, in characters. */
const longestNote = 2_000;

function answersText(answers: Readonly<Record<string, string>>): string | undefined {
  const text = Object.entries(answers)
    .map(([question, answer]) => `${question} ${answer}`)
    .join('; ');
  return text === '' ? undefined : text.slice(0, longestNote);
}

/** A person's no. */
export function deniedBy(surface: string, reason: string | undefined): Settlement {
  return settlement(
    {
      status: 'denied',
      by: surface,
      decision: 'deny',
      decider: 'user',
      reason: reason ?? 'A person denied it.',
    },
    { note: reason ?? null },
  );
}

/** The rules say more now than when it was asked. */
export function ruledOn(action: 'allow' | 'deny', decider: Decider, reason: string, rule: RuleRef | null) {
  const status = action === 'allow' ? ('approved' as const) : ('denied' as const);
  return settlement({ status, by: 'rule', decision: action, decider, reason }, { rule, note: reason });
}

export function expired(seconds: number): Settlement {
  return settlement({
    status: 'expired',
    by: 'timeout',
    decision: 'deny',
    decider: 'timeout',
    reason: `Nobody answered within ${seconds} s.`,
  });
}

/** Its hook went away and did not come back. */
export const abandoned: Settlement = settlement({
  status: 'withdrawn',
  by: 'agent',
  decision: 'deny',
  decider: 'agent',
  reason: 'The agent stopped waiting.',
});

export const sessionOver: Settlement = settlement({
  status: 'withdrawn',
  by: 'session',
  decision: 'deny',
  decider: 'agent',
  reason: 'The session ended.',
});

/** The agent's own dialog was answered first, or it went on by itself. */
export function overtakenBy(record: Pick<ApprovalRecord, 'inTerminal'>, ran: boolean): Settlement {
  const by = record.inTerminal ? ('terminal' as const) : ('agent' as const);
  const where = record.inTerminal ? "in the agent's own dialog" : 'by the agent itself';
  return settlement({
    status: 'withdrawn',
    by,
    decision: ran ? 'allow' : 'deny',
    decider: by,
    reason: ran ? `It was let run ${where}.` : `It was settled ${where}, and did not run.`,
  });
}

/**
 * What a request that comes again finds. join: it waits with the approval it made. replay: it gets the answer that
 * never arrived. new: the answer was taken, or the question given up; it is judged and asked anew. A dialog that was
 * answered on the terminal is closed: there is nothing left to ask, and its hook may still wait.
 */
export function comesAgain(
  record: Pick<ApprovalRecord, 'status' | 'settledBy' | 'deliveredAt'>,
): 'join' | 'replay' | 'new' {
  if (record.status === 'pending') return 'join';
  if (record.deliveredAt !== null) return 'new';
  return record.status === 'withdrawn' && record.settledBy !== 'terminal' ? 'new' : 'replay';
}

/** Names exactly one request of one hook about one input. */
export function bindingKey(binding: Binding): string {
  const { sessionId, run, request, callId, inputHash } = binding;
  return JSON.stringify([sessionId, run, request, callId, inputHash]);
}

/** What the agent is told of a settled approval; anything but a clear yes is a no. */
export function answerOf(
  record: Pick<ApprovalRecord, 'status' | 'settledBy' | 'note' | 'answers'>,
): AskAnswer {
  const { status, settledBy, note } = record;
  if (status === 'approved') return { decision: 'allow', answers: record.answers };
  const denied = (reason: string): AskAnswer => ({ decision: 'deny', reason });
  if (status === 'denied' && settledBy === 'rule') return denied(note ?? 'A rule denies it.');
  if (status === 'denied')
    return denied(note === null ? 'The user denied this.' : `The user denied this: ${note}`);
  if (status === 'expired') {
    return denied(
      'Nobody was there to approve this in time, so it was not run. Go on without it, or ask the user.',
    );
  }
  return denied('The approval was withdrawn before anybody answered.');
}

/** What a second hook with the same request is told: the answer belongs to one of them. */
export const superseded: AskAnswer = {
  decision: 'deny',
  reason: 'The same request came again on another connection, which gets the answer.',
};

/** Who was first, as the end of a sentence: `was approved by cli`. */
export function settledText(record: Pick<ApprovalRecord, 'status' | 'settledBy' | 'note'>): string {
  const by: Record<string, string> = {
    terminal: 'in the terminal',
    timeout: 'as nobody answered in time',
    agent: 'as the agent stopped waiting',
    session: 'as its session ended',
    rule: 'by a rule',
  };
  const who = by[record.settledBy ?? ''] ?? `by a person (${record.settledBy ?? 'unknown'})`;
  const note = record.note === null ? '' : `: ${record.note}`;
  return `was ${record.status} ${who}${note}`;
}
