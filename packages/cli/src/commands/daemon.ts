import { flushCompileCache } from 'node:module';
import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { exitCodes } from '@codepiper/core/errors.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Context } from '../context.ts';
import { beginAgain } from '../daemon/begin-again.ts';
import { type Ready, startDetached, tellStarter } from '../daemon/detach.ts';
import { insecurePublicWarning } from '../daemon/insecure-public.ts';
import { followLines, lastLines, prettyLine } from '../daemon/log-lines.ts';
import { flagWords, givenSettings } from '../daemon/setting-flags.ts';
import { stopRunning } from '../daemon/stop.ts';
import { explain } from '../explain.ts';
import { age, clean, shortPath } from '../output.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';
import { version } from '../version.ts';

const actions = { start, stop, status, restart, logs };
const actionNames = Object.keys(actions);
/** Options that belong to some actions only. */
const belongs: Readonly<Record<string, readonly string[]>> = {
  detach: ['start'],
  'log-level': ['start', 'restart'],
  web: ['start', 'restart'],
  port: ['start', 'restart'],
  host: ['start', 'restart'],
  'tls-cert': ['start', 'restart'],
  'tls-key': ['start', 'restart'],
  'insecure-public': ['start', 'restart'],
  'insecure-dev': ['start', 'restart'],
  'kill-sessions': ['stop', 'restart'],
  'keep-sessions': ['stop', 'restart'],
  follow: ['logs'],
  lines: ['logs'],
};

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const name = input.positionals[0] ?? 'start';
  const action = isAction(name) ? actions[name] : undefined;
  if (!action) {
    const guess = await suggest(name, actionNames);
    const hint = guess ? `Did you mean ${guess}?` : `There are ${actionNames.join(', ')}.`;
    throw new UsageError(`codepiper daemon cannot "${name}". ${hint}`);
  }
  for (const [option, owners] of Object.entries(belongs)) {
    if (input.flag(option) && !owners.includes(name)) {
      throw new UsageError(`--${option} belongs to daemon ${owners.join(' and ')}, not to ${name}.`);
    }
  }
  if (input.flag('kill-sessions') && input.flag('keep-sessions')) {
    throw new UsageError('--kill-sessions and --keep-sessions exclude each other.');
  }
  return (await action(context)) ?? exitCodes.ok;
}

function isAction(name: string): name is keyof typeof actions {
  return Object.hasOwn(actions, name);
}

async function start(context: Context): Promise<number | undefined> {
  const { input, io } = context;
  if (input.flag('detach')) {
    await detach(
      context,
      [...givenSettings(input)].flatMap(([name, value]) => flagWords(name, value)),
    );
    return undefined;
  }
  const isSupervised = process.connected;
  try {
    const { runDaemon } = await import('@codepiper/daemon/main.ts');
    // Not before: what is loaded is many small objects, for which a larger heap saves 12 ms.
    const { keepYoungSpaceSmall } = await import('@codepiper/daemon/platform/memory.ts');
    keepYoungSpaceSmall();
    const next = await runDaemon({
      flags: Object.fromEntries(givenSettings(input)),
      foreground: !isSupervised,
      version,
      cli: io.self,
      canRestart: process.execve !== undefined,
      onReady: (ready) => {
        if (isSupervised) tellStarter({ ready });
        else
          io.err(`codepiper daemon is running (pid ${ready.pid}, socket ${ready.socket}); Ctrl+C stops it\n`);
        if (!isSupervised) void tellWays(context, ready);
        // Node would keep the compiled code at the end only, which a daemon that is killed never comes to.
        flushCompileCache();
      },
    });
    if (next !== null) beginAgain(io, next);
    return exitCodes.ok;
  } catch (error) {
    const { message, exit } = explain(error);
    tellStarter({ failed: { message, exitCode: exit } });
    throw error;
  }
}

async function detach(context: Context, flags: readonly string[]): Promise<void> {
  const ready = await context.during('Starting the daemon', startDetached(context.io, flags));
  context.print(ready, () => `codepiper daemon is running (pid ${ready.pid}, socket ${ready.socket})\n`);
  await tellWays(context, ready);
}

