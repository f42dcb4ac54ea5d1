import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Clock } from '@codepiper/core/clock.ts';
import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { homeFiles, tmuxSessionName } from '@codepiper/core/paths.ts';
import { starterPolicies, starterSets } from '@codepiper/core/policies/starter-sets.ts';
import { providerIdSchema } from '@codepiper/core/providers/provider.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { type ApiParts, mountApi, mountRooms, mountTerminalPage } from './api.ts';
import { ApprovalAnswers } from './approvals/answers.ts';
import { ApprovalsService } from './approvals/approvals.service.ts';
import { ApprovalsStore } from './approvals/approvals.store.ts';
import { AuditService } from './audit/audit.service.ts';
import { AuditStore } from './audit/audit.store.ts';
import { loadAuditKey } from './audit/audit-key.ts';
import { CheckpointFile, checkpointPath } from './audit/checkpoints.ts';
import { AuthStore } from './auth/auth.store.ts';
import { openAuthRoom } from './auth/auth.ts';
import type { Config } from './config/config.ts';
import { openDatabase } from './db/open.ts';
import { QueryThread } from './db/transcripts/query-thread.ts';
import { DeliveriesService } from './deliveries/deliveries.service.ts';
import { DeliveriesStore } from './deliveries/deliveries.store.ts';
import { ModelSwitch } from './deliveries/model-switch.ts';
import { Typist } from './deliveries/typist.ts';
import { createLedger } from './events/ledger.ts';
import { Directories } from './fleet/directories.ts';
import { Drafts } from './fleet/drafts.ts';
import { FleetService } from './fleet/fleet.service.ts';
import { FleetStore } from './fleet/fleet.store.ts';
import { PaneLines } from './fleet/pane-lines.ts';
import { Repositories } from './fleet/repositories.ts';
import { DecisionsService } from './hooks/decisions.service.ts';
import { HooksService } from './hooks/hooks.service.ts';
import { Preflight } from './hooks/preflight.ts';
import { listenOnSocket, peerOf } from './http/listen.ts';
import { listenOnLoopback } from './http/listen-loopback.ts';
import { type Caller, createServer } from './http/server.ts';
import { UploadFolder } from './http/uploads.ts';
import { ImagesService } from './images/images.service.ts';
import type { Log } from './log/log.ts';
import { NotificationsStore } from './notifications/notifications.store.ts';
import { openNotificationsRoom } from './notifications/notifications.ts';
import { PushStore } from './notifications/push.store.ts';
import { createSpoolDirectory } from './panes/pane-folder.ts';
import { Spool } from './panes/spool.ts';
import { systemClock } from './platform/clock.ts';
import { putEngineThreadsBehind } from './platform/engine-threads.ts';
import { ensurePrivateDirectory, writePrivateFile } from './platform/files.ts';
import { FreedMemory, loadGiveBack } from './platform/memory.ts';
import { loadPeerReader } from './platform/peer.ts';
import { Resources } from './platform/resources.ts';
import { takeShortSlices } from './platform/slices.ts';
import { Laboratory } from './policies/laboratory.ts';
import { PoliciesService } from './policies/policies.service.ts';
import { PoliciesStore } from './policies/policies.store.ts';
import { PolicyBook } from './policies/policy-book.ts';
import { PolicyChanges } from './policies/policy-changes.ts';
import { PolicyJudge } from './policies/policy-judge.ts';
import { PolicySetsService } from './policies/policy-sets.service.ts';
import { RulesFile } from './policies/rules-file.ts';
import type { TranscriptQueries } from './query-worker.ts';
import { RecordingsService } from './recordings/recordings.service.ts';
import { SessionHolds } from './sessions/holds.ts';
import { Launcher } from './sessions/launcher.ts';
import type { LivePanes } from './sessions/live-pane.ts';
import { Observer } from './sessions/observer.ts';
import { Reconciler } from './sessions/reconcile.ts';
import { SessionCallers } from './sessions/session-callers.ts';
import { SessionEnds } from './sessions/session-ends.ts';
import { SessionFacts } from './sessions/session-facts.ts';
import { requireProvider, SessionLaunches } from './sessions/session-launches.ts';
import { SessionPolicies } from './sessions/session-policies.ts';
import { SessionStarter } from './sessions/session-starter.ts';
import { SessionTerminal } from './sessions/session-terminal.ts';
import { SessionsService } from './sessions/sessions.service.ts';
import { SessionsStore } from './sessions/sessions.store.ts';
import { Doctor } from './settings/doctor.ts';
import { Restart } from './settings/restart.ts';
import { DaemonSettingsService } from './settings/settings.service.ts';
import { SettingsStore } from './settings/settings.store.ts';
import { startScreens } from './terminals/screens.ts';
import { SharedTerminals } from './terminals/shared-terminal.ts';
import { createTerminals, type TerminalsService } from './terminals/terminals.service.ts';
import { TerminalTickets } from './terminals/tickets.ts';
import { createTmux } from './tmux/create-tmux.ts';
import { TranscriptJobs } from './transcripts/transcript-jobs.ts';
import { TranscriptsService } from './transcripts/transcripts.service.ts';
import { VoiceService } from './voice/voice.service.ts';
import { voiceCommand } from './voice/voice-command.ts';

