import type { Approve } from '@codepiper/core/approvals/approval.endpoints.ts';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import type { Policy, Rule } from '@codepiper/core/policies/policy.ts';
import { nearMisses } from '@codepiper/core/policies/suggest.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Judge } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import { approvedBy, deniedBy, settledText } from './approval-state.ts';
import type { ApprovalsService } from './approvals.service.ts';
import {
  type ApprovalFilter,
  type ApprovalRecord,
  type ApprovalsStore,
  presentApproval,
} from './approvals.store.ts';
import { summarize } from './describe.ts';
import { judged } from './entries.ts';

export interface AnswersOptions {
  approvals: ApprovalsService;
  store: ApprovalsStore;
  sessions: Pick<SessionsStore, 'get' | 'resolve'>;
  judge: Judge;
  audit: Pick<AuditTrail, 'decisionsSince' | 'redactInput'>;
  /** The user's home directory. */
  home: string;
  clock: Clock;
  /** Seconds after which what waits is shown as aging. */
  agingAfter: number;
}

/** So many calls of the trail are held against a proposed rule. */
const pastCalls = 1000;
/** So many of those that fit are shown. */
const shownMatches = 20;
const shownCandidates = 10;

/** What a person does with approvals. `surface` says from where: `cli`, `dashboard`. */
export class ApprovalAnswers {
  readonly #o: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#o = options;
  }

  present(record: ApprovalRecord): Approval {
    return presentApproval(record, this.#o.clock.now(), this.#o.agingAfter * 1000);
  }

  async list(
    filter: Omit<ApprovalFilter, 'sessionId'> & { session?: string | undefined },
  ): Promise<ApprovalRecord[]> {
    const { session, ...rest } = filter;
    const sessionId = session === undefined ? undefined : (await this.#o.sessions.resolve(session)).id;
    return this.#o.store.list({ ...rest, sessionId });
  }

  /**
   * The approval a person means: its id or the unique beginning of one. What waits goes before what was settled.
   *
   * @throws CodepiperError `approval_not_found` or `approval_ambiguous`
   */
  async get(ref: string): Promise<ApprovalRecord> {
    const whole = await this.#o.store.get(ref);
    if (whole) return whole;
    for (const isPending of [true, false]) {
      // Nothing but the letters of an id may become a pattern.
      const found = /^[0-9a-f-]+$/i.test(ref)
        ? await this.#o.store.withPrefix(ref, shownCandidates + 1, isPending)
        : [];
      if (found.length > 1) {
        throw new CodepiperError(
          'approval_ambiguous',
          `"${ref}" fits ${found.length > shownCandidates ? `more than ${shownCandidates}` : found.length} approvals; give more of the id.`,
          {
            candidates: found
              .slice(0, shownCandidates)
              .map(({ id, summary }) => `${id.slice(0, 13)} ${summary}`),
          },
        );
      }
      if (found[0]) return found[0];
    }
    throw new CodepiperError(
      'approval_not_found',
      `Approval not found: ${ref}. What waits: codepiper approvals`,
    );
  }

  async approve(
    ref: string,
    { grant, note, rule, answers }: Approve,
    surface: string,
  ): Promise<{ approval: ApprovalRecord; policy: Policy | null }> {
    const record = await this.#pending(ref);
    checkAnswers(record, answers);
    const kept = await this.#keptRule(record, grant, rule);
    let policy: Policy | null = null;
    const [approval] = await this.#o.approvals.settle(
      [record.id],
      () => approvedBy(surface, { grant, note, answers }),
      async (tx, emit, settled) => {
        if (settled.length === 0 || !kept) return;
        policy = await this.#o.judge.keepRule(
          tx,
          emit,
          grant === 'session' ? record.sessionId : null,
          kept,
          surface,
        );
      },
    );
    if (!approval) throw await this.#lost(record.id);
    if (policy) await this.#o.approvals.policiesChanged();
    return { approval, policy };
  }

  async deny(ref: string, reason: string | undefined, surface: string): Promise<ApprovalRecord> {
    const record = await this.#pending(ref);
    const [denied] = await this.#o.approvals.settle([record.id], () => deniedBy(surface, reason));
    if (!denied) throw await this.#lost(record.id);
    return denied;
  }

  /** Approves, once each, everything that waits and that the suggested rule of this one allows. */
  async approveLike(ref: string, note: string | undefined, surface: string): Promise<ApprovalRecord[]> {
    const record = await this.#pending(ref);
    const rule = record.suggestion;
    if (!rule) throw new CodepiperError('invalid_request', noRule(record));
    const alike: string[] = [];
    for (const other of await this.#o.store.pending()) {
      if (other.id === record.id || (await this.#allows(rule, other))) alike.push(other.id);
    }
    const settled = await this.#o.approvals.settle(alike, () => approvedBy(surface, { grant: 'once', note }));
    if (!settled.some(({ id }) => id === record.id)) throw await this.#lost(record.id);
    return settled;
  }

  /** Answers every question of the rules in a session with yes for so many seconds; 0 ends that. */
  async trust(
    ref: string,
    seconds: number,
    surface: string,
  ): Promise<{ policy: Policy | null; approvals: ApprovalRecord[] }> {
    const session = await this.#o.sessions.resolve(ref);
    if (!isLive(session.status)) {
      throw new CodepiperError(
        'session_ended',
        `Session ${session.name ?? session.id.slice(0, 8)} has ended (${session.status}): there is nothing to trust.`,
      );
    }
    const until = seconds === 0 ? null : this.#o.clock.now() + seconds * 1000;
    const waiting = until === null ? [] : await this.#askedByRules(session);
    let policy: Policy | null = null;
    const approvals = await this.#o.approvals.settle(
      waiting.map(({ id }) => id),
      () => approvedBy(surface, { grant: 'session', note: 'The session is trusted for a time.' }),
      async (tx, emit) => {
        policy = await this.#o.judge.keepTrust(tx, emit, session.id, until, surface);
      },
    );
    await this.#o.approvals.policiesChanged();
    return { policy, approvals };
  }

  /** What a rule would allow of the past, and what is like it and would not be. */
  async propose(
    ref: string,
    given: Rule | undefined,
  ): Promise<{ rule: Rule; allowsThis: boolean; matches: string[]; nearMisses: string[] }> {
    const record = await this.get(ref);
    const rule = given ?? record.suggestion;
    if (!rule) throw new CodepiperError('invalid_request', noRule(record));
    return {
      rule,
      allowsThis: rule.action === 'allow' && (await this.#allows(rule, record)),
      matches: await this.#pastMatches(rule),
      nearMisses: await this.#nearMisses(rule, record),
    };
  }

  async #pending(ref: string): Promise<ApprovalRecord> {
    const record = await this.get(ref);
    if (record.status !== 'pending') throw settledBefore(record);
    return record;
  }

  async #lost(id: string): Promise<CodepiperError> {
    const record = await this.#o.store.get(id);
    return record
      ? settledBefore(record)
      : new CodepiperError('approval_not_found', `Approval not found: ${id}.`);
  }

  async #keptRule(
    record: ApprovalRecord,
    grant: Approve['grant'],
    given: Rule | undefined,
  ): Promise<Rule | null> {
    if (grant === 'once') {
      if (!given) return null;
      throw new CodepiperError(
        'invalid_request',
        'body.rule: a rule is kept with the grant session or always.',
      );
    }
    const rule = given ?? record.suggestion;
    if (!rule) throw new CodepiperError('invalid_request', noRule(record));
    if (rule.action !== 'allow') {
      throw new CodepiperError(
        'invalid_request',
        `body.rule.action: is "${rule.action}"; a rule to keep must allow.`,
      );
    }
    if (JSON.stringify(this.#o.audit.redactInput({ rule })) !== JSON.stringify({ rule })) {
      throw new CodepiperError(
        'invalid_request',
        'The rule would keep a secret of this call in clear. Approve the call once, or give a rule with * in its place.',
      );
    }
    if (await this.#allows(rule, record)) return rule;
    throw new CodepiperError(
      'invalid_request',
      `body.rule: does not allow this very call (${record.summary}). Widen it, or approve the call once.`,
    );
  }

  async #allows(rule: Rule, record: ApprovalRecord): Promise<boolean> {
    const session = await this.#o.sessions.get(record.sessionId);
    if (!session || record.kind !== 'tool') return false;
    return this.#o.judge.allows(rule, judged(session), this.#o.approvals.callOf(record), record.cwd);
  }

  /** What waits because of the rules, and would not be denied by them now. */
  async #askedByRules(session: SessionRecord): Promise<ApprovalRecord[]> {
    const waiting = await this.#o.store.pending(session.id);
    return waiting.filter((record) => {
      if (record.kind !== 'tool' || record.inTerminal) return false;
      const call = this.#o.approvals.callOf(record);
      return this.#o.judge.judge(judged(session), call, record.cwd).action !== 'deny';
    });
  }

  async #nearMisses(rule: Rule, record: ApprovalRecord): Promise<string[]> {
    const { sessionId, cwd } = record;
    const workspace = (await this.#o.sessions.get(sessionId))?.cwd ?? cwd;
    // Examples for a person: where links lead does not matter.
    const place = { cwd, workspace, home: this.#o.home, realPath: (path: string) => path };
    return nearMisses(rule, decompose(this.#o.approvals.callOf(record), place), place);
  }

  async #pastMatches(rule: Rule): Promise<string[]> {
    const sessions = new Map<string, SessionRecord | null>();
    const matches: string[] = [];
    for await (const past of this.#o.audit.decisionsSince(null, pastCalls)) {
      const { sessionId, provider, tool, input, cwd } = past;
      if (sessionId === null || provider === null || cwd === null) continue;
      const session = sessions.get(sessionId) ?? (await this.#o.sessions.get(sessionId));
      sessions.set(sessionId, session);
      if (!session) continue;
      const call = this.#o.approvals.storedCall({ provider, tool, input });
      if (!this.#o.judge.allows(rule, judged(session), call, cwd)) continue;
      // What the trail has is without secrets already.
      matches.push(summarize(call, { kind: 'tool', questions: [], cwd, diff: null }, (known) => known));
    }
    return [...new Set(matches.reverse())].slice(0, shownMatches);
  }
}

function settledBefore(record: ApprovalRecord): CodepiperError {
  const { id, status, settledBy, settledAt } = record;
  return new CodepiperError('approval_settled', `Approval ${id.slice(0, 8)} ${settledText(record)}.`, {
    id,
    status,
    settledBy,
    settledAt: settledAt === null ? null : new Date(settledAt).toISOString(),
  });
}

function noRule({ kind, id }: ApprovalRecord): string {
  const why = kind === 'tool' ? 'no rule can allow this call' : `a ${kind} has no rule`;
  return `Approval ${id.slice(0, 8)}: ${why}. Approve it once.`;
}

/** @throws CodepiperError `invalid_request` for a question without an answer, or an answer without a question */
function checkAnswers(record: ApprovalRecord, answers: Readonly<Record<string, string>> | undefined): void {
  const asked = record.kind === 'question' ? record.questions.map(({ question }) => question) : [];
  const stray = Object.keys(answers ?? {}).find((question) => !asked.includes(question));
  if (stray !== undefined) {
    const known =
      asked.length === 0 ? 'nothing is asked here' : `asked is ${asked.map((q) => `"${q}"`).join(', ')}`;
    throw new CodepiperError('invalid_request', `body.answers: "${stray}" is no question; ${known}.`);
  }
  const missing = asked.find((question) => answers?.[question] === undefined);
  if (missing === undefined) return;
  const options = record.questions.find(({ question }) => question === missing)?.options ?? [];
  const labels = options.map(({ label: option }) => `"${option}"`).join(', ');
  const hint = labels === '' ? '' : ` Proposed: ${labels}; any other text is an answer too.`;
  throw new CodepiperError('invalid_request', `body.answers: "${missing}" has no answer.${hint}`);
}
