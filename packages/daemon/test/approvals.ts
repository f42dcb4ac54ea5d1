import { randomUUID } from 'node:crypto';
import type { Question } from '@codepiper/core/approvals/approval.ts';
import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import type { Policy, Rule } from '@codepiper/core/policies/policy.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { ApprovalAnswers } from '../src/approvals/answers.ts';
import { ApprovalsService } from '../src/approvals/approvals.service.ts';
import { ApprovalsStore } from '../src/approvals/approvals.store.ts';
import type { Ask } from '../src/approvals/asking.ts';
import type { AuditTrail, NewDecision, PastCall } from '../src/audit/audit.service.ts';
import type { OpenDatabase } from '../src/db/open.ts';
import { createLedger, type EmitEvent, type Ledger } from '../src/events/ledger.ts';
import { silentLog } from '../src/log/log.ts';
import type { Judge } from '../src/policies/judging.ts';
import type { SessionRecord } from '../src/sessions/session-record.ts';
import { SessionsStore } from '../src/sessions/sessions.store.ts';

/** A judge of commands by their whole text. */
export class CommandJudge implements Judge {
  readonly allowed = new Set<string>();
  readonly denied = new Set<string>();
  readonly trusted = new Set<string>();
  #kept: string[] = [];
  edition = 0;

  hasRules(): boolean {
    return true;
  }

  judge(session: { id: string }, call: ToolCall): Verdict {
    const command = call.command ?? '';
    const verdict = (action: Verdict['action'], reason: string): Verdict => ({
      action,
      reason,
      basis: action === 'ask' ? 'default' : 'rule',
      rule: null,
      parts: [],
    });
    if (this.denied.has(command)) return verdict('deny', `"${command}" is denied`);
    if (this.allowed.has(command) || this.trusted.has(session.id))
      return verdict('allow', 'a rule allows it');
    return verdict('ask', 'no rule speaks of it');
  }

  allows(rule: Rule, _session: unknown, call: ToolCall): boolean {
    return rule.action === 'allow' && (rule.args === undefined || rule.args.command === call.command);
  }

  suggest(_session: unknown, call: ToolCall): Rule | null {
    return call.command === null ? null : { action: 'allow', tool: 'shell', args: { command: call.command } };
  }

  async keepRule(_tx: unknown, emit: EmitEvent, sessionId: string | null, rule: Rule): Promise<Policy> {
    this.#kept.push(String(rule.args?.command));
    emit({ sessionId, source: 'policy', type: 'policy.updated', payload: { policy: 'kept' } });
    return policyOf(sessionId, [rule]);
  }

  async keepTrust(_tx: unknown, emit: EmitEvent, sessionId: string, until: number | null) {
    if (until === null) this.trusted.delete(sessionId);
    else this.trusted.add(sessionId);
    this.edition++;
    emit({ sessionId, source: 'policy', type: 'policy.updated', payload: { policy: 'trust' } });
    return until === null ? null : policyOf(sessionId, [{ action: 'allow' as const }]);
  }

  async refresh(): Promise<void> {
    for (const command of this.#kept) this.allowed.add(command);
    this.#kept = [];
    this.edition++;
  }
}

function policyOf(sessionId: string | null, rules: Rule[]): Policy {
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id: 'kept',
    name: 'kept',
    description: null,
    enabled: true,
    priority: 0,
    scope: sessionId === null ? 'global' : 'session',
    sessionId,
    rules,
    source: 'approval',
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
  };
}

/** An audit trail that only remembers what it was told. */
export class NotedTrail implements AuditTrail {
  readonly entries: NewDecision[] = [];
  readonly past: PastCall[] = [];

  async append(_tx: unknown, entry: NewDecision): Promise<void> {
    this.entries.push(entry);
  }

  /** As of an approval: `ask by default`, then `allow by user (cli)`. */
  about(approvalId: string): string[] {
    return this.entries
      .filter((entry) => entry.approvalId === approvalId)
      .map(({ decision, by, who }) => `${decision} by ${by}${who ? ` (${who})` : ''}`);
  }

