import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { type CreateSession, isLive, type Session } from '@codepiper/core/sessions/session.ts';
import type { Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Ledger } from '../events/ledger.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { hasConversation, type Launcher } from './launcher.ts';
import type { LivePane, LivePanes } from './live-pane.ts';
import { endProgram, killProgram, type RunningProgram } from './program-end.ts';
import type { Reconciler } from './reconcile.ts';
import type { SessionEnds } from './session-ends.ts';
import { type Alongside, sessionEvent } from './session-events.ts';
import { requireProvider, type SessionLaunches } from './session-launches.ts';
import { label, presentSession, type SessionRecord } from './session-record.ts';
import type { SessionFilter, SessionsStore } from './sessions.store.ts';

export interface SessionsOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  ends: SessionEnds;
  panes: LivePanes;
  launches: SessionLaunches;
  reconciler: () => Pick<Reconciler, 'one'>;
  /** Aborted when the daemon stops. */
  closing: AbortSignal;
  clock: Clock;
}

/** How long an idle agent may take to end for a switch of its model, in milliseconds. */
const modelRestartMs = 10_000;

/** The verbs of sessions. Verbs on one session run one after the other. */
export class SessionsService {
  readonly #o: SessionsOptions;
  readonly #verbs = new KeyedQueue();
  readonly #kills = new KeyedQueue();

  constructor(options: SessionsOptions) {
    this.#o = options;
  }