export interface DaemonOptions {
  config: Config;
  environment: Readonly<Record<string, string | undefined>>;
  /** Where the dashboard of the daemon was whose place this one takes, if one was. */
  keptPort?: number | null;
  log: Log;
  version: string;
  uid: number;
  umask: number;
  /** argv of the CLI, for the `codepiper` command in sessions. */
  cli: readonly string[] | null;
  clock?: Clock;
  /** Somebody asked over the API that the daemon stop. */
  onStop: () => void;
  /**
   * How the daemon takes its own place: `check` throws when none could start now. Null where the process cannot.
   */
  restart: { check: () => void; go: () => void } | null;
}

export interface Daemon extends AsyncDisposable {
  readonly socket: string;
  /** Port of 127.0.0.1 that is served without sign-in, if any. */
  readonly insecureDev: number | null;
  /** Where the dashboard is, if it is served. */
  readonly dashboard: DashboardPlace | null;
}

/**
 * How long who waited for the daemon comes first, in milliseconds: following the terminals of live sessions, reading
 * transcripts and clearing away are things nobody waits for.
 */
const backgroundAfterMs = 100;
/** What loads native code comes when nobody waits for the start any more, in milliseconds. */
const slicesAfterMs = 2_000;

/**
 * The composition root: the only file that knows every room. Returns when the daemon listens, and it listens when
 * every stored session was compared with tmux: what it says is true from its first answer on.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, log, version, environment, clock = systemClock } = options;
  const { values, home } = config;
  const startedAt = clock.now();
  await using resources = new Resources();

  const sessionsDirectory = join(home, homeFiles.sessions);
  const binDirectory = join(home, homeFiles.bin);
  const spoolDirectory = join(home, 'spool');
  for (const directory of [sessionsDirectory, binDirectory]) ensurePrivateDirectory(directory);
  await createSpoolDirectory(spoolDirectory);

  // tmux is asked as early as can be and heard late: what needs no answer of it is done in between.
  const making = begin(
    createTmux({
      socketName: values.tmuxSocket,
      home,
      env: tmuxEnvironment(environment),
      log,
      popup: options.cli && [
        join(binDirectory, 'codepiper'),
        ...['approvals', '--popup', '--socket', values.socket, '--session'],
      ],
    }),
  );
  const database = resources.use(await openDatabase(values.dbPath, { log, clock }));
  const ledger = createLedger({ db: database.db, clock, log });
  const audit = resources.use(
    new AuditService({
      ledger,
      store: new AuditStore(database.db),
      key: loadAuditKey(join(home, homeFiles.auditKey)),
      checkpoints: database.path === ':memory:' ? null : new CheckpointFile(checkpointPath(database.path)),
      clock,
      log,
    }),
  );
  await audit.restore();
  const daemonSettings = new DaemonSettingsService({
    ...{ config, ledger, audit, clock, log },
    store: new SettingsStore(database.db),
  });
  await daemonSettings.load();
  const auth = openAuthRoom({ ledger, store: new AuthStore(database.db), home, clock, log });
  const readPeer = await loadPeerReader();
  const tmux = resources.use(await making);
  const connecting = begin(tmux.connect());
  const launcher = new Launcher({
    sessionsDirectory,
    spoolDirectory,
    binDirectory,
    socket: values.socket,
    forwardSshAgent: () => daemonSettings.value('forwardSshAuthSock'),
    codexHostAccess: () => daemonSettings.value('codexHostAccessProfileEnabled'),
    environment,
    umask: options.umask,
    cli: options.cli,
    hookFallback: values.hookFallback,
    hookPatienceSeconds: values.hookPatience,
  });
  await launcher.install();

  const closing = new AbortController();
  // Every call that waits listens to it.
  setMaxListeners(0, closing.signal);
  const panes: LivePanes = new Map();
  const sessionsStore = new SessionsStore(database.db);
  const deliveriesStore = new DeliveriesStore(database.db);
  const ends: SessionEnds = new SessionEnds({
    ledger,
    store: sessionsStore,
    tmux,
    launcher,
    spool: () => spool,
    closing: closing.signal,
    panes,
    observer: () => observer,
    clock,
    log,
  });
  const holds = new SessionHolds({
    ledger,
    store: sessionsStore,
    clock,
    onReleased: (id) => void observer.hookSpoke(id, clock.now()),
  });
  const facts = new SessionFacts({ ledger, store: sessionsStore, clock, holds });
  const starter = new SessionStarter({
    ledger,
    store: sessionsStore,
    tmux,
    launcher,
    panes,
    observer: () => observer,
    clock,
  });
  const reconciler = new Reconciler({
    store: sessionsStore,
    starter,
    pidOf: (id) => launcher.folder(id).readPid(),
    wasLaunchTaken: (id) => launcher.folder(id).wasLaunchTaken(),
    takeBack: (record, reason) => launches.takeBack(record, reason),
    ends,
    tmux,
    panes,
    home,
    log,
  });
  const policiesStore = new PoliciesStore(database.db);
  const rulesFile =
    values.policyFile === null ? null : resources.use(new RulesFile({ path: values.policyFile, log }));
  const book = resources.use(
    new PolicyBook({
      store: policiesStore,
      starters: { policies: starterPolicies, policySets: starterSets },
      rulesFile,
      defaultAction: () => daemonSettings.defaultAction(),
      configuredSets: values.policySets,
      clock,
      log,
    }),
  );
  await book.refresh();
  const changes = new PolicyChanges({ ledger, audit, book });
  if (rulesFile) {
    const inForce = () => changes.rulesFileRead(rulesFile).catch(logFailure(log));
    await inForce();
    rulesFile.follow(() => void inForce());
  }
  const sessionPolicies = new SessionPolicies({ ledger, store: sessionsStore, book, audit, clock });
  const policies = new PoliciesService({
    book,
    store: policiesStore,
    changes,
    sessionIn: (tx, id) => sessionPolicies.named(tx, id),
    clock,
  });
  const policySets = new PolicySetsService({
    book,
    store: policiesStore,
    changes,
    withdrawEverywhere: (...args) => sessionPolicies.withdrawEverywhere(...args),
    clock,
  });
  const judge = new PolicyJudge({ book, policies, home: environment.HOME ?? '/', clock, log });
  const laboratory = new Laboratory({
    book,
    judge,
    audit,
    workspaces: () => sessionPolicies.workspaces(),
  });
  const launches = new SessionLaunches({
    ledger,
    store: sessionsStore,
    tmux,
    launcher,
    starter,
    ends,
    panes,
    policies: sessionPolicies,
    audit,
    clock,
    log,
    maxSessions: values.maxSessions,
  });
  const sessions = new SessionsService({
    ledger,
    store: sessionsStore,
    tmux,
    launcher,
    ends,
    launches,
    reconciler: () => reconciler,
    panes,
    closing: closing.signal,
    clock,
  });
  // Verbs end early once the daemon stops; what they left is in their rows.
  resources.defer(() => sessions.idle());
  const preflight = new Preflight({ ledger, judge, audit, log });
  const terminal = new SessionTerminal({
    sessions,
    ledger,
    store: sessionsStore,
    tmux,
    ends,
    panes,
    clock,
    preflight: (session, keys) =>
      preflight.check(
        session,
        keys.map((key) => ({ key })),
      ),
  });
  const recordings = resources.use(
    new RecordingsService({
      ...{ home, sessions, ledger, clock, log },
      list: () => sessionsStore.list(),
      retap: (id) => terminals.retap(id),
      enabled: () => daemonSettings.value('terminalFeatures.recordingsEnabled'),
      maxMegabytes: values.recordingsMaxMegabytes,
      keepDays: values.recordingsKeepDays,
    }),
  );
  const terminals: TerminalsService = resources.use(
    createTerminals({
      sessions,
      panes,
      tmux,
      screens: resources.use(startScreens(log)),
      tap: recordings,
      lastScreen: (id) => ends.lastScreen(id, true),
      log,
    }),
  );
  const tickets = new TerminalTickets(clock);
  const uploads = new UploadFolder(join(home, homeFiles.uploads));
  const images = new ImagesService({ sessions, folderOf: (id) => launcher.folder(id).path });
  const voice = resources.use(
    new VoiceService({
      command: voiceCommand(values),
      timeoutMs: values.voiceTimeoutMs,
      environment,
      closing: closing.signal,
    }),
  );
  const shared = resources.use(
    new SharedTerminals({ tmux, noteSize: (id, size) => terminal.noteSize(id, size), log }),
  );
  const observer = resources.use(
    new Observer({
      tmux,
      log,
      reports: {
        facts: (run, told, source, since) => {
          decisions.heard(run.sessionId, told, since);
          void facts
            .report(run, told, source)
            .catch((error) => log.error({ err: error }, 'facts not stored'));
        },
        pid: (run, pid) => {
          const pane = panes.get(run.sessionId);
          if (pane?.run === run.run) pane.programPid = pid;
          void facts.notePid(run, pid).catch((error) => log.error({ err: error }, 'pid not stored'));
        },
        stateOf: async (id) => {
          const record = await sessionsStore.get(id);
          return record && { status: record.status, source: record.evidence.source };
        },
      },
    }),
  );
  const typist = resources.use(
    new Typist({
      store: deliveriesStore,
      deliveries: () => deliveries,
      sessions: sessionsStore,
      panes,
      tmux,
      log,
      onGuarded: (id) =>
        void observer
          .readScreen(id)
          .catch((error) => log.warn({ err: error }, 'the screen could not be read')),
    }),
  );
  const deliveries = new DeliveriesService({
    ledger,
    store: deliveriesStore,
    sessions,
    clock,
    log,
    preflight: (session, { kind, text }) =>
      preflight.check(session, [{ text }, ...(kind === 'draft' ? [] : [{ key: 'Enter' }])]),
    wake: (id) => typist.wake(id),
  });
  const approvalsStore = new ApprovalsStore(database.db);
  const approvals = resources.use(
    new ApprovalsService({
      ledger,
      store: approvalsStore,
      sessions: sessionsStore,
      judge,
      audit,
      holds,
      clock,
      log,
      expireAfter: values.approvalsExpireAfter,
      toolCall: (provider, tool, input) =>
        getProvider(providerIdSchema.parse(provider)).toolCall(tool, input),
      onHeld: (id, summary) => {
        const line = `codepiper: approval needed: ${summary} (Ctrl+B a)`;
        void tmux.notify(tmuxSessionName(id), line).catch(logFailure(log));
      },
    }),
  );
  const answers = new ApprovalAnswers({
    approvals,
    store: approvalsStore,
    sessions: sessionsStore,
    judge,
    audit,
    home: environment.HOME ?? '/',
    clock,
    agingAfter: values.approvalsAgingAfter,
  });
  const notifications = resources.use(
    openNotificationsRoom({
      ...{ ledger, sessions: sessionsStore, approvals: approvalsStore, clock, log },
      store: new NotificationsStore(database.db),
      push: new PushStore(database.db),
      signIns: {
        onEnded: (listener) => auth.sessions.onEnded(listener),
        live: async () => new Set((await auth.sessions.list(null)).map(({ id }) => id)),
      },
      settings: () => daemonSettings.notifications(),
      configuration: {
        ...{ enabled: values.pushEnabled, subject: values.pushSubject },
        ...{ publicKey: values.pushPublicKey, privateKey: values.pushPrivateKey },
      },
      keyPath: join(home, homeFiles.pushKey),
    }),
  );
  const models = new ModelSwitch({ deliveries, sessions, facts, terminal });
  const hooks: HooksService = new HooksService({
    ledger,
    store: sessionsStore,
    sessions: facts,
    deliveries,
    observer,
    onRan: (session, hooked) => decisions.ran(session, hooked),
    onTurnEnded: (id, at) => decisions.turnEnded(id, at),
    log,
  });
  const decisions: DecisionsService = resources.use(
    new DecisionsService({ ledger, store: sessionsStore, hooks, judge, approvals, audit, log }),
  );
  const spool: Spool = resources.use(
    new Spool({
      directory: spoolDirectory,
      log,
      handle: (file) => (file.kind === 'exit' ? ends.onExitFile(file) : hooks.onHookFile(file)),
    }),
  );

  const transcripts = resources.use(
    new TranscriptsService({
      ...{ ledger, sessions: sessionsStore, home, env: environment, log },
      keepDays: values.transcriptsKeepDays,
    }),
  );

  const queries = resources.use(
    new QueryThread<TranscriptQueries>({
      data: {
        transcripts: join(home, homeFiles.transcripts),
        main: database.path,
        prices: join(home, homeFiles.prices),
        auditKey: join(home, homeFiles.auditKey),
      },
      log,
    }),
  );

  const fleetStore = new FleetStore(database.db);
  const fleet = new FleetService({
    ...{ ledger, transcripts, clock, log },
    store: fleetStore,
    sessions: {
      list: () => sessionsStore.list(),
      get: (id) => sessionsStore.get(id),
      present: (record) => sessions.present(record),
    },
    pendingApprovals: async (id) =>
      (await approvalsStore.pending(id)).map((record) => answers.present(record)),
    ask: queries.ask,
    holdReader: () => queries.hold(),
    lines: new PaneLines({ tmux, panes, lastScreen: (id) => ends.lastScreen(id, true), clock }),
    repositories: new Repositories(),
  });
  const directories = new Directories({ store: fleetStore, home: environment.HOME ?? '/' });
  const drafts = new Drafts({
    checks: launches.checks,
    requireProvider,
    liveSessions: () => sessionsStore.list({ live: true }),
    ...{ directories, environment },
  });

  const callers = new SessionCallers({
    store: sessionsStore,
    panes,
    tmux,
    isOwnServer: values.tmuxSocket !== 'default',
  });
  const authenticate = async (token: string): Promise<Caller | null> => {
    const sessionId = await callers.byToken(token);
    return sessionId === null ? null : { kind: 'session', sessionId };
  };
  const app = createServer({
    log,
    authenticate,
    optionalPrefix: '/api',
    locate: async (socket) => {
      const peer = peerOf(socket);
      // A process that the system has no number for is in none of our panes.
      return peer === null ? 'unknown' : peer.pid === null ? 'outside' : callers.byProcess(peer.pid);
    },
  });
  const jobs = new TranscriptJobs({
    ...{ transcripts, formats: transcriptFormats, env: environment, holdReader: () => queries.hold() },
  });
  let insecureDev: number | null = null;
  let dashboard: DashboardPlace | null = null;
  const endSessions = async () => {
    const live = (await sessionsStore.list({ live: true })).filter((record) => isLive(record.status));
    await Promise.all(live.map((record) => sessions.kill(record.id)));
    await tmux.leave();
  };
  const restart = new Restart({
    check: options.restart?.check ?? null,
    argv: options.cli,
    preserveSessions: () => daemonSettings.value('preserveSessions'),
    endSessions,
    go: () => options.restart?.go(),
  });
  const doctor = resources.use(new Doctor({ cli: options.cli, socket: values.socket, home, environment }));
  const api: ApiParts = {
    auth,
    ...{ directories, drafts, fleet },
    ...{ daemonSettings, doctor, notifications, restart },
    ...{ answers, audit, book, clock, decisions, deliveries, jobs, judge, laboratory, launcher, ledger, log },
    ...{
      models,
      policies,
      policySets,
      queries,
      recordings,
      sessionPolicies,
      sessions,
      sessionsStore,
      shared,
    },
    ...{ terminal, terminals, tickets, transcripts, version },
    ...{ images, uploads, voice },
    closing: closing.signal,
    daemon: {
      health: async () => ({
        status: 'ok' as const,
        version,
        pid: process.pid,
        home,
        socket: values.socket,
        startedAt: new Date(startedAt).toISOString(),
        liveSessions: await sessionsStore.countLive(),
        insecureDev,
        dashboard,
        tmux: { version: tmux.version, socket: tmux.socketName },
      }),
      version: async () => ({ version, node: process.versions.node }),
      config: async () => ({ settings: daemonSettings.effective() }),
      stopDaemon: async ({ body }) => {
        const isEnding = body.killSessions ?? !daemonSettings.value('preserveSessions');
        if (isEnding) await endSessions();
        setImmediate(options.onStop);
        return { success: true as const, liveSessions: isEnding ? 0 : await sessionsStore.countLive() };
      },
    },
  };
  mountApi(app, api);

  // What the panes and the spool say first; only then may anything be typed or asked.
  await connecting;
  const found = await reconciler.all();
  await typist.restore(found);
  await approvals.restore();
  spool.start();
  await spool.drain();
  resources.defer(
    tmux.listen({
      sessionsChanged: () =>
        void reconciler.vanished('its tmux session was ended from outside').catch(logFailure(log)),
      gone: () => void reconciler.vanished('the tmux server ended').catch(logFailure(log)),
    }),
  );
  // Not at the start, which people wait for.
  let giveBack: ReturnType<typeof loadGiveBack> | null = null;
  const freed = resources.use(
    new FreedMemory(() => {
      giveBack ??= loadGiveBack();
      giveBack.then((give) => give()).catch(logFailure(log));
    }),
  );
  freed.worked();
  resources.defer(
    ledger.listen((events) => {
      freed.worked();
      for (const event of events) {
        if (event.type === 'daemon.settings_changed') void recordings.decideAnew().catch(logFailure(log));
        if (event.sessionId === null) continue;
        if (event.type === 'session.started' || event.type === 'session.adopted')
          void terminals.retap(event.sessionId);
        if (event.type === 'session.ended') {
          preflight.forget(event.sessionId);
          decisions.forget(event.sessionId);
          void deliveries.failRun(event.sessionId, Number(event.payload.run)).catch(logFailure(log));
        }
        if (event.type === 'session.removed' || event.type === 'session.failed') {
          tickets.forget(event.sessionId);
          void deliveries.forget(event.sessionId).catch(logFailure(log));
          void policies.forgetSession(event.sessionId).catch(logFailure(log));
        }
        typist.wake(event.sessionId);
      }
    }),
  );
  for (const id of await deliveriesStore.sessionsWith(['queued', 'typed'])) typist.wake(id);
  // Ended ones too: what their programs left behind may not have been ended yet.
  for (const record of await sessionsStore.list()) {
    if (record.ending === 'stop') void sessions.stop(record.id, 10_000).catch(logFailure(log));
    if (record.ending === 'kill') void sessions.kill(record.id).catch(logFailure(log));
  }

  if (values.webEnabled) {
    const { openDashboard } = await import('./http/listen-web.ts');
    dashboard = await openDashboard(resources, {
      values,
      keptPort: options.keptPort ?? null,
      gate: auth.sessions,
      ...{ clock, log },
      mount: (web, door) => mountRooms(web, api, door),
    });
  }
  resources.use(await listenOnSocket(app, values.socket, { uid: options.uid, log, readPeer }));
  if (values.insecureDev !== null) {
    const loopback = createServer({ log, authenticate, optionalPrefix: '/api' });
    mountTerminalPage(loopback, api);
    const listening = resources.use(await listenOnLoopback(loopback, values.insecureDev));
    insecureDev = listening.port;
    log.warn(
      { port: insecureDev },
      'INSECURE: every session can be watched and typed into on this port of 127.0.0.1, without any sign-in, by everybody on this machine, agents included',
    );
  }
  writePrivateFile(
    join(home, homeFiles.daemon),
    `${JSON.stringify({ pid: process.pid, socket: values.socket, version, startedAt })}\n`,
  );

  const background = setTimeout(() => {
    putEngineThreadsBehind();
    void terminals.start().catch(logFailure(log));
    void transcripts.start().catch(logFailure(log));
    void recordings.start().catch(logFailure(log));
    void notifications.start().catch(logFailure(log));
  }, backgroundAfterMs);
  resources.defer(() => clearTimeout(background));
  const slices = setTimeout(() => void takeShortSlices().catch(logFailure(log)), slicesAfterMs);
  resources.defer(() => clearTimeout(slices));

  const owned = resources.move();
  return {
    socket: values.socket,
    insecureDev,
    dashboard,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await owned[Symbol.asyncDispose]();
    },
  };
}

/** For a promise that is awaited later: until then its failure is nobody's, and must not end the process. */
function begin<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

function logFailure(log: Log): (error: unknown) => void {
  return (error) => log.error({ err: error }, 'a background task failed');
}

/** The tmux server outlives the daemon and its panes start from their own lists: it gets what tmux itself needs. */
function tmuxEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = [
    'PATH',
    'HOME',
    'USER',
    'SHELL',
    'LANG',
    'LC_ALL',
    'LC_CTYPE',
    'TMPDIR',
    'TMUX_TMPDIR',
    'TERMINFO',
    'TERMINFO_DIRS',
  ];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