  redactInput(input: ToolInput): Record<string, unknown> {
    return JSON.parse(JSON.stringify(input).replaceAll('hunter2', '[redacted]')) as Record<string, unknown>;
  }

  async *decisionsSince(): AsyncIterable<PastCall> {
    yield* this.past;
  }
}

export function shellCall(command: string): ToolCall {
  return { tool: 'Bash', kind: 'shell', input: { command }, command, files: [], url: null, mcp: null };
}

/** Approvals over a database, with a judge, a trail and a clock of the test's. */
export class ApprovalRooms {
  readonly ledger: Ledger;
  readonly store: ApprovalsStore;
  readonly sessions: SessionsStore;
  readonly judge = new CommandJudge();
  readonly audit = new NotedTrail();
  readonly held: string[] = [];
  readonly told: string[] = [];
  readonly clock: { now(): number };
  #restarting: Promise<void> = Promise.resolve();
  now = Date.parse('2026-01-01T00:00:00.000Z');
  service: ApprovalsService;
  answers: ApprovalAnswers;

  constructor(database: OpenDatabase) {
    this.clock = { now: () => this.now };
    this.ledger = createLedger({ db: database.db, clock: this.clock, log: silentLog });
    this.store = new ApprovalsStore(database.db);
    this.sessions = new SessionsStore(database.db);
    [this.service, this.answers] = this.#start();
  }

  /** A new daemon on the same database, when the one before is gone. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.then(async () => {
      await this.service[Symbol.asyncDispose]();
      [this.service, this.answers] = this.#start();
      await this.service.restore();
    });
    return this.#restarting;
  }

  async change(policies: (judge: CommandJudge) => void): Promise<void> {
    policies(this.judge);
    this.judge.edition++;
    await this.ledger.record(async (_tx, emit) =>
      emit({ sessionId: null, source: 'policy', type: 'policy.updated', payload: {} }),
    );
    await this.service.idle();
  }

  async event(sessionId: string, type: string, payload: Record<string, unknown> = {}): Promise<void> {
    await this.ledger.record(async (_tx, emit) => emit({ sessionId, source: 'session', type, payload }));
    await this.service.idle();
  }

  #start(): [ApprovalsService, ApprovalAnswers] {
    const { ledger, store, sessions, judge, audit, clock } = this;
    const service = new ApprovalsService({
      ledger,
      store,
      sessions,
      judge,
      audit,
      clock,
      log: silentLog,
      expireAfter: 3600,
      holds: {
        hold: async (_id, run, kind, detail) => void this.held.push(`hold ${run} ${kind}: ${detail}`),
        release: async (_id, run) => void this.held.push(`release ${run}`),
      },
      toolCall: (_provider, tool, input) =>
        tool === 'Bash'
          ? shellCall(String(input.command))
          : { tool, kind: 'other', input, command: null, files: [], url: null, mcp: null },
      onHeld: (_id, summary) => this.told.push(summary),
    });
    const answers = new ApprovalAnswers({
      approvals: service,
      store,
      sessions,
      judge,
      audit,
      clock,
      home: '/home/ada',
      agingAfter: 600,
    });
    return [service, answers];
  }
}

const asks: Verdict = {
  action: 'ask',
  reason: 'no rule speaks of it',
  basis: 'default',
  rule: null,
  parts: [],
};

/** A hook of its own that asks about a command, with what a test changes about it. */
export function askFor(session: SessionRecord, command: string, change: Partial<Ask> = {}): Ask {
  return {
    session,
    request: randomUUID(),
    kind: 'tool',
    call: shellCall(command),
    callId: randomUUID(),
    agentId: null,
    cwd: '/work',
    questions: [] satisfies Question[],
    verdict: asks,
    edition: 0,
    inTerminal: false,
    arrivedAt: performance.now(),
    ...change,
  };
}
