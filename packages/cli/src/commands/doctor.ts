import { existsSync } from 'node:fs';
import { exitCodes } from '@codepiper/core/errors.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Context } from '../context.ts';
import { type Check, fail, ok } from '../doctor/check.ts';
import { checkPolicies } from '../doctor/policies.ts';
import { checkAgents, checkNode, checkTmux } from '../doctor/programs.ts';
import { checkSocket, checkSocketDirectory } from '../doctor/socket.ts';
import { checkClock, checkDatabase, checkDisk, checkPrivate, checkRestore } from '../doctor/storage.ts';
import { checkTranscripts } from '../doctor/transcripts.ts';
import { explain } from '../explain.ts';
import { clean } from '../output.ts';

export async function run(context: Context): Promise<number> {
  const { env, now } = context.io;
  // What waits for others is begun first.
  const tmux = checkTmux(env.path);
  const daemon = checkSocket(context);
  const agents = checkAgents(env.path);
  // Said when its line comes.
  daemon.catch(() => undefined);
  const transcripts = checkTranscripts(context);
  transcripts.catch(() => undefined);
  const { config, database, policies } = await readConfig(context);
  const checks: Check[] = [
    checkNode(process.versions.node),
    await tmux,
    ...(await agents),
    config,
    checkPrivate('home', env.home, env.uid),
    checkSocketDirectory(context.socket(), env.uid),
    await daemon,
    ...policies,
    await checkDatabase(database),
    ...(await transcripts),
    ...checkRestore(env.home),
    checkDisk(env.home),
    checkClock(now(), database),
  ];
  const isOk = checks.every((check) => check.status !== 'fail');
  context.print({ ok: isOk, checks }, () => checks.map((check) => line(context, check)).join(''));
  return isOk ? exitCodes.ok : exitCodes.failed;
}

interface Configured {
  config: Check;
  /** Path of the database. */
  database: string;
  policies: Check[];
}

/** The configuration and what it names. Without a file or rules the variables alone say so, which is quicker. */
async function readConfig(context: Context): Promise<Configured> {
  const { env } = context.io;
  const variables = env.forChild([]);
  const file = `${env.home}/${homeFiles.config}`;
  const database = env.dbPath ?? `${env.home}/${homeFiles.database}`;
  const hasFile = existsSync(file);
  const none = ok('config', `no ${file}; defaults and variables hold`);
  if (!hasFile && !variables.CODEPIPER_POLICY_FILE && !variables.CODEPIPER_POLICY_SETS) {
    return { config: none, database, policies: [] };
  }
  try {
    const { loadConfig } = await import('@codepiper/daemon/config/config.ts');
    const { values } = loadConfig({ flags: {}, env: variables, uid: env.uid });
    return {
      config: hasFile ? ok('config', `${file} is valid`) : none,
      database: values.dbPath,
      policies: await checkPolicies(context, values),
    };
  } catch (error) {
    return {
      config: fail(
        'config',
        explain(error).message.replaceAll('\n', '; '),
        `Edit ${file}${hasFile ? '' : ', or mend the variables'}`,
      ),
      database,
      policies: [],
    };
  }
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function line({ paint }: Context, { status, name, message, hint }: Check): string {
  const head = `${paint(status.padEnd(4), colours[status])}  ${name}: ${clean(message)}\n`;
  return hint === null ? head : `${head}      ${clean(hint)}\n`;
}
