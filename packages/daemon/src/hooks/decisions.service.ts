import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Json } from '@codepiper/providers/json.ts';
import type { AgentFact, HookAnswer, HookedCall, Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Approvals } from '../approvals/asking.ts';
import type { AuditTrail, NewDecision } from '../audit/audit.service.ts';
import { asStorageError } from '../db/errors.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { Judge } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import { AllowedCalls, type Permission } from './allowed-calls.ts';
import {
  answerOf,
  askedByAgent,
  basisOf,
  deciderOf,
  type HookReply,
  hashOf,
  identityOf,
  judged,
  permissionOf,
  said,
  since,
  unreadable,
} from './deciding.ts';
import type { HooksService } from './hooks.service.ts';
import { type AskedCall, HungUpHooks } from './hung-up-hooks.ts';
import { OpenDialogs } from './open-dialogs.ts';

export interface DecisionsOptions {
  ledger: Ledger;
  store: Pick<SessionsStore, 'get'>;
  hooks: Pick<HooksService, 'hear'>;
  judge: Pick<Judge, 'judge' | 'edition'>;
  approvals: Approvals;
  audit: Pick<AuditTrail, 'append'>;
  log: Log;
}

/** A hook of an agent that waits for its answer. */
export interface WaitingHook {
  sessionId: string;
  /** The same over all retries of one hook. */
  request: string;
  payload: Json;
  /** When it arrived, in milliseconds of `performance.now()`. */
  arrivedAt: number;
  /** Aborted when nobody waits any more: the hook hung up, or the daemon stops. */
  signal: AbortSignal;
}

/** One whose call is being judged. */
interface JudgedHook extends WaitingHook {
  /** Of the policies it is judged by. */
  edition: number;
}

/**
 * Decides what agents' hooks ask: by the rules, or by a person. Whatever goes wrong is a denial or an error, never
 * silence, which would let the tool run.
 */
export class DecisionsService {
  readonly #o: DecisionsOptions;
  readonly #allowed = new AllowedCalls();
  readonly #dialogs: OpenDialogs;
  readonly #hungUp: HungUpHooks;

  constructor(options: DecisionsOptions) {
    this.#o = options;
    this.#dialogs = new OpenDialogs((sessionId) => this.#withdraw(sessionId, null));
    this.#hungUp = new HungUpHooks((sessionId, call) => this.#withdraw(sessionId, call));
  }

  /**
   * The answer to a hook.
   *
   * @throws CodepiperError when the hook is about no call that can be read, or nobody waits any more
   */
  async decide(hook: WaitingHook): Promise<HookReply> {
    const { edition } = this.#o.judge;
    const session = await this.#o.store.get(hook.sessionId);
    if (!session || !isLive(session.status)) {
      throw new CodepiperError('unauthorized', 'The session of this hook has ended.');
    }
    const provider = getProvider(session.provider);
    const hooked = provider.readHookedCall(hook.payload);
    if (!hooked) return this.refuse(hook.sessionId, hook.arrivedAt, unreadable(provider, hook.payload));
    try {
      return await this.#decide(session, provider, hooked, { ...hook, edition });
    } catch (error) {
      return this.#fail(session, provider, hooked, hook, error);
    }
  }

