import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { hashInput } from '../platform/input-hash.ts';
import { Turns } from '../platform/turns.ts';
import type { Judge } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import {
  abandoned,
  answerOf,
  bindingKey,
  comesAgain,
  expired,
  overtakenBy,
  ruledOn,
  type Settlement,
  sessionOver,
} from './approval-state.ts';
import type { ApprovalRecord, ApprovalsStore, Binding } from './approvals.store.ts';
import type { Approvals, Ask, AskAnswer, Holds } from './asking.ts';
import { draftApproval } from './draft.ts';
import { DueTimer } from './due-timer.ts';
import { about, approvalEvent, asker, findOf, judged, since, withoutSecrets } from './entries.ts';
import { HeldSessions } from './held.ts';
import { PendingApprovals } from './pending.ts';
import { stoppedWaiting, type Waiter, Waiters } from './waiters.ts';

export interface ApprovalsOptions {
  ledger: Ledger;
  store: ApprovalsStore;
  sessions: Pick<SessionsStore, 'get' | 'in'>;
  judge: Judge;
  audit: AuditTrail;
  holds: Holds;
  clock: Clock;
  log: Log;
  /** Seconds until what nobody answered is denied. */
  expireAfter: number;
  /** How long a hook that hung up may take to come back, in milliseconds; longer than the gaps of its retries. */
  grace?: number;
  /** A stored call as the agent's provider reads it. */
  toolCall: (provider: string, tool: string, input: ToolInput) => ToolCall;
  /** Something of a session waits, and nothing on its screen asks for it; `summary` has no secrets. */
  onHeld?: (sessionId: string, summary: string) => void;
}

/** So many calls of one session may wait at once: each keeps its whole input in memory, and its connection. */
const mostPending = 200;

/** What is to be settled, and how; null leaves it alone after all. */
type Choice = (record: ApprovalRecord) => Settlement | null;

/** What waits for a person: asking, joining, settling, expiry. A person's own verbs are in `answers.ts`. */
export class ApprovalsService implements Approvals, AsyncDisposable {
  readonly #o: ApprovalsOptions;
  readonly #waiters = new Waiters();
  readonly #held: HeldSessions;
  readonly #pending: PendingApprovals;
  readonly #background = new Set<Promise<unknown>>();
  readonly #stopListening: () => void;
  readonly #timer: DueTimer;
  #isClosed = false;

