import type { Context } from '../context.ts';
import { label, shortId } from '../session-text.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const name = input.positionals[1];
  const isCleared = input.flag('clear');
  if (isCleared === (name !== undefined)) throw new UsageError('Give a name or --clear, not both.');
  const { session } = await context.client().request('PUT', '/sessions/:id/name', {
    params: { id: input.required(0) },
    body: { name: name ?? null },
  });
  context.print(session, () =>
    session.name === null
      ? `${shortId(session)} has no name now\n`
      : `${shortId(session)} is ${label(session)} now\n`,
  );
}
