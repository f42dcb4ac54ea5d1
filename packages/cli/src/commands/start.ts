import { resolve } from 'node:path';
import type { Client } from '@codepiper/client/client.ts';
import { CodepiperError, exitCodes } from '@codepiper/core/errors.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { attachTo, requireTerminal } from '../attach.ts';
import type { Context } from '../context.ts';
import { readVariables } from '../env-list.ts';
import { shortPath } from '../output.ts';
import { label } from '../session-text.ts';
import { readPrompt } from '../text-input.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<number> {
  const { input, io } = context;
  const client = context.client();
  const billingMode = input.choice('billing', ['subscription', 'api']);
  const env = readVariables(input.list('env'), input.list('env-file'), io.cwd);
  const prompt = await readPrompt(io, input.text('prompt'));
  const isAttaching = input.flag('attach') && requireTerminal(context);
  const dir = input.text('dir') ?? '.';
  // An unset variable in a script is not meant as "here".
  if (dir === '') throw new UsageError('--dir is empty; leave it out to start in this directory.');
  const request = {
    provider: input.text('provider') ?? (await defaultProvider(client)),
    cwd: resolve(io.cwd, dir),
    name: input.text('name'),
    model: input.text('model'),
    args: [...(input.rest ?? [])],
    env,
    billingMode,
    dangerousMode: input.flag('dangerous') || undefined,
    policySets: policySets(context),
    policyDefault: input.choice('policy-default', ['ask', 'deny', 'agent']),
    trust: input.flag('trust') || undefined,
    record: input.flag('no-record') ? false : undefined,
    providerResume: conversation(context),
    prompt,
  };
  const create = (trust: boolean) =>
    context.during(
      'Starting the session',
      client.request('POST', '/sessions', {
        body: trust ? { ...request, trust } : request,
        timeoutMs: 60_000,
      }),
    );
  let created: { session: Session };
  try {
    created = await create(input.flag('trust'));
  } catch (error) {
    if (!(error instanceof CodepiperError && error.code === 'trust_required')) throw error;
    if (!(await askForTrust(context, request.cwd, error))) throw withHint(error);
    created = await create(true);
  }
  return announce(context, created.session, isAttaching);
}

/** Prints a new session: its id, and to a person how to go on. */
export async function announce(context: Context, session: Session, isAttaching: boolean): Promise<number> {
  const { io } = context;
  if (isAttaching) return attachTo(context, session, false);
  context.print(session, () => {
    if (!io.isTTY.stdout) return `${session.id}\n`;
    const name = label(session);
    const quoted = /^[\w.-]+$/.test(name) ? name : session.id.slice(0, 8);
    return [
      session.id,
      `  codepiper attach ${quoted}          work in it (Ctrl+B D detaches${io.env.tmux ? '; inside your tmux press Ctrl+B twice' : ''})`,
      `  codepiper send ${quoted} "…"        send a prompt`,
      `  codepiper stop ${quoted}            end it`,
      '',
    ].join('\n');
  });
  return exitCodes.ok;
}

async function defaultProvider(client: Client): Promise<string> {
  const { providers } = await client.request('GET', '/providers');
  const agents = ['claude-code', 'codex'] as const;
  return agents.find((id) => providers.some((p) => p.id === id && p.installed)) ?? 'shell';
}

/** Sets of `--policy`; undefined for the default ones. */
function policySets({ input }: Context): string[] | undefined {
  const sets = input.list('policy');
  if (sets.length === 0) return undefined;
  if (!sets.includes('none')) return sets;
  if (sets.length > 1) throw new UsageError('--policy none excludes other sets.');
  return [];
}

function conversation({ input }: Context) {
  const resumed = input.text('resume');
  const forked = input.text('fork');
  if (resumed !== undefined && forked !== undefined) {
    throw new UsageError(
      '--resume and --fork exclude each other: a fork begins with the conversation it copies.',
    );
  }
  if (resumed !== undefined) return { providerSessionId: resumed, mode: 'resume' as const };
  return forked === undefined ? undefined : { providerSessionId: forked, mode: 'fork' as const };
}

/** Trust is the person's own decision, so only a person at a terminal is asked. */
async function askForTrust({ io, isJson }: Context, cwd: string, error: CodepiperError): Promise<boolean> {
  if (isJson || !io.isTTY.stdin || !io.isTTY.stderr) return false;
  io.err(`${error.message}\n`);
  const answer = await io.ask(`Do you trust the files in ${shortPath(cwd, io.env.userHome)}? [y/N] `);
  return /^\s*y(es)?\s*$/i.test(answer);
}

function withHint(error: CodepiperError): CodepiperError {
  if (error.message.includes('--trust')) return error;
  return new CodepiperError(error.code, `${error.message} If you trust it, add --trust.`, error.details);
}
