import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitCodes } from '@codepiper/core/errors.ts';
import type { Context } from '../context.ts';
import { launchdAgent, launchdLabel, systemdUnit } from '../service/files.ts';
import { UsageError } from '../usage-error.ts';

const unitName = 'codepiper.service';

/** How this system keeps a program of a user running. */
interface Manager {
  file: string;
  content: string;
  /** Commands that make the file count, and that take it back. */
  enable: readonly (readonly string[])[];
  disable: readonly (readonly string[])[];
  active: readonly string[];
  /** What the person may still want to do. */
  advice: string;
}

export async function run(context: Context): Promise<number> {
  const { input, io } = context;
  const manager = process.platform === 'darwin' ? launchd(context) : systemd(context);
  const action = input.required(0);
  if (input.flag('print') && action !== 'install')
    throw new UsageError('--print belongs to service install.');
  if (action === 'install') {
    if (input.flag('print')) {
      io.out(manager.content);
      return exitCodes.ok;
    }
    return install(context, manager);
  }
  if (action === 'uninstall') return uninstall(context, manager);
  if (action === 'status') return status(context, manager);
  throw new UsageError(`codepiper service cannot "${action}"; it can install, uninstall and status.`);
}

async function install(context: Context, manager: Manager): Promise<number> {
  const { file, content } = manager;
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, content);
  chmodSync(file, 0o644);
  const failed = await runAll(manager.enable);
  context.print({ file, installed: true, active: failed === null }, () =>
    failed === null
      ? `Installed ${file}; the daemon runs now and at every login.\n${manager.advice}\n`
      : `Wrote ${file}, but ${failed}. Run yourself, where you are logged in:\n${commandLines(manager.enable)}`,
  );
  return failed === null ? exitCodes.ok : exitCodes.failed;
}

async function uninstall(context: Context, manager: Manager): Promise<number> {
  const { file } = manager;
  if (read(file) === null) {
    context.print(
      { file, installed: false, active: false },
      () => `There is no ${file}; nothing to remove.\n`,
    );
    return exitCodes.ok;
  }
  const [stop = [], ...rest] = manager.disable;
  const failed = await runAll([stop]);
  rmSync(file, { force: true });
  await runAll(rest);
  context.print({ file, installed: false, active: false }, () =>
    failed === null
      ? `Removed ${file}; the daemon has stopped, sessions go on.\n`
      : `Removed ${file}, but ${failed}. A daemon that runs goes on: codepiper daemon stop ends it.\n`,
  );
  return exitCodes.ok;
}

async function status(context: Context, manager: Manager): Promise<number> {
  const { file } = manager;
  const content = read(file);
  const active = content !== null && (await runAll([manager.active])) === null;
  context.print({ file, installed: content !== null, active }, () => {
    if (content === null) return 'Not installed. Install it: codepiper service install\n';
    const stale =
      content === manager.content ? '' : 'It is of another codepiper; renew it: codepiper service install\n';
    return `Installed: ${file}\n${active ? 'It is active.' : 'It is not active.'}\n${stale}`;
  });
  return active ? exitCodes.ok : exitCodes.failed;
}

function systemd({ io }: Context): Manager {
  const systemctl = ['systemctl', '--user'];
  return {
    file: `${io.env.configDir}/systemd/user/${unitName}`,
    content: systemdUnit(io.self, serviceEnvironment(io)),
    enable: [
      [...systemctl, 'daemon-reload'],
      [...systemctl, 'enable', '--now', unitName],
    ],
    disable: [
      [...systemctl, 'disable', '--now', unitName],
      [...systemctl, 'daemon-reload'],
    ],
    active: [...systemctl, 'is-active', '--quiet', unitName],
    advice: 'So that it also runs while you are logged out: loginctl enable-linger',
  };
}

function launchd({ io }: Context): Manager {
  const file = `${io.env.userHome}/Library/LaunchAgents/${launchdLabel}.plist`;
  const domain = `gui/${io.env.uid}`;
  return {
    file,
    content: launchdAgent(io.self, serviceEnvironment(io)),
    enable: [['launchctl', 'bootstrap', domain, file]],
    disable: [['launchctl', 'bootout', `${domain}/${launchdLabel}`]],
    active: ['launchctl', 'print', `${domain}/${launchdLabel}`],
    advice: 'It stops when you log out, and starts again when you log in.',
  };
}

/** What the daemon needs of today's environment: agents and tmux are found on PATH, which services have not. */
function serviceEnvironment({ env }: Context['io']): Record<string, string> {
  const { PATH, CODEPIPER_HOME, CODEPIPER_SOCKET, CODEPIPER_DB_PATH } = env.forChild([]);
  const kept = { PATH, CODEPIPER_HOME, CODEPIPER_SOCKET, CODEPIPER_DB_PATH };
  return Object.fromEntries(Object.entries(kept).flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

/** Runs commands up to the first that fails; says which and why, or null. */
async function runAll(commands: readonly (readonly string[])[]): Promise<string | null> {
  for (const [program = '', ...args] of commands) {
    const failure = await new Promise<string | null>((resolve) => {
      execFile(program, args, { timeout: 20_000 }, (error, _, said) => {
        if (!error) resolve(null);
        else if (error.code === 'ENOENT') resolve(`there is no ${program} here`);
        else resolve(`${[program, ...args].join(' ')} failed: ${said.trim() || error.message}`);
      });
    });
    if (failure !== null) return failure;
  }
  return null;
}

function commandLines(commands: readonly (readonly string[])[]): string {
  return commands.map((words) => `  ${words.join(' ')}\n`).join('');
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
