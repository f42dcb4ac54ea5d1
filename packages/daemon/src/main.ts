import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import { loadConfig } from './config/config.ts';
import { keepPort, readEnvironment, takeKeptPort } from './config/environment.ts';
import { startDaemon } from './daemon.ts';
import { ListenError } from './http/listen.ts';
import { openLog } from './log/log.ts';
import { ensurePrivateDirectory } from './platform/files.ts';
import { acquireLock } from './platform/lock.ts';
import { finishMoves } from './platform/moves.ts';

/** What is told as soon as the daemon listens. */
export interface DaemonReady {
  pid: number;
  socket: string;
  /** Port of 127.0.0.1 that is served without sign-in. */
  insecureDev: number | null;
  dashboard: DashboardPlace | null;
}

export interface RunOptions {
  /** Flags of `codepiper daemon`, by their long names. */
  flags: Readonly<Record<string, string | undefined>>;
  /** Log readable lines to the terminal too. */
  foreground: boolean;
  version: string;
  /** argv of the CLI, for the `codepiper` command in sessions. */
  cli: readonly string[] | null;
  /** Whether whoever runs this can put a new daemon in the place of one that asks for it. */
  canRestart: boolean;
  onReady?: (ready: DaemonReady) => void;
}

/** How long a refused daemon waits for the first one to say who it is, in milliseconds. */
const firstDaemonMs = 10_000;

/** What somebody wants of a daemon that runs. */
interface Asked {
  stop: boolean;
  restart: boolean;
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the daemon until a signal or the API asks it to stop. Sessions go on.
 * @returns what the one that is to take its place at once needs in its environment besides; null when none is to, also
 *   because a signal came meanwhile
 * @throws ConfigError for a wrong configuration, ListenError when home or socket is another daemon's
 */
export async function runDaemon(options: RunOptions): Promise<Readonly<Record<string, string>> | null> {
  const { promise: stopped, resolve: wake } = Promise.withResolvers<void>();
  const asked: Asked = { stop: false, restart: false };
  const stop = () => {
    asked.stop = true;
    wake();
  };
  const restart = () => {
    asked.restart = true;
    wake();
  };
  const port = await run(options, { asked, stopped, stop, restart });
  // A signal that came while the last files were closed is heard by the end of the second turn. One that comes later ends
  // the process as it is: everything is closed, and no handler takes what the next program would never hear of.
  await nextTurn();
  await nextTurn();
  for (const signal of stopSignals) process.removeListener(signal, stop);
  return asked.restart && !asked.stop ? keepPort(port) : null;
}

interface Wishes {
  asked: Readonly<Asked>;
  stopped: Promise<void>;
  stop(): void;
  restart(): void;
}

/** @returns the port of the dashboard, if there was one */
async function run(options: RunOptions, { asked, stopped, stop, restart }: Wishes): Promise<number | null> {
  const keptPort = takeKeptPort();
  const environment = readEnvironment();
  const uid = process.getuid?.() ?? 0;
  const umask = process.umask(0o077);
  const sources = { flags: options.flags, env: environment, uid };
  let config = loadConfig(sources);
  ensurePrivateDirectory(config.home);
  using lock = acquireLock(join(config.home, homeFiles.lock));
  if (!lock) throw await refusal(config.home);
  // A restore that was killed half-way, the configuration included.
  const isRestored = finishMoves(join(config.home, homeFiles.restore));
  if (isRestored) config = loadConfig(sources);
  using databaseLock = lockDatabase(config.values.dbPath);
  if (!databaseLock) {
    throw new ListenError(
      `${config.values.dbPath} is in use by another daemon. Give each home a database of its own.`,
    );
  }

  for (const signal of stopSignals) process.once(signal, stop);
  await using opened = openLog({
    home: config.home,
    level: config.values.logLevel,
    maxBytes: config.values.logMaxBytes,
    foreground: options.foreground,
  });
  const { log } = opened;
  let port: number | null = null;
  if (isRestored) log.warn('a restore that had been interrupted was finished');
  {
    await using daemon = await startDaemon({
      config,
      environment,
      keptPort,
      log,
      version: options.version,
      uid,
      umask,
      cli: options.cli,
      onStop: stop,
      restart: options.canRestart
        ? {
            check: () => void loadConfig(sources),
            go: restart,
          }
        : null,
    });
    log.info({ version: options.version, socket: daemon.socket, home: config.home }, 'the daemon is ready');
    const { socket, insecureDev, dashboard } = daemon;
    port = dashboard?.port ?? null;
    options.onReady?.({ pid: process.pid, socket, insecureDev, dashboard });
    await stopped;
    log.info('the daemon stops');
  }
  log.info(asked.restart && !asked.stop ? 'the daemon begins again' : 'the daemon has stopped');
  // Whoever comes in its place takes this for the person's own.
  process.umask(umask);
  return port;
}

/** Two homes may name one database. */
function lockDatabase(path: string): Disposable | null {
  if (path === ':memory:') return { [Symbol.dispose]: () => undefined };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return acquireLock(`${path}.lock`);
}

/** Names the daemon that has the home; it may be so young that its file is not there yet. */
async function refusal(home: string): Promise<ListenError> {
  const deadline = Date.now() + firstDaemonMs;
  for (;;) {
    const pid = runningPid(home);
    if (pid !== null || Date.now() > deadline) {
      const who = pid === null ? 'another daemon' : `the daemon with pid ${pid}`;
      return new ListenError(
        `${home} is in use by ${who}. Stop it with \`codepiper daemon stop\`, or set CODEPIPER_HOME to another directory.`,
        pid,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function runningPid(home: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(join(home, homeFiles.daemon), 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' && processExists(pid) ? pid : null;
  } catch {
    return null;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
