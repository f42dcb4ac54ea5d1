import { randomUUID } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { type ProviderId, providerIds, resolveProviderId } from '@codepiper/core/providers/provider.ts';
import { toTmuxKey } from '@codepiper/core/sessions/keys.ts';
import {
  type CreateSession,
  type EvidenceSource,
  isLive,
  type Session,
} from '@codepiper/core/sessions/session.ts';
import type { AgentFact, Conversation, Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Tx } from '../db/database.ts';
import type { Ledger, NewEvent } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { CaptureRequest, PaneInfo, Tmux } from '../tmux/tmux.ts';
import { checkDirectory, hasConversation, type Launcher, newConversationId } from './launcher.ts';
import { applyFact } from './lifecycle.ts';
import type { Observer } from './observer.ts';
import { endProgram, killProgram, type RunningProgram } from './program-end.ts';
import type { SessionEnds } from './session-ends.ts';
import { presentSession, type SessionRecord } from './session-record.ts';
import type { SessionFilter, SessionsStore } from './sessions.store.ts';

/** The pane of a live session. */
export interface LivePane {
  sessionId: string;
  run: number;
  paneId: string;
  /** Process of the wrapper. */
  wrapperPid: number;
}

export type Emit = (event: NewEvent) => void;
/** Runs in the transaction that stores the session, so that both are there or neither. */
export type Alongside = (tx: Tx, emit: Emit, record: SessionRecord) => Promise<void>;

export interface SessionsOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  ends: SessionEnds;
  panes: Map<string, LivePane>;
  observer: () => Observer;
  clock: Clock;
  log: Log;
  maxSessions: number;
}

