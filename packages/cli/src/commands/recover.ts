import type { Context } from '../context.ts';
import { label, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const { session } = await context
    .client()
    .request('POST', '/sessions/:id/recover', { params: { id: context.input.required(0) } });
  context.print(session, () => `${label(session)}: ${statusText(session)}\n`);
}
