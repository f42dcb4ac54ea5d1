import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitCodes } from '@codepiper/core/errors.ts';
import type { Setting } from '@codepiper/core/settings/settings.ts';
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
  const { serviceEnvironment } = await import('@codepiper/daemon/sessions/service-environment.ts');
  const { kept, secrets } = serviceEnvironment(io.env.forChild([]));
  const manager = process.platform === 'darwin' ? launchd(context, kept) : systemd(context, kept);
  const action = input.required(0);
  if (input.flag('print') && action !== 'install')
    throw new UsageError('--print belongs to service install.');
  if (action === 'install') {
    await refuseOwnSecrets(secrets, io.env.home);
    if (secrets.length > 0) io.err(leftOut(secrets));
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
      content === manager.content
        ? ''
        : 'It differs from what would be installed from here (another codepiper, or other variables); renew it: codepiper service install\n';
    return `Installed: ${file}\n${active ? 'It is active.' : 'It is not active.'}\n${stale}`;
  });
  return active ? exitCodes.ok : exitCodes.failed;
}

function systemd({ io }: Context, env: Readonly<Record<string, string>>): Manager {
  const systemctl = ['systemctl', '--user'];
  return {
    file: `${io.env.configDir}/systemd/user/${unitName}`,
    content: systemdUnit(io.self, env),
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

function launchd({ io }: Context, env: Readonly<Record<string, string>>): Manager {
  const file = `${io.env.userHome}/Library/LaunchAgents/${launchdLabel}.plist`;
  const domain = `gui/${io.env.uid}`;
  return {
    file,
    content: launchdAgent(io.self, env),
    enable: [['launchctl', 'bootstrap', domain, file]],
    disable: [['launchctl', 'bootout', `${domain}/${launchdLabel}`]],
    active: ['launchctl', 'print', `${domain}/${launchdLabel}`],
    advice: 'It stops when you log out, and starts again when you log in.',
  };
}

/** A secret of the daemon's own has a better place; without it the service would not do what the person set. */
async function refuseOwnSecrets(secrets: readonly string[], home: string): Promise<void> {
  const { settings } = await import('@codepiper/core/settings/settings.ts');
  for (const { env, key } of Object.values<Setting>(settings)) {
    if (!secrets.includes(env)) continue;
    throw new UsageError(
      `${env} is set, and a secret is not written into a service file. Put ${key} into ${home}/config.yaml and unset the variable.`,
    );
  }
}

function leftOut(secrets: readonly string[]): string {
  return `Left out of the service file, because they hold secrets: ${secrets.join(', ')}. Give them to the sessions that need them: codepiper start --env-file <file>\n`;
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
