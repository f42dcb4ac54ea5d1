import { attachTo, requireTerminal } from '../attach.ts';
import type { Context } from '../context.ts';

export async function run(context: Context): Promise<number> {
  const { input } = context;
  requireTerminal(context);
  const { session } = await context
    .client()
    .request('GET', '/sessions/:id', { params: { id: input.required(0) } });
  return attachTo(context, session, input.flag('read-only'));
}
