import { attachTo, requireTerminal } from '../attach.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const isReadOnly = input.flag('read-only');
  if (input.flag('take') && (isReadOnly || !input.flag('stream'))) {
    throw new UsageError(
      isReadOnly
        ? '--take makes the size that of this terminal; with --read-only nothing is changed.'
        : '--take belongs to --stream; without it tmux decides the size.',
    );
  }
  requireTerminal(context);
  const { session } = await context
    .client()
    .request('GET', '/sessions/:id', { params: { id: input.required(0) } });
  if (!input.flag('stream')) return attachTo(context, session, isReadOnly);
  const { attachStream } = await import('../stream/attach-stream.ts');
  return attachStream(context, session, { isReadOnly, takesSize: input.flag('take') });
}