/** When a failed start that could not be stored is tried again, in milliseconds. */
const storeRetryMs = 1_000;
const defaultSize = { cols: 120, rows: 30 };

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
    const { launcher, store, clock } = this.#o;
    const provider = requireProvider(request.provider);
    launcher.program(provider);
    await checkDirectory(request.cwd);
    if (request.dangerousMode && !provider.capabilities.supportsDangerousMode) {
      throw new CodepiperError('unsupported', `${provider.label} has no dangerous mode.`);
    }
    if (request.providerResume && !provider.capabilities.supportsResume) {
      throw new CodepiperError('unsupported', `${provider.label} has no conversations to resume.`);
    }
    if (request.name) await this.#requireFreeName(request.name, null);
    await this.#requireRoom();
    const launch = {
      args: request.args,
      billingMode: request.billingMode,
      dangerousMode: request.dangerousMode,
      envKeys: Object.keys(request.env),
      trusted: request.trust,
    };
    const env = launcher.environment(provider, { launch }, request.env);
    launch.trusted ||= await this.#requireTrust(provider, request.cwd, env);
    const at = clock.now();
    const wanted = request.providerResume;
    const record: SessionRecord = {
      id: randomUUID(),
      name: request.name ?? null,
      provider: provider.id,
      cwd: request.cwd,
      status: 'starting',
      activity: null,
      evidence: { source: 'user', detail: 'the session was created' },
      model: request.model ?? null,
      createdAt: at,
      updatedAt: at,
      endedAt: null,
      pid: null,
      exitCode: null,
      signal: null,
      cols: request.cols ?? defaultSize.cols,
      rows: request.rows ?? defaultSize.rows,
      transcriptPath: null,
      launch,
      conversation: {
        id: wanted?.mode === 'resume' ? wanted.providerSessionId : null,
        mode: wanted?.mode ?? 'new',
        source: wanted ? 'user-supplied' : null,
        forkedFrom: wanted?.mode === 'fork' ? wanted.providerSessionId : null,
      },
      tokenHash: null,
      run: 1,
      ending: null,
      queued: 0,
    };
    return this.#verbs.run(record.id, async () => {
      await this.#o.ledger.record(async (tx, emit) => {
        const inTx = store.in(tx);
        await inTx.insert(record);
        if (request.trust) await inTx.trustDirectory(request.cwd, provider.id, at);
        emit(sessionEvent(record, 'session.created', { provider: provider.id, cwd: record.cwd }));
        if (record.launch.dangerousMode) emit(sessionEvent(record, 'session.dangerous', {}));
        await alongside?.(tx, emit, record);
      });
      const conversation: Conversation | null = wanted
        ? wanted.mode === 'resume'
          ? { mode: 'resume', id: wanted.providerSessionId }
          : { mode: 'fork', id: wanted.providerSessionId, newId: newConversationId() }
        : { mode: 'new', id: newConversationId() };
      try {
        await this.#start(provider, record, conversation, request.env);
      } catch (error) {
        await this.#undoCreate(record, error);
        throw error;
      }
      return this.#reload(record);
    });
  }

  /** Starts an ended session again in its own row. */
  async resume(ref: string, request: { model?: string }, alongside?: Alongside): Promise<SessionRecord> {
    const { id } = await this.get(ref);
    return this.#verbs.run(id, async () => {
      // A kill that still looks for what was left behind would take the new run along.
      await this.#kills.run(id, async () => undefined);
      return this.#restart(await this.#reload({ id }), request, alongside);
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
      if (isLive(record.status)) await this.#markEnding(record, 'stop');
      await endProgram(this.#program(record), this.providerOf(record).stop, timeoutMs);
      return this.#finishEnding(record);
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
      if (isLive(record.status)) await this.#markEnding(record, 'kill');
      await killProgram(this.#program(record));
      return this.#finishEnding(record);
    });
  }

  async rename(ref: string, name: string | null): Promise<SessionRecord> {
    const record = await this.get(ref);
    if (name) await this.#requireFreeName(name, record.id);
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { name }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.renamed', { name, before: record.name }));
    });
    return this.#reload(record);
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

  async pressKeys(ref: string, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => {
      const key = toTmuxKey(name);
      if (key) return key;
      throw new CodepiperError(
        'invalid_request',
        `body.keys: unknown key "${name}". Keys are single characters, enter, escape, tab, up, …, f1 to f12, with ctrl+, alt+ or shift+ before them.`,
      );
    });
    const { pane } = await this.getLive(ref);
    await this.#o.tmux.pressKeys(pane.paneId, keys);
  }

  /** Interrupts a running turn; an idle agent is left alone. */
  async interrupt(ref: string): Promise<{ interrupted: boolean; record: SessionRecord }> {
    const { record, pane } = await this.getLive(ref);
    const interrupted = record.status !== 'running' || record.activity !== 'idle';
    if (interrupted) await this.#o.tmux.pressKeys(pane.paneId, this.providerOf(record).input.interrupt);
    return { interrupted, record: await this.#reload(record) };
  }

  async resize(ref: string, cols: number, rows: number): Promise<SessionRecord> {
    const { record } = await this.getLive(ref);
    await this.#o.tmux.resize(tmuxSessionName(record.id), cols, rows);
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { cols, rows }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.resized', { cols, rows }));
    });
    return this.#reload(record);
  }

  /** Text of the pane; of an ended session what was on it last. */
  async output(
    ref: string,
    request: { lines?: number; styles: boolean },
  ): Promise<{ output: string; live: boolean }> {
    const record = await this.get(ref);
    const pane = this.#o.panes.get(record.id);
    const text =
      isLive(record.status) && pane
        ? await this.capture(pane, { history: request.lines ?? 0, styles: request.styles, joinWrapped: true })
        : await this.#o.ends.lastScreen(record.id, request.styles);
    const lines = text.replace(/\n+$/, '').split('\n');
    const kept = request.lines === undefined ? lines : lines.slice(-request.lines);
    return { output: kept.join('\n'), live: isLive(record.status) };
  }

  capture(pane: LivePane, request: CaptureRequest): Promise<string> {
    return this.#o.tmux.capture(pane.paneId, request);
  }

  /** Switches the model by a restart of the agent in the same conversation, for agents that know no other way. */
  async restartWithModel(ref: string, model: string): Promise<SessionRecord> {
    const { record } = await this.getLive(ref);
    if (record.status !== 'running' || record.activity !== 'idle') {
      throw new CodepiperError(
        'session_busy',
        `Session ${label(record)} is ${record.activity ?? record.status}: its model is switched by a restart, which needs an idle agent.`,
      );
    }
    await this.stop(record.id, 10_000);
    return this.resume(record.id, { model });
  }

  /** Stores what is known of the model. */
  async noteModel(record: SessionRecord, model: string): Promise<SessionRecord> {
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { model }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.model', { model, before: record.model }));
    });
    return this.#reload(record);
  }

  /** Compares one session with tmux again and takes up its pane when it is there. */
  async recover(ref: string): Promise<SessionRecord> {
    const record = await this.get(ref);
    const pane = (await this.#o.tmux.listPanes()).find((p) => p.sessionName === tmuxSessionName(record.id));
    if (!pane) {
      throw new CodepiperError(
        'session_ended',
        `Session ${label(record)} has no pane in tmux any more. Start it again: codepiper resume ${record.id.slice(0, 8)}`,
      );
    }
    await this.adopt(record, pane);
    return this.#reload(record);
  }

  /** Takes up the pane of a session that an earlier daemon started. */
  async adopt(record: SessionRecord, pane: PaneInfo): Promise<void> {
    const provider = this.providerOf(record);
    this.#o.panes.set(record.id, {
      sessionId: record.id,
      run: record.run,
      paneId: pane.paneId,
      wrapperPid: pane.pid,
    });
    if (!isLive(record.status)) {
      await this.#o.ledger.record(async (tx, emit) => {
        const change = {
          status: 'running' as const,
          activity: null,
          evidence: { source: 'tmux' as const, detail: 'its pane is live' },
          endedAt: null,
          exitCode: null,
          signal: null,
        };
        await this.#o.store.in(tx).update(record.id, change, this.#o.clock.now());
        emit(sessionEvent(record, 'session.adopted', { before: record.status }));
      });
    } else if (record.status === 'starting' && provider.readiness === 'immediate') {
      await this.#markStarted(record);
    }
    await this.#observe(record, provider);
  }

  /** Stores what an agent let us know. One transaction of its own. */
  async report(run: { sessionId: string; run: number }, facts: readonly AgentFact[], source: EvidenceSource) {
    await this.#o.ledger.record((tx, emit) => this.reportIn(tx, emit, run, facts, source));
  }

  /** The same inside a transaction; facts about another run are passed over. Returns the session as it was. */
  async reportIn(
    tx: Tx,
    emit: Emit,
    run: { sessionId: string; run: number },
    facts: readonly AgentFact[],
    source: EvidenceSource,
  ): Promise<SessionRecord | null> {
    const store = this.#o.store.in(tx);
    const before = await store.get(run.sessionId);
    if (!before || before.run !== run.run) return null;
    let after = before;
    for (const fact of facts) after = { ...after, ...applyFact(after, fact, source) };
    if (after === before || JSON.stringify(after) === JSON.stringify(before)) return before;
    await store.update(before.id, after, this.#o.clock.now());
    if (after.status !== before.status || after.activity !== before.activity) {
      emit(sessionEvent(before, 'session.updated', stateOf(before, after)));
    }
    if (after.model !== before.model) emit(sessionEvent(before, 'session.model', { model: after.model }));
    if (after.conversation.id !== before.conversation.id) {
      emit(
        sessionEvent(before, 'session.conversation', {
          id: after.conversation.id,
          before: before.conversation.id,
        }),
      );
    }
    return before;
  }

  async notePid(run: { sessionId: string; run: number }, pid: number): Promise<void> {
    const record = await this.#o.store.get(run.sessionId);
    if (!record || record.run !== run.run || !isLive(record.status) || record.pid === pid) return;
    await this.#o.store.update(record.id, { pid }, record.updatedAt);
  }

  /** Waits until no verb is under way. */
  async idle(): Promise<void> {
    await this.#verbs.idle();
    await this.#kills.idle();
  }

  async #restart(
    record: SessionRecord,
    request: { model?: string },
    alongside?: Alongside,
  ): Promise<SessionRecord> {
    const provider = this.providerOf(record);
    if (isLive(record.status)) {
      throw new CodepiperError(
        'session_live',
        `Session ${label(record)} is live already. Attach to it: codepiper attach ${record.id.slice(0, 8)}`,
      );
    }
    this.#o.launcher.program(provider);
    await checkDirectory(record.cwd);
    await this.#requireRoom();
    const id = record.conversation.id;
    const known = id !== null && (await hasConversation(provider, record.transcriptPath));
    const conversation: Conversation =
      known && id ? { mode: 'resume', id } : { mode: 'new', id: newConversationId() };
    const started: SessionRecord = {
      ...record,
      status: 'starting',
      activity: null,
      evidence: {
        source: 'user',
        detail: known
          ? 'the session was resumed'
          : 'the session was started again; the agent has stored no conversation to go on with',
      },
      model: request.model ?? record.model,
      endedAt: null,
      exitCode: null,
      signal: null,
      pid: null,
      run: record.run + 1,
      ending: null,
      conversation: { ...record.conversation, mode: known ? 'resume' : 'new' },
    };
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, started, this.#o.clock.now());
      emit(sessionEvent(record, 'session.resumed', { run: started.run, conversation: known ? id : null }));
      await alongside?.(tx, emit, started);
    });
    try {
      await this.#start(provider, started, conversation, await this.#o.launcher.givenEnvironment(record.id));
    } catch (error) {
      await this.#storeSoon(started, () =>
        this.#o.ends.end(
          { sessionId: started.id, run: started.run },
          { exitCode: null, detail: `the start failed: ${messageOf(error)}` },
        ),
      );
      throw error;
    }
    return this.#reload(record);
  }

  async #start(
    provider: Provider,
    record: SessionRecord,
    conversation: Conversation | null,
    given: Record<string, string>,
  ): Promise<void> {
    const { launcher, tmux, panes, store, ledger, clock } = this.#o;
    const prepared = await launcher.prepare(provider, record, conversation, given);
    const immediate = provider.readiness === 'immediate';
    await store.update(
      record.id,
      {
        tokenHash: prepared.tokenHash,
        conversation: {
          ...record.conversation,
          id: prepared.conversationId ?? record.conversation.id,
          source: record.conversation.source ?? (prepared.conversationId ? 'codepiper' : null),
        },
      },
      clock.now(),
    );
    const pane = await tmux.createPane({
      sessionName: tmuxSessionName(record.id),
      cols: record.cols,
      rows: record.rows,
      argv: prepared.paneArgv,
    });
    panes.set(record.id, {
      sessionId: record.id,
      run: record.run,
      paneId: pane.paneId,
      wrapperPid: pane.pid,
    });
    if (immediate) await this.#markStarted(record);
    else
      await ledger.record(async (_tx, emit) =>
        emit(sessionEvent(record, 'session.started', { run: record.run })),
      );
    await this.#observe(record, provider);
  }

  async #markStarted(record: SessionRecord): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const now = await store.get(record.id);
      if (!now || now.run !== record.run || now.status !== 'starting') return;
      const change = {
        status: 'running' as const,
        evidence: { source: 'tmux' as const, detail: 'its pane is live' },
      };
      await store.update(record.id, change, this.#o.clock.now());
      emit(sessionEvent(record, 'session.started', { run: record.run }));
    });
  }

  async #observe(record: SessionRecord, provider: Provider): Promise<void> {
    const pane = this.#o.panes.get(record.id);
    if (!pane) return;
    const given = await this.#o.launcher.givenEnvironment(record.id);
    this.#o.observer().watch({
      sessionId: record.id,
      run: record.run,
      paneId: pane.paneId,
      provider,
      folder: this.#o.launcher.folder(record.id),
      env: this.#o.launcher.environment(provider, record, given),
    });
  }

  /** The pane was never made: nothing of the session stays. */
  async #undoCreate(record: SessionRecord, error: unknown): Promise<void> {
    await this.#o.tmux.killSession(tmuxSessionName(record.id)).catch(() => undefined);
    this.#o.panes.delete(record.id);
    // First the files: on a full disk their room is what the row's change needs.
    await this.#o.launcher.folder(record.id).remove();
    await this.#storeSoon(record, () =>
      this.#o.ledger.record(async (tx, emit) => {
        await this.#o.store.in(tx).remove(record.id, this.#o.clock.now());
        emit(sessionEvent(record, 'session.failed', { reason: messageOf(error) }));
      }),
    );
  }

  /** Stores that a start failed; again and again when what made it fail is in the way of that too. */
  async #storeSoon(record: SessionRecord, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#o.log.error(
        { err: error, session: record.id },
        'a failed start cannot be stored; it is tried again',
      );
      setTimeout(() => void this.#storeSoon(record, work), storeRetryMs).unref();
    }
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

  async #requireTrust(provider: Provider, cwd: string, env: Record<string, string>): Promise<boolean> {
    const told = await this.#o.store.trustedDirectories(provider.id);
    if (await this.#o.launcher.isTrusted(provider, cwd, env, told)) return told.includes(cwd);
    throw new CodepiperError(
      'trust_required',
      `${provider.label} does not trust ${cwd} yet: it could read, edit and run files there. If you trust them, start with --trust.`,
      { cwd, provider: provider.id },
    );
  }

  async #requireFreeName(name: string, exceptId: string | null): Promise<void> {
    if (!(await this.#o.store.nameTaken(name, exceptId))) return;
    throw new CodepiperError(
      'name_taken',
      `Another session is named "${name}". Choose another name, or rename that one.`,
    );
  }

  async #requireRoom(): Promise<void> {
    if ((await this.#o.store.countLive()) < this.#o.maxSessions) return;
    throw new CodepiperError(
      'session_limit',
      `Maximum concurrent sessions (${this.#o.maxSessions}) reached. Stop an existing session first, or raise sessions.max.`,
    );
  }

  async #reload(record: { id: string }): Promise<SessionRecord> {
    const fresh = await this.#o.store.get(record.id);
    if (fresh) return fresh;
    throw new CodepiperError('session_not_found', `Session not found: ${record.id}`);
  }
}

/** Throws `invalid_request` for a provider that does not exist. */
export function requireProvider(name: string): Provider {
  const id: ProviderId | undefined = resolveProviderId(name);
  if (id) return getProvider(id);
  throw new CodepiperError(
    'invalid_request',
    `Invalid provider: ${name}. Must be one of: ${providerIds.join(', ')}`,
  );
}

export function sessionEvent(
  record: { id: string },
  type: string,
  payload: Record<string, unknown>,
): NewEvent {
  return { sessionId: record.id, source: 'session', type, payload };
}

function stateOf(before: SessionRecord, after: SessionRecord): Record<string, unknown> {
  return {
    status: after.status,
    activity: after.activity,
    evidence: after.evidence,
    before: { status: before.status, activity: before.activity },
  };
}

function label(record: SessionRecord): string {
  return record.name ? `"${record.name}" (${record.id.slice(0, 8)})` : record.id.slice(0, 8);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