  /**
   * Notes that a hook was turned away because nobody could read what it is about.
   *
   * @throws CodepiperError with the reason
   */
  async refuse(sessionId: string, arrivedAt: number, error: CodepiperError): Promise<never> {
    const session = await this.#o.store.get(sessionId);
    await this.#o.ledger.record((tx) =>
      this.#o.audit.append(tx, {
        decision: 'deny',
        by: 'daemon',
        reason: error.message,
        session,
        latencyUs: since(arrivedAt),
      }),
    );
    throw error;
  }

  /** A tool ran, or failed: nothing about it waits any more. */
  async ran(session: SessionRecord, hooked: HookedCall): Promise<void> {
    const call = { callId: hooked.callId, inputHash: hashOf(hooked) };
    this.#dialogs.close(session.id, call.inputHash);
    this.#allowed.take(identityOf(session, hooked));
    await this.#o.approvals.overtaken(session.id, call, true);
  }

  /**
   * What an agent keeps about its own state. Only a source that knows since when it is so (milliseconds since the
   * epoch) tells whether a dialog is open.
   */
  heard(sessionId: string, facts: readonly AgentFact[], since: number | undefined): void {
    if (since === undefined) return;
    for (const fact of facts) {
      if (fact.kind !== 'state') continue;
      const { status, activity } = fact.state;
      const isOpen = status === 'needs_permission' || status === 'needs_input';
      this.#dialogs.seen(sessionId, isOpen, since);
      if (!isOpen) this.#hungUp.over(sessionId, activity === 'idle' ? 'turn' : 'dialog', since);
    }
  }

  /** A hook said that a turn was over at a time (milliseconds since the epoch). */
  turnEnded(sessionId: string, at: number): void {
    this.#hungUp.over(sessionId, 'turn', at);
  }

  /** A session is over: nothing about its turns is worth knowing any more. */
  forget(sessionId: string): void {
    this.#hungUp.forget(sessionId);
  }

  [Symbol.dispose](): void {
    this.#dialogs[Symbol.dispose]();
  }

  async #decide(
    session: SessionRecord,
    provider: Provider,
    hooked: HookedCall,
    hook: JudgedHook,
  ): Promise<HookReply> {
    if (hooked.event === 'ran') {
      await this.#hear(session, hook);
      await this.ran(session, hooked);
      return said(provider, hooked, { decision: 'agent' });
    }
    const verdict = this.#o.judge.judge(judged(session), hooked.call, hooked.cwd);
    if (hooked.event === 'tool' && hooked.asks && verdict.action !== 'deny') {
      // Where the rules leave everything to the agent, so they do its questions.
      if (hooked.asks.answeredHere && verdict.action !== 'agent') {
        return this.#ask(session, provider, hooked, hook, askedByAgent(provider, hooked, verdict));
      }
      // Its dialog follows, and is what a person decides; a denial may not wait for it: not every dialog has a hook.
      await this.#note(session, hooked, hook, {
        decision: 'agent',
        by: 'agent',
        reason: `${askedByAgent(provider, hooked, verdict).reason} Its own dialog follows.`,
      });
      return said(provider, hooked, { decision: 'agent' });
    }
    return hooked.event === 'tool'
      ? this.#decideTool(session, provider, hooked, hook, verdict)
      : this.#decideDialog(session, provider, hooked, hook, verdict);
  }

  async #decideTool(
    session: SessionRecord,
    provider: Provider,
    hooked: HookedCall,
    hook: JudgedHook,
    verdict: Verdict,
  ): Promise<HookReply> {
    // What was said of it before is outdated.
    if (verdict.action !== 'allow') this.#allowed.forget(identityOf(session, hooked));
    if (verdict.action === 'ask') return this.#ask(session, provider, hooked, hook, verdict);
    await this.#note(session, hooked, hook, {
      decision: verdict.action,
      by: deciderOf(verdict),
      ...basisOf(verdict),
    });
    if (verdict.action === 'allow') this.#remember(session, hooked, permissionOf(verdict));
    return said(provider, hooked, answerOf(verdict));
  }

  /** The agent asks by a prompt of its own. */
  async #decideDialog(
    session: SessionRecord,
    provider: Provider,
    hooked: HookedCall,
    hook: JudgedHook,
    verdict: Verdict,
  ): Promise<HookReply> {
    if (verdict.action === 'deny') {
      await this.#hear(session, hook, { withState: false });
      await this.#note(session, hooked, hook, {
        decision: 'deny',
        by: deciderOf(verdict),
        ...basisOf(verdict),
      });
      return said(provider, hooked, answerOf(verdict));
    }
    const given = hooked.asks ? null : this.#allowed.take(identityOf(session, hooked));
    // A dialog that is open although the rules allow the call is one the person's own settings of the agent ask for.
    const allowed =
      hooked.asks || hooked.dialogOpen
        ? null
        : (given ?? (verdict.action === 'allow' ? permissionOf(verdict) : null));
    if (allowed) {
      await this.#hear(session, hook, { withState: false });
      await this.#note(session, hooked, hook, {
        decision: 'allow',
        ...allowed,
        reason: `${allowed.reason} (the agent's own prompt for the same call)`,
        parts: verdict.parts,
      });
      return said(provider, hooked, { decision: 'allow', answers: null });
    }
    await this.#hear(session, hook);
    const asked =
      verdict.action === 'ask' && !hooked.asks ? verdict : askedByAgent(provider, hooked, verdict);
    return this.#ask(session, provider, hooked, hook, asked);
  }

  async #ask(
    session: SessionRecord,
    provider: Provider,
    hooked: HookedCall,
    hook: JudgedHook,
    verdict: Verdict,
  ): Promise<HookReply> {
    const inTerminal = hooked.event === 'dialog' && hooked.dialogOpen;
    const inputHash = hashOf(hooked);
    const dialog = inTerminal ? this.#dialogs.open(session.id, inputHash) : null;
    const hangUp = this.#hungUp.waits(session.id, { callId: hooked.callId, inputHash, inTerminal });
    hook.signal.addEventListener('abort', hangUp);
    try {
      const { answer, delivered } = await this.#o.approvals.clear(
        {
          session,
          request: hook.request,
          kind: hooked.asks?.kind ?? 'tool',
          call: hooked.call,
          callId: hooked.callId,
          agentId: hooked.agentId,
          cwd: hooked.cwd,
          questions: hooked.asks?.questions ?? [],
          verdict,
          edition: hook.edition,
          inTerminal,
          arrivedAt: hook.arrivedAt,
        },
        hook.signal,
      );
      if (answer.decision === 'allow' && hooked.event === 'tool' && !hooked.asks) {
        this.#remember(session, hooked, { by: 'user', rule: null, reason: 'A person approved it.' });
      }
      // Answered on the terminal: there is nothing left to say to a dialog that is closed.
      const told: HookAnswer = dialog?.isClosed ? { decision: 'agent' } : answer;
      return { ...said(provider, hooked, told), delivered };
    } finally {
      hook.signal.removeEventListener('abort', hangUp);
      if (dialog) this.#dialogs.forget(session.id, dialog);
    }
  }

  #hear(session: SessionRecord, hook: WaitingHook, options?: { withState: boolean }): Promise<void> {
    const { run } = session;
    const origin = ['decide', session.id, run, hook.request, String(hook.payload.hook_event_name)].join(' ');
    return this.#o.hooks.hear(session, { run, origin, at: Date.now(), payload: hook.payload }, options);
  }

  async #note(
    session: SessionRecord,
    { call, callId, cwd }: HookedCall,
    { arrivedAt }: WaitingHook,
    decision: Pick<NewDecision, 'decision' | 'by' | 'reason' | 'rule' | 'parts' | 'input'>,
  ): Promise<void> {
    await this.#o.ledger.record((tx) =>
      this.#o.audit.append(tx, {
        session,
        tool: call.tool,
        toolKind: call.kind,
        callId,
        input: call.input,
        cwd,
        ...decision,
        latencyUs: since(arrivedAt),
      }),
    );
  }

  #remember(session: SessionRecord, hooked: HookedCall, permission: Permission): void {
    this.#allowed.add(identityOf(session, hooked), permission);
  }

  /**
   * Nobody waits for an approval any more; null: for any that a dialog of the agent stood for. A No in a dialog ends its
   * hook, and is the first case; where the hook still waits when the dialog is gone, it was a Yes.
   */
  #withdraw(sessionId: string, call: AskedCall | null): void {
    this.#o.approvals
      .overtaken(sessionId, call && { callId: call.callId, inputHash: call.inputHash }, call === null)
      .catch((error) =>
        this.#o.log.error({ err: error, session: sessionId }, 'an approval was not withdrawn'),
      );
  }

  /** A fault is a denial in words. Where asking again may help, the hook is told to. */
  async #fail(
    session: SessionRecord,
    provider: Provider,
    hooked: HookedCall,
    hook: WaitingHook,
    error: unknown,
  ): Promise<HookReply> {
    const known = error instanceof CodepiperError ? error : asStorageError(error);
    if (known && askAgain.has(known.code)) throw known;
    this.#o.log.error({ err: error, session: session.id, tool: hooked.call.tool }, 'a call was not decided');
    const why = known?.message ?? 'It is a fault of codepiper; see `codepiper daemon logs`.';
    const reason = `codepiper could not decide about this call, so it does not run. ${why}`;
    await this.#noteFault(session, hooked, hook, reason);
    return said(provider, hooked, { decision: 'deny', reason });
  }

  /** What went wrong may be the input, which is left out then, or the trail itself: the denial holds without it. */
  async #noteFault(
    session: SessionRecord,
    hooked: HookedCall,
    hook: WaitingHook,
    reason: string,
  ): Promise<void> {
    const denial = { decision: 'deny', by: 'daemon', reason } as const;
    await this.#note(session, hooked, hook, denial)
      .catch(() => this.#note(session, hooked, hook, { ...denial, input: null }))
      .catch((error) =>
        this.#o.log.error({ err: error, session: session.id }, 'a denial is not in the audit trail'),
      );
  }
}

const askAgain: ReadonlySet<string> = new Set(['shutting_down', 'database_busy', 'unauthorized']);
