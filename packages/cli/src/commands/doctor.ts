import { existsSync } from 'node:fs';
import { exitCodes } from '@codepiper/core/errors.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Context } from '../context.ts';
import { type Check, fail, ok } from '../doctor/check.ts';
import { checkAgents, checkNode, checkTmux } from '../doctor/programs.ts';
import { checkSocket, checkSocketDirectory } from '../doctor/socket.ts';
import { checkClock, checkDatabase, checkDisk, checkPrivate } from '../doctor/storage.ts';
import { explain } from '../explain.ts';
import { clean } from '../output.ts';

export async function run(context: Context): Promise<number> {
  const { env, now } = context.io;
  // What waits for others is begun first.
  const tmux = checkTmux(env.path);
  const daemon = checkSocket(context);
  const agents = checkAgents(env.path);
  const { config, database } = await readConfig(context);
  const checks: Check[] = [
    checkNode(process.versions.node),
    await tmux,
    ...(await agents),
    config,
    checkPrivate('home', env.home, env.uid),
    checkSocketDirectory(context.socket(), env.uid),
    await daemon,
    await checkDatabase(database),
    checkDisk(env.home),
    checkClock(now(), database),
  ];
  const isOk = checks.every((check) => check.status !== 'fail');
  context.print({ ok: isOk, checks }, () => checks.map((check) => line(context, check)).join(''));
  return isOk ? exitCodes.ok : exitCodes.failed;
}

/** The configuration, and where the database is. Without a file the variables alone say so, which is quicker. */
async function readConfig({ io }: Context): Promise<{ config: Check; database: string }> {
  const { env } = io;
  const file = `${env.home}/${homeFiles.config}`;
  const database = env.dbPath ?? `${env.home}/${homeFiles.database}`;
  if (!existsSync(file)) return { config: ok('config', `no ${file}; defaults and variables hold`), database };
  try {
    const { loadConfig } = await import('@codepiper/daemon/config/config.ts');
    const { values } = loadConfig({ flags: {}, env: env.forChild([]), uid: env.uid });
    return { config: ok('config', `${file} is valid`), database: values.dbPath };
  } catch (error) {
    return {
      config: fail('config', explain(error).message.replaceAll('\n', '; '), `Edit ${file}`),
      database,
    };
  }
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function line({ paint }: Context, { status, name, message, hint }: Check): string {
  const head = `${paint(status.padEnd(4), colours[status])}  ${name}: ${clean(message)}\n`;
  return hint === null ? head : `${head}      ${clean(hint)}\n`;
}