  async list(filter: Omit<SessionFilter, 'provider'> & { provider?: string }): Promise<Session[]> {
    const { provider, ...rest } = filter;
    const records = await this.#o.store.list(
      provider ? { ...rest, provider: requireProvider(provider).id } : rest,
    );
    return records.map((record) => this.present(record));
  }

  async get(ref: string): Promise<SessionRecord> {
    return this.#o.store.resolve(ref);
  }

  /** The session, live. Throws `session_ended` otherwise. */
  async getLive(ref: string): Promise<{ record: SessionRecord; pane: LivePane }> {
    return this.requireLive(await this.get(ref));
  }

  /** The same of a session that was just read. */
  requireLive(record: SessionRecord): { record: SessionRecord; pane: LivePane } {
    const pane = this.#o.panes.get(record.id);
    if (isLive(record.status) && pane) return { record, pane };
    if (isLive(record.status)) {
      throw new CodepiperError(
        'session_busy',
        `Session ${label(record)} is being started. Try again in a moment.`,
      );
    }
    throw new CodepiperError(
      'session_ended',
      `Session ${label(record)} has ended (${record.status}). Start it again: codepiper resume ${record.id.slice(0, 8)}`,
      { status: record.status },
    );
  }

  present(record: SessionRecord): Session {
    const attach = isLive(record.status) ? this.#o.tmux.attachCommand(tmuxSessionName(record.id)) : null;
    return presentSession(record, attach);
  }

  providerOf(record: SessionRecord): Provider {
    return getProvider(record.provider);
  }

  async create(request: CreateSession, alongside?: Alongside): Promise<SessionRecord> {
    const plan = await this.#o.launches.plan(request);
    return this.#verbs.run(plan.record.id, () => this.#o.launches.create(plan, alongside));
  }

  /** Starts an ended session again in its own row. */
  async resume(ref: string, request: { model?: string }, alongside?: Alongside): Promise<SessionRecord> {
    const { id } = await this.get(ref);
    return this.#verbs.run(id, async () => {
      // A kill that still looks for what was left behind would take the new run along.
      await this.#kills.run(id, async () => undefined);
      return this.#o.launches.again(await this.#reload({ id }), request, alongside);
    });
  }

  /** A new session whose conversation starts as a copy of this one's. */
  async fork(ref: string, request: { name?: string }, alongside?: Alongside): Promise<SessionRecord> {
    const record = await this.get(ref);
    const provider = this.providerOf(record);
    if (!provider.capabilities.supportsFork) {
      throw new CodepiperError('unsupported', `${provider.label} has no conversations to fork.`);
    }
    if (!record.conversation.id || !(await hasConversation(provider, record.transcriptPath))) {
      throw new CodepiperError(
        'conversation_unknown',
        `Session ${label(record)} has no conversation yet: nothing to fork.`,
      );
    }
    return this.create(
      {
        provider: record.provider,
        cwd: record.cwd,
        ...(request.name ? { name: request.name } : {}),
        ...(record.model ? { model: record.model } : {}),
        args: record.launch.args,
        env: await this.#o.launcher.givenEnvironment(record.id),
        billingMode: record.launch.billingMode,
        dangerousMode: record.launch.dangerousMode,
        trust: record.launch.trusted,
        ...(record.launch.recorded === undefined ? {} : { record: record.launch.recorded }),
        policySets: record.policySets,
        ...(record.policyDefault ? { policyDefault: record.policyDefault } : {}),
        providerResume: { providerSessionId: record.conversation.id, mode: 'fork' },
        cols: record.cols,
        rows: record.rows,
      },
      alongside,
    );
  }

  /** Asks the program to end and kills it after the deadline. An ended session is a success. */
  async stop(ref: string, timeoutMs: number): Promise<SessionRecord> {
    const { id } = await this.get(ref);
    return this.#verbs.run(id, async () => {
      const record = await this.#reload({ id });
      if (!isLive(record.status) && record.ending === null) return record;
      return this.#stop(record, timeoutMs);
    });
  }

  /** Kills the whole process tree. An ended session is a success; what it left behind is killed all the same. */
  async kill(ref: string): Promise<SessionRecord> {
    const { id, status } = await this.get(ref);
    // A start that is under way makes the pane first; there is nothing to kill before.
    if (isLive(status) && !this.#o.panes.has(id)) await this.#verbs.run(id, async () => undefined);
    // A stop that waits for its deadline must not hold up a kill: this does not queue behind it.
    return this.#kills.run(id, async () => {
      const record = await this.#reload({ id });
      return this.#ending(record, 'kill', () => killProgram(this.#program(record)));
    });
  }

  async rename(ref: string, name: string | null): Promise<SessionRecord> {
    const record = await this.get(ref);
    if (name) await this.#o.launches.checks.requireFreeName(name, record.id);
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { name }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.renamed', { name, before: record.name }));
    });
    return this.#reload(record);
  }

  /** Says whether the session's terminal is recorded from now on, whatever the daemon is set to. */
  async setRecorded(ref: string, recorded: boolean): Promise<SessionRecord> {
    const { id } = await this.get(ref);
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const record = await store.get(id);
      if (!record || record.launch.recorded === recorded) return;
      await store.update(id, { launch: { ...record.launch, recorded } }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.recording', { on: recorded, reason: 'a person said so' }));
    });
    return this.#reload({ id });
  }

  async remove(ref: string): Promise<void> {
    const { id } = await this.get(ref);
    await this.#verbs.run(id, async () => {
      // What a kill still looks for is known by the row.
      await this.#kills.run(id, async () => undefined);
      const record = await this.#reload({ id });
      if (isLive(record.status)) {
        throw new CodepiperError(
          'session_live',
          `Session ${label(record)} is still live. Stop it first: codepiper stop ${id.slice(0, 8)}`,
        );
      }
      await this.#o.ledger.record(async (tx, emit) => {
        await this.#o.store.in(tx).remove(id, this.#o.clock.now());
        emit(sessionEvent(record, 'session.removed', {}));
      });
      await this.#o.launcher.folder(id).remove();
    });
  }

  /** Switches the model by a restart of the agent in the same conversation, for agents that know no other way. */
  async restartWithModel(ref: string, model: string): Promise<SessionRecord> {
    const { id } = await this.get(ref);
    return this.#verbs.run(id, async () => {
      const { record } = this.requireLive(await this.#reload({ id }));
      if (record.status !== 'running' || record.activity !== 'idle') {
        throw new CodepiperError(
          'session_busy',
          `Session ${label(record)} is ${record.activity ?? record.status}: its model is switched by a restart, which needs an idle agent.`,
        );
      }
      return this.#o.launches.again(await this.#stop(record, modelRestartMs), { model });
    });
  }

  /** Compares one session with tmux again and takes up its pane when it is there. */
  async recover(ref: string): Promise<SessionRecord> {
    const { id, status } = await this.get(ref);
    // A start that is under way has no pane yet: that is no loss.
    if (isLive(status) && !this.#o.panes.has(id)) await this.#verbs.run(id, async () => undefined);
    const record = await this.#reload({ id });
    await this.#o.reconciler().one(record);
    const now = await this.#reload(record);
    if (isLive(now.status)) return now;
    throw new CodepiperError(
      'session_ended',
      `Session ${label(record)} has no live pane in tmux any more. Start it again: codepiper resume ${record.id.slice(0, 8)}`,
    );
  }

  /** Waits until no verb is under way. */
  async idle(): Promise<void> {
    await this.#verbs.idle();
    await this.#kills.idle();
  }

  #stop(record: SessionRecord, timeoutMs: number): Promise<SessionRecord> {
    const { stop } = this.providerOf(record);
    return this.#ending(record, 'stop', () => endProgram(this.#program(record), stop, timeoutMs));
  }

  /** Says that somebody asked for the end, brings it about, and says when nothing is left of the run. */
  async #ending(
    record: SessionRecord,
    ending: 'stop' | 'kill',
    end: () => Promise<void>,
  ): Promise<SessionRecord> {
    if (isLive(record.status)) await this.#markEnding(record, ending);
    try {
      await end();
    } catch (error) {
      // It was not brought about: whatever ends the program later was not this.
      if (!(await this.#o.ends.hasEnded(record.id, record.run))) await this.#finishEnding(record);
      throw error;
    }
    // The next daemon goes on with what this one leaves.
    return this.#o.closing.aborted ? this.#reload(record) : this.#finishEnding(record);
  }

  async #markEnding(record: SessionRecord, ending: 'stop' | 'kill'): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { ending }, this.#o.clock.now());
      emit(sessionEvent(record, ending === 'stop' ? 'session.stopping' : 'session.killing', {}));
    });
  }

  /** Nothing of the run is left: until then its row says that somebody asked, for a daemon that takes over. */
  async #finishEnding(record: SessionRecord): Promise<SessionRecord> {
    const now = await this.#reload(record);
    if (now.ending === null) return now;
    await this.#o.store.update(record.id, { ending: null }, now.updatedAt);
    return { ...now, ending: null };
  }

  #program(record: SessionRecord): RunningProgram {
    const { tmux, ends, launcher } = this.#o;
    return {
      sessionId: record.id,
      run: record.run,
      pane: this.#o.panes.get(record.id) ?? null,
      readPid: () => launcher.folder(record.id).readPid(),
      tmux,
      ends,
    };
  }

  async #reload(record: { id: string }): Promise<SessionRecord> {
    const fresh = await this.#o.store.get(record.id);
    if (fresh) return fresh;
    throw new CodepiperError('session_not_found', `Session not found: ${record.id}`);
  }
}