  constructor(options: ApprovalsOptions) {
    this.#o = options;
    this.#held = new HeldSessions(options.holds, (error) =>
      options.log.error({ err: error }, 'a session does not show that it waits for a person'),
    );
    this.#pending = new PendingApprovals(this.#held, options.clock, options.grace ?? 30_000);
    this.#timer = new DueTimer(options.clock, () => this.#run(this.tick()));
    this.#stopListening = options.ledger.listen((events) => {
      for (const event of events) this.#hear(event);
    });
  }

  /** Takes up what an earlier daemon left pending; its hooks have the grace to come back. Before anything is asked. */
  async restore(): Promise<void> {
    for (const record of await this.#o.store.pending()) {
      this.#pending.add(record, null);
      const session = await this.#o.sessions.get(record.sessionId);
      if (!session || !isLive(session.status) || session.run !== record.run) {
        await this.settle([record.id], () => sessionOver);
      }
    }
    await this.refresh();
    await this.tick();
  }

  async clear(ask: Ask, signal: AbortSignal): Promise<{ answer: AskAnswer; delivered(): Promise<void> }> {
    const binding: Binding = {
      sessionId: ask.session.id,
      run: ask.session.run,
      request: ask.request,
      callId: ask.callId,
      inputHash: hashInput(ask.call.input),
    };
    const draft = await draftApproval(ask, binding, this.#o);
    const waiter = await this.#waiters.enter(bindingKey(binding), signal, (left) => {
      this.#pending.setWaited(left.approvalId, false);
      this.#arm();
    });
    try {
      const record = await this.#o.ledger.record((tx, emit) => this.#enterIn(tx, emit, ask, draft, waiter));
      if (record.status !== 'pending') this.#give(waiter, record);
      else this.#entered(record, ask, record === draft);
    } catch (error) {
      this.#pending.remove(draft);
      this.#pending.setWaited(waiter.approvalId, false);
      waiter.abandon(error);
    }
    this.#arm();
    return waiter.answer;
  }

  async overtaken(
    sessionId: string,
    call: { callId: string | null; inputHash: string } | null,
    ran: boolean,
  ): Promise<void> {
    const open = this.#pending.records.filter((record) => record.sessionId === sessionId);
    const found = call && findOf(open, call);
    const over = call === null ? open.filter(({ inTerminal }) => inTerminal) : found ? [found] : [];
    await this.settle(
      over.map(({ id }) => id),
      (record) => overtakenBy(record, ran),
    );
  }

  /**
   * Settles what is still pending of these, in one transaction with what else belongs to it, and tells their hooks.
   *
   * @returns those that were settled by this call; of the others somebody was quicker
   */
  async settle(
    ids: readonly string[],
    choose: Choice,
    alongside?: (tx: Tx, emit: EmitEvent, settled: readonly ApprovalRecord[]) => Promise<void>,
  ): Promise<ApprovalRecord[]> {
    if (ids.length === 0 && !alongside) return [];
    const settled = await this.#o.ledger.record(async (tx, emit) => {
      const done: ApprovalRecord[] = [];
      for (const id of ids) {
        const record = await this.#settleIn(tx, emit, id, choose);
        if (record) done.push(record);
      }
      await alongside?.(tx, emit, done);
      return done;
    });
    for (const record of settled) {
      this.#pending.remove(record);
      const waiter = this.#waiters.find(bindingKey(record), record.id);
      if (waiter) this.#give(waiter, record);
    }
    this.#arm();
    return settled;
  }

  /** Judges everything that waits by the policies as they are now: what they settle needs no person any more. */
  async refresh(): Promise<void> {
    const sessions = new Map<string, SessionRecord | null>();
    const tools = this.#pending.records.filter(({ kind }) => kind === 'tool');
    for (const { sessionId } of tools) sessions.set(sessionId, await this.#o.sessions.get(sessionId));
    const turns = new Turns();
    for (const tool of tools) {
      // There may be many, and the daemon has other things to do.
      await turns.take();
      const rule = (record: ApprovalRecord) => this.#ruling(record, sessions.get(record.sessionId) ?? null);
      // Judged again at the moment of settling: a verdict that was read before may be out of date.
      if (rule(tool)) await this.settle([tool.id], rule);
    }
  }

  /** Judges by policies that were changed this moment. Where they cannot be read nothing more is approved. */
  async policiesChanged(): Promise<void> {
    try {
      await this.#o.judge.refresh();
      await this.refresh();
    } catch (error) {
      this.#o.log.error({ err: error }, 'what waits could not be judged by the new policies');
    }
  }

  /** The call of an approval: as its hook told it while that is known, else as what is stored of it reads. */
  callOf({
    id,
    provider,
    tool,
    input,
  }: Pick<ApprovalRecord, 'id' | 'provider' | 'tool' | 'input'>): ToolCall {
    return this.#pending.callOf(id) ?? this.storedCall({ provider, tool, input });
  }

  /** A stored call. Which server an MCP tool is of may be read wrongly, where its name has the separator in it. */
  storedCall({ provider, tool, input }: Pick<ApprovalRecord, 'provider' | 'tool' | 'input'>): ToolCall {
    return this.#o.toolCall(provider, tool, input);
  }

  /** Settles what is due by the clock. The timer calls it; tests with a clock of their own do. */
  async tick(): Promise<void> {
    const now = this.#o.clock.now();
    await this.settle(this.#pending.due(now), ({ id, expiresAt }) => {
      if (expiresAt !== null && expiresAt <= now) return expired(this.#o.expireAfter);
      // It may have come back while this waited for its turn.
      return this.#pending.isAbandoned(id, now) ? abandoned : null;
    });
    this.#arm();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    await this.#held.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#timer.close();
    await this.idle();
  }

  /** Joins the approval this very request made, or makes one. */
  async #enterIn(
    tx: Tx,
    emit: EmitEvent,
    ask: Ask,
    draft: ApprovalRecord,
    waiter: Waiter,
  ): Promise<ApprovalRecord> {
    const store = this.#o.store.in(tx);
    if (this.#isClosed) throw stoppedWaiting();
    const state = await this.#o.sessions.in(tx).getState(draft.sessionId);
    if (!state || state.run !== draft.run || !isLive(state.status)) {
      throw new CodepiperError(
        'session_ended',
        'The session has ended: nothing of it can be approved any more.',
      );
    }
    const known = await store.findBound(draft);
    const again = known ? comesAgain(known) : 'new';
    const record = known && again !== 'new' ? known : draft;
    if (record === draft) {
      this.#requireRoom(draft.sessionId);
      await store.insert(draft);
      const { id, tool, kind, summary, expiresAt } = draft;
      emit(
        approvalEvent(draft, 'approval.asked', {
          approval: id,
          kind,
          tool,
          summary,
          expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
        }),
      );
      await this.#o.audit.append(tx, {
        ...about(draft),
        decision: 'ask',
        by: asker(ask),
        reason: ask.verdict.reason,
        rule: ask.verdict.rule,
        input: ask.call.input,
        latencyUs: since(ask.arrivedAt),
      });
    }
    // At once, so that whoever settles it from now on finds its hook, and a timer finds it waited for.
    waiter.approvalId = record.id;
    if (record.status === 'pending') this.#pending.add(record, ask.arrivedAt);
    this.#pending.setWaited(record.id, waiter.isWaiting);
    this.#pending.tell(record.id, ask.call);
    return record;
  }

  /** @throws CodepiperError `session_busy` when too much of the session waits already */
  #requireRoom(sessionId: string): void {
    const waiting = this.#pending.records.filter((record) => record.sessionId === sessionId).length;
    if (waiting < mostPending) return;
    throw new CodepiperError(
      'session_busy',
      `${waiting} calls of this session wait for a person already; no more are taken until some are answered.`,
    );
  }

  async #settleIn(tx: Tx, emit: EmitEvent, id: string, choose: Choice): Promise<ApprovalRecord | null> {
    const store = this.#o.store.in(tx);
    const record = await store.get(id);
    if (record?.status !== 'pending') return null;
    const settlement = choose(record);
    if (!settlement) return null;
    const now = this.#o.clock.now();
    const { status, by, grant, note, answers } = settlement;
    // Only what waits needs its input as it is; what is kept has no secrets.
    const kept = withoutSecrets(record, (value) => this.#o.audit.redactInput(value));
    const change = { status, settledAt: now, settledBy: by, grant, note, answers };
    if (!(await store.settle(id, { ...change, ...kept }))) return null;
    emit(approvalEvent(record, 'approval.settled', { approval: id, status, by }));
    const arrivedAt = this.#pending.arrivedAt(id);
    await this.#o.audit.append(tx, {
      ...about(record),
      decision: settlement.decision,
      by: settlement.decider,
      who: settlement.decider === 'user' ? by : null,
      reason: settlement.reason,
      rule: settlement.rule,
      input: record.input,
      latencyUs: arrivedAt === null ? (now - record.askedAt) * 1000 : since(arrivedAt),
    });
    return { ...record, ...change, ...kept };
  }

  /** It waits now, and whoever changes the policies finds it; they may have changed since it was judged. */
  #entered(record: ApprovalRecord, { session, edition }: Ask, isNew: boolean): void {
    const isOutdated = record.kind === 'tool' && edition !== this.#o.judge.edition;
    if (isOutdated && this.#ruling(record, session)) this.#run(this.refresh());
    else if (isNew && !record.inTerminal) this.#o.onHeld?.(record.sessionId, record.summary);
  }

  /** What the rules say of it now, where that needs no person. */
  #ruling(record: ApprovalRecord, session: SessionRecord | null): Settlement | null {
    if (!session) return null;
    const verdict = this.#o.judge.judge(judged(session), this.callOf(record), record.cwd);
    const { action, basis, reason, rule } = verdict;
    if (action !== 'allow' && action !== 'deny') return null;
    // What is stored of such a call may read as one of another server: its hook comes and tells.
    const isSure = record.toolKind !== 'mcp' || this.#pending.callOf(record.id) !== null;
    if (action === 'allow' && !isSure) return null;
    // A dialog of the agent's own stands for the agent's own rules, which ours do not overrule.
    if (action === 'allow' && record.inTerminal) return null;
    return ruledOn(action, basis === 'unknown' ? 'default' : basis, reason, rule);
  }

  #give(waiter: Waiter, record: ApprovalRecord): void {
    waiter.give(answerOf(record), () =>
      this.#o.ledger.record((tx) => this.#o.store.in(tx).markDelivered(record.id, this.#o.clock.now())),
    );
  }

  #hear(event: LedgerEvent): void {
    const { sessionId, type } = event;
    if (event.source === 'policy') {
      // Whoever changed them reads them anew as well, and maybe later than this.
      this.#run(this.policiesChanged());
    }
    if (sessionId === null) return;
    if (type === 'session.ended') {
      const run = Number(event.payload.run);
      const over = this.#pending.records.filter(
        (record) => record.sessionId === sessionId && record.run <= run,
      );
      this.#run(
        this.settle(
          over.map(({ id }) => id),
          () => sessionOver,
        ),
      );
    }
    if (type === 'session.removed') {
      this.#run(this.#o.ledger.record((tx) => this.#o.store.in(tx).forget(sessionId)));
    }
  }

  #arm(): void {
    this.#timer.set(this.#pending.nextDue);
  }

  /** Work nobody waits for. */
  #run(work: Promise<unknown>): void {
    const watched = work
      .catch((error: unknown) => {
        this.#o.log.error({ err: error }, 'approvals could not be settled; trying again');
        this.#timer.retry();
      })
      .finally(() => this.#background.delete(watched));
    this.#background.add(watched);
  }
}
