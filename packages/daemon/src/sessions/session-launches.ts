import { randomUUID } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { type ProviderId, providerIds, resolveProviderId } from '@codepiper/core/providers/provider.ts';
import { type CreateSession, isLive } from '@codepiper/core/sessions/session.ts';
import type { Conversation, Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Tx } from '../db/database.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { LaunchChecks } from './launch-checks.ts';
import { checkDirectory, hasConversation, type Launcher, newConversationId } from './launcher.ts';
import type { LivePanes } from './live-pane.ts';
import { reapLeftovers } from './program-end.ts';
import type { SessionEnds } from './session-ends.ts';
import { type Alongside, sessionEvent } from './session-events.ts';
import type { SessionPolicies } from './session-policies.ts';
import { type LaunchRecord, label, type SessionRecord } from './session-record.ts';
import type { SessionStarter } from './session-starter.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface SessionLaunchesOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  starter: SessionStarter;
  ends: SessionEnds;
  panes: LivePanes;
  policies: Pick<SessionPolicies, 'setsFor'>;
  audit: Pick<AuditTrail, 'append'>;
  clock: Clock;
  log: Log;
  maxSessions: number;
}

/** A checked request: the row to be, and how the agent is started. */
export interface LaunchPlan {
  request: CreateSession;
  provider: Provider;
  record: SessionRecord;
  conversation: Conversation;
}

/** When a failed start that could not be stored is tried again, in milliseconds. */
const storeRetryMs = 1_000;
const defaultSize = { cols: 120, rows: 30 };

/**
 * First starts and further ones. The row is stored before the pane is made, so that no pane is ever without a row; a
 * start that fails leaves neither.
 */
export class SessionLaunches {
  readonly checks: LaunchChecks;
  readonly #o: SessionLaunchesOptions;

  constructor(options: SessionLaunchesOptions) {
    this.#o = options;
    this.checks = new LaunchChecks(options);
  }