/** Other ways to the daemon than its socket: what stands open, and how to get in. */
async function tellWays(context: Context, { insecureDev, dashboard }: Ready): Promise<void> {
  if (insecureDev !== null) context.io.err(insecureWarning(insecureDev));
  if (dashboard === null) return;
  const { tellDashboard } = await import('../daemon/dashboard.ts');
  await tellDashboard(context, dashboard);
}

async function stop(context: Context): Promise<void> {
  const stopped = await stopRunning(context);
  if (stopped === null) {
    context.print(
      { stopped: false, pid: null },
      () => 'The daemon is not running; there is nothing to stop.\n',
    );
    return;
  }
  const { pid, liveSessions } = stopped;
  const goOn =
    liveSessions === 1 ? '; 1 session goes on' : liveSessions > 1 ? `; ${liveSessions} sessions go on` : '';
  context.print({ stopped: true, pid }, () => `codepiper daemon has stopped (pid ${pid})${goOn}\n`);
}

async function status(context: Context): Promise<void> {
  const health = await context.client().request('GET', '/health', { timeoutMs: 5000 });
  const { io } = context;
  context.print(health, () =>
    [
      `codepiper daemon ${health.version} is running (pid ${health.pid}) for ${age(health.startedAt, io.now())}`,
      `socket         ${health.socket}`,
      `home           ${shortPath(health.home, io.env.userHome)}`,
      `live sessions  ${health.liveSessions}`,
      `tmux           ${health.tmux.version ?? 'not started yet'} (tmux -L ${health.tmux.socket})`,
      // An older daemon does not tell of either.
      ...(health.dashboard
        ? [`dashboard      ${health.dashboard.url}`, ...publicWarning(health.dashboard)]
        : []),
      ...(typeof health.insecureDev === 'number' ? [insecureWarning(health.insecureDev).trimEnd()] : []),
      '',
    ].join('\n'),
  );
}

function publicWarning({ isPublic, isTls }: DashboardPlace): string[] {
  return isPublic && !isTls ? [insecurePublicWarning] : [];
}

function insecureWarning(port: number): string {
  return `INSECURE: http://127.0.0.1:${port}/ shows every session and types into it, for everybody on this machine, agents included. Start without --insecure-dev to close it.\n`;
}

/**
 * The new daemon takes the flags given now, and of the old one those that were not. Nothing is stopped when the
 * configuration is wrong.
 */
async function restart(context: Context): Promise<void> {
  const { input } = context;
  const flags = new Map<string, string>();
  const { settings } = await context
    .client()
    .request('GET', '/config')
    .catch(() => ({ settings: [] }));
  for (const { origin, from, value } of settings) {
    if (origin === 'flag' && from !== null) flags.set(from.replace(/^--/, ''), String(value));
  }
  for (const [name, value] of givenSettings(input)) flags.set(name, value);
  await checkConfig(context, Object.fromEntries(flags));
  await stopRunning(context);
  await detach(
    context,
    [...flags].flatMap(([name, value]) => flagWords(name, value)),
  );
}

/**
 * Whether a daemon could start with these flags: the running one is stopped only for one that can take its place.
 *
 * @throws Error that names every problem
 */
async function checkConfig({ io: { env } }: Context, flags: Record<string, string>): Promise<void> {
  const { ConfigError, loadConfig } = await import('@codepiper/daemon/config/config.ts');
  try {
    // The variables that the new daemon gets.
    loadConfig({ flags, env: env.forChild([]), uid: env.uid });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([
      ...error.problems,
      'Nothing was stopped: a daemon that runs goes on as it was. Mend the configuration and try again.',
    ]);
  }
}

async function logs(context: Context): Promise<void> {
  const { input, io, isJson } = context;
  const path = `${io.env.home}/${homeFiles.log}`;
  const print = (line: string) => io.out(`${isJson ? line : clean(prettyLine(line))}\n`);
  const count = input.number('lines', 1, 100_000) ?? 50;
  let end = { end: 0, file: 0 };
  try {
    const { lines, ...place } = lastLines(path, count);
    for (const line of lines) print(line);
    end = place;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT')
      throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : ''}`);
    if (!input.flag('follow'))
      throw new Error(`There is no log at ${path}: the daemon has not run with this home.`);
  }
  if (!input.flag('follow')) return;
  for await (const line of followLines(path, end, io.gone)) print(line);
}
