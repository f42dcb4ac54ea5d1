import { exitCodes } from '@codepiper/core/errors.ts';
import type { Context } from './context.ts';
import { explain } from './explain.ts';
import { UsageError } from './usage-error.ts';

/**
 * Does the same with several sessions, all of them whatever fails, and prints what became of each. The exit code is
 * that of the first failure.
 */
export async function forEach<T>(
  context: Context,
  refs: readonly string[],
  act: (ref: string) => Promise<T>,
  text: (result: T) => string,
): Promise<number> {
  const settled = await Promise.allSettled(refs.map(act));
  const done = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = settled.flatMap((result) =>
    result.status === 'rejected' ? [explain(result.reason)] : [],
  );
  const [first] = failures;
  // One alone is reported like that of any command.
  if (first && refs.length === 1) throw settled.find((result) => result.status === 'rejected')?.reason;
  // The daemon is gone for all of them: once is enough.
  const messages = new Set(failures.map((failure) => failure.message));
  context.print(done, () => done.map((result) => `${text(result)}\n`).join(''));
  for (const message of messages) context.io.err(`Error: ${message}\n`);
  return first?.exit ?? exitCodes.ok;
}

/** The sessions a command is about: those named, or with `--all` every live (or ended) one, after a question. */
export async function chosenSessions(
  context: Context,
  verb: string,
  kind: 'live' | 'ended' = 'live',
): Promise<string[]> {
  const { input, io } = context;
  if (!input.flag('all')) return [...input.positionals];
  if (input.positionals.length > 0) throw new UsageError('Name sessions or give --all, not both.');
  const { sessions } = await context
    .client()
    .request('GET', '/sessions', { query: { live: kind === 'live' ? 'true' : 'false' } });
  if (sessions.length === 0) return [];
  if (!input.flag('yes')) {
    if (!io.isTTY.stdin || !io.isTTY.stderr) {
      throw new UsageError(`--all would ${verb} ${sessions.length} sessions: add --yes.`);
    }
    const answer = await io.ask(
      `${verb[0]?.toUpperCase()}${verb.slice(1)} ${sessions.length} ${kind} sessions? [y/N] `,
    );
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Error('Nothing was done.');
  }
  return sessions.map(({ id }) => id);
}