  /** Checks a request and says what would be started. Throws `CodepiperError` for what cannot be. */
  async plan(request: CreateSession): Promise<LaunchPlan> {
    const { launcher, clock } = this.#o;
    const provider = requireProvider(request.provider);
    for (const { check } of this.checks.of(provider, request)) await check();
    const launch: LaunchRecord = {
      args: request.args,
      billingMode: request.billingMode,
      dangerousMode: request.dangerousMode,
      ...(launcher.hasHostAccess(provider, request) ? { hostAccess: true } : {}),
      envKeys: Object.keys(request.env),
      trusted: await this.checks.wasTrusted(provider, request),
      ...(request.record === undefined ? {} : { recorded: request.record }),
    };
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
      policySets: this.#o.policies.setsFor(request.policySets),
      policyDefault: request.policyDefault ?? null,
      queued: 0,
      approvals: 0,
    };
    return { request, provider, record, conversation: firstConversation(request) };
  }

  /** Stores the session of a plan and makes its pane. */
  async create(plan: LaunchPlan, alongside?: Alongside): Promise<SessionRecord> {
    const { request, provider, record, conversation } = plan;
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      await store.insert(record);
      if (request.trust) await store.trustDirectory(request.cwd, provider.id, record.createdAt);
      emit(sessionEvent(record, 'session.created', { provider: provider.id, cwd: record.cwd }));
      if (record.launch.dangerousMode) emit(sessionEvent(record, 'session.dangerous', {}));
      await this.#auditChoice(tx, record, request);
      await this.#auditDangerous(tx, record);
      await alongside?.(tx, emit, record);
    });
    try {
      await this.#o.starter.start(provider, record, conversation, request.env);
    } catch (error) {
      await this.takeBack(record, messageOf(error));
      throw error;
    }
    return this.#reload(record);
  }

  /** Starts an ended session again in its own row. */
  async again(
    record: SessionRecord,
    request: { model?: string },
    alongside?: Alongside,
  ): Promise<SessionRecord> {
    const provider = getProvider(record.provider);
    if (isLive(record.status)) {
      throw new CodepiperError(
        'session_live',
        `Session ${label(record)} is live already. Attach to it: codepiper attach ${record.id.slice(0, 8)}`,
      );
    }
    this.#o.launcher.program(provider);
    await checkDirectory(record.cwd);
    await this.checks.requireRoom();
    // A pane that was taken away does not take its program along at once; two would write one transcript.
    await reapLeftovers(record.id);
    const known = await hasConversation(provider, record.transcriptPath);
    const conversation = nextConversation(record, known);
    const { hostAccess: _, ...launch } = record.launch;
    const hasHostAccess = this.#o.launcher.hasHostAccess(provider, launch);
    const started: SessionRecord = {
      ...record,
      launch: { ...launch, ...(hasHostAccess ? { hostAccess: true } : {}) },
      status: 'starting',
      activity: null,
      evidence: {
        source: 'user',
        detail:
          conversation.mode !== 'new'
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
      conversation: { ...record.conversation, mode: conversation.mode },
    };
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, started, this.#o.clock.now());
      emit(
        sessionEvent(record, 'session.resumed', {
          run: started.run,
          conversation: conversation.mode === 'new' ? null : conversation.id,
        }),
      );
      if (started.model !== record.model)
        emit(sessionEvent(record, 'session.model', { model: started.model, before: record.model }));
      await this.#auditDangerous(tx, started);
      await alongside?.(tx, emit, started);
    });
    try {
      await this.#o.starter.start(
        provider,
        started,
        conversation,
        await this.#o.launcher.givenEnvironment(record.id),
      );
    } catch (error) {
      // The pane may have been made before it failed: what is stored as ended must have ended.
      await this.#o.tmux.killSession(tmuxSessionName(record.id)).catch(() => undefined);
      await reapLeftovers(record.id);
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

  /** Other rules than those of every session are a change of what decides. */
  async #auditChoice(tx: Tx, record: SessionRecord, request: CreateSession): Promise<void> {
    if (request.policySets === undefined && request.policyDefault === undefined) return;
    const { policySets, policyDefault } = record;
    const sets = policySets.length === 0 ? 'no policy sets' : `the policy sets ${policySets.join(', ')}`;
    const own = policyDefault === null ? '' : ` and the default ${policyDefault}`;
    await this.#o.audit.append(tx, {
      decision: 'change',
      by: 'user',
      reason: `the session was started with ${sets}${own}`,
      session: record,
      input: { policySets, policyDefault },
      cwd: record.cwd,
    });
  }

  /** That from now on everything is allowed that no rule denies is a change of what decides; so is more reach. */
  async #auditDangerous(tx: Tx, record: SessionRecord): Promise<void> {
    const { dangerousMode, hostAccess } = record.launch;
    if (!dangerousMode && !hostAccess) return;
    await this.#o.audit.append(tx, {
      decision: 'change',
      by: 'user',
      reason: dangerousMode
        ? `dangerous mode: run ${record.run} of the session was started without questions; what a rule denies stays denied`
        : `host access: run ${record.run} of the session was started without a sandbox; only rules hold it back`,
      session: record,
      cwd: record.cwd,
    });
  }

  /** The pane of a first run was never made, or its start failed: nothing of the session stays. */
  async takeBack(record: SessionRecord, reason: string): Promise<void> {
    await this.#o.tmux.killSession(tmuxSessionName(record.id)).catch(() => undefined);
    await reapLeftovers(record.id);
    this.#o.panes.delete(record.id);
    // First the files: on a full disk their room is what the row's change needs.
    await this.#o.launcher.folder(record.id).remove();
    await this.#storeSoon(record, () =>
      this.#o.ledger.record(async (tx, emit) => {
        await this.#o.store.in(tx).remove(record.id, this.#o.clock.now());
        emit(sessionEvent(record, 'session.failed', { reason }));
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

  async #reload(record: SessionRecord): Promise<SessionRecord> {
    return (await this.#o.store.get(record.id)) ?? record;
  }
}

function firstConversation({ providerResume }: CreateSession): Conversation {
  if (!providerResume) return { mode: 'new', id: newConversationId() };
  const { providerSessionId: id, mode } = providerResume;
  return mode === 'resume' ? { mode, id } : { mode, id, newId: newConversationId() };
}

/**
 * How a session goes on. What the agent has stored is resumed; a start that ended before the agent stored anything is
 * made again as it was asked for; else there is nothing to go on with.
 */
function nextConversation({ conversation }: SessionRecord, isStored: boolean): Conversation {
  const { id, source, forkedFrom } = conversation;
  if (id && isStored) return { mode: 'resume', id };
  if (forkedFrom) return { mode: 'fork', id: forkedFrom, newId: newConversationId() };
  if (id && source === 'user-supplied') return { mode: 'resume', id };
  return { mode: 'new', id: newConversationId() };
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
