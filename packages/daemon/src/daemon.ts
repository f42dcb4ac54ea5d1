import { join } from 'node:path';
import type { Clock } from '@codepiper/core/clock.ts';
import { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { eventEndpoints } from '@codepiper/core/events/event.endpoints.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Config } from './config/config.ts';
import { openDatabase } from './db/open.ts';
import { deliveryHandlers } from './deliveries/deliveries.routes.ts';
import { DeliveriesService } from './deliveries/deliveries.service.ts';
import { DeliveriesStore } from './deliveries/deliveries.store.ts';
import { ModelSwitch } from './deliveries/model-switch.ts';
import { Typist } from './deliveries/typist.ts';
import { mountEventStream } from './events/events.routes.ts';
import { createLedger } from './events/ledger.ts';
import { HooksService } from './hooks/hooks.service.ts';
import { listenOnSocket } from './http/listen.ts';
import { mountEndpoints } from './http/mount.ts';
import { createServer } from './http/server.ts';
import type { Log } from './log/log.ts';
import { createSpoolDirectory } from './panes/pane-folder.ts';
import { Spool } from './panes/spool.ts';
import { systemClock } from './platform/clock.ts';
import { ensurePrivateDirectory, writePrivateFile } from './platform/files.ts';
import { loadPeerReader } from './platform/peer.ts';
import { Resources } from './platform/resources.ts';
import { hashToken, Launcher } from './sessions/launcher.ts';
import type { LivePanes } from './sessions/live-pane.ts';
import { Observer } from './sessions/observer.ts';
import { Reconciler } from './sessions/reconcile.ts';
import { SessionEnds } from './sessions/session-ends.ts';
import { SessionFacts } from './sessions/session-facts.ts';
import { SessionLaunches } from './sessions/session-launches.ts';
import { SessionStarter } from './sessions/session-starter.ts';
import { SessionTerminal } from './sessions/session-terminal.ts';
import { sessionHandlers } from './sessions/sessions.routes.ts';
import { SessionsService } from './sessions/sessions.service.ts';
import { SessionsStore } from './sessions/sessions.store.ts';
import { mountOutputStream } from './terminals/terminals.routes.ts';
import { createTmux } from './tmux/create-tmux.ts';

export interface DaemonOptions {
  config: Config;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  version: string;
  uid: number;
  umask: number;
  /** argv of the CLI, for the `codepiper` command in sessions. */
  cli: readonly string[] | null;
  clock?: Clock;
  /** Somebody asked over the API that the daemon stop. */
  onStop: () => void;
}

export interface Daemon extends AsyncDisposable {
  readonly socket: string;
}

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
    createTmux({ socketName: values.tmuxSocket, home, env: tmuxEnvironment(environment), log }),
  );
  const database = resources.use(await openDatabase(values.dbPath, { log, clock }));
  const ledger = createLedger({ db: database.db, clock, log });
  const readPeer = await loadPeerReader();
  const tmux = resources.use(await making);
  const connecting = begin(tmux.connect());
  const launcher = new Launcher({
    sessionsDirectory,
    spoolDirectory,
    binDirectory,
    socket: values.socket,
    forwardSshAgent: values.forwardSshAuthSock,
    environment,
    umask: options.umask,
    cli: options.cli,
  });
  await launcher.install();

  const closing = new AbortController();
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
  const facts = new SessionFacts({ ledger, store: sessionsStore, clock });
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
    ends,
    tmux,
    panes,
    home,
    log,
  });
  const launches = new SessionLaunches({
    ledger,
    store: sessionsStore,
    tmux,
    launcher,
    starter,
    ends,
    panes,
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
  const terminal = new SessionTerminal({
    sessions,
    ledger,
    store: sessionsStore,
    tmux,
    ends,
    panes,
    clock,
  });
  const observer = resources.use(
    new Observer({
      tmux,
      log,
      reports: {
        facts: (run, told, source) =>
          void facts
            .report(run, told, source)
            .catch((error) => log.error({ err: error }, 'facts not stored')),
        pid: (run, pid) =>
          void facts.notePid(run, pid).catch((error) => log.error({ err: error }, 'pid not stored')),
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
    wake: (id) => typist.wake(id),
  });
  const models = new ModelSwitch({ deliveries, sessions, facts, terminal });
  const hooks = new HooksService({
    ledger,
    store: sessionsStore,
    sessions: facts,
    deliveries,
    observer,
    log,
  });
  const spool: Spool = resources.use(
    new Spool({
      directory: spoolDirectory,
      log,
      handle: (file) => (file.kind === 'exit' ? ends.onExitFile(file) : hooks.onHookFile(file)),
    }),
  );

  const app = createServer({
    log,
    authenticate: async (token) => {
      const record = await sessionsStore.findByTokenHash(hashToken(token));
      return record ? { kind: 'session', sessionId: record.id } : null;
    },
  });
  mountEndpoints(
    app,
    sessionEndpoints,
    {
      ...sessionHandlers(sessions, terminal, () => launcher.describeProviders()),
      ...deliveryHandlers(deliveries, sessions, models),
    },
    { closing: closing.signal },
  );
  mountEndpoints(app, eventEndpoints, {
    listSessionEvents: async ({ params, query }) =>
      ledger.list({ sessionId: (await sessions.get(params.id)).id, ...query }),
  });
  mountEndpoints(app, daemonEndpoints, {
    health: async () => ({
      status: 'ok' as const,
      version,
      pid: process.pid,
      home,
      socket: values.socket,
      startedAt: new Date(startedAt).toISOString(),
      liveSessions: await sessionsStore.countLive(),
      tmux: { version: tmux.version, socket: tmux.socketName },
    }),
    version: async () => ({ version, node: process.versions.node }),
    config: async () => ({ settings: [...config.effective] }),
    stopDaemon: async ({ body }, caller) => {
      if (caller.kind === 'session') {
        throw new CodepiperError('forbidden', 'A session may not stop the daemon it runs under.');
      }
      const live = (await sessionsStore.list({ live: true })).filter((record) => isLive(record.status));
      if (body.killSessions) {
        await Promise.all(live.map((record) => sessions.kill(record.id)));
        await tmux.leave();
      }
      setImmediate(options.onStop);
      return { success: true as const, liveSessions: body.killSessions ? 0 : live.length };
    },
  });
  mountEventStream(app, { ledger, log });
  mountOutputStream(app, { sessions, tmux, log });

  // What the panes and the spool say first; only then may anything be typed or asked.
  await connecting;
  const found = await reconciler.all();
  await typist.restore(found);
  spool.start();
  await spool.drain();
  resources.defer(
    tmux.listen({
      sessionsChanged: () =>
        void reconciler.vanished('its tmux session was ended from outside').catch(logFailure(log)),
      gone: () => void reconciler.vanished('the tmux server ended').catch(logFailure(log)),
    }),
  );
  resources.defer(
    ledger.listen((events) => {
      for (const event of events) {
        if (event.sessionId === null) continue;
        if (event.type === 'session.ended') {
          void deliveries.failRun(event.sessionId, Number(event.payload.run)).catch(logFailure(log));
        }
        if (event.type === 'session.removed') {
          void deliveries.forget(event.sessionId).catch(logFailure(log));
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

  resources.use(await listenOnSocket(app, values.socket, { uid: options.uid, log, readPeer }));
  writePrivateFile(
    join(home, homeFiles.daemon),
    `${JSON.stringify({ pid: process.pid, socket: values.socket, version, startedAt })}\n`,
  );

  const owned = resources.move();
  return {
    socket: values.socket,
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
