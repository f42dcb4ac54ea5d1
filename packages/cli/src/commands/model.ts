import type { Context } from '../context.ts';
import { clean } from '../output.ts';
import { label } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const params = { id: input.required(0) };
  const model = input.positionals[1];
  if (model === undefined) {
    const reply = await context.client().request('GET', '/sessions/:id/model', { params });
    context.print(reply, () => `${clean(reply.model ?? 'unknown')}\n`);
    return;
  }
  const switching = context
    .client()
    .request('PUT', '/sessions/:id/model', { params, body: { model }, timeoutMs: 60_000 });
  const { session } = await context.during('Switching the model', switching);
  context.print(session, () => `${label(session)} uses ${clean(session.model ?? model)}\n`);
}
