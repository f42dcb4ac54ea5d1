import type { Context } from '../context.ts';
import { label } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const reply = await context
    .client()
    .request('POST', '/sessions/:id/interrupt', { params: { id: context.input.required(0) } });
  const name = label(reply.session);
  context.print(reply, () => (reply.interrupted ? `interrupted ${name}\n` : `${name} was not busy\n`));
}
