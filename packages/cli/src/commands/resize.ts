import { wholeNumber } from '../args.ts';
import type { Context } from '../context.ts';
import { label } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const cols = wholeNumber('<columns>', input.required(1), 2, 1000);
  const rows = wholeNumber('<rows>', input.required(2), 2, 1000);
  const { session } = await context
    .client()
    .request('POST', '/sessions/:id/resize', { params: { id: input.required(0) }, body: { cols, rows } });
  context.print(session, () => `${label(session)} is ${session.ptyCols}x${session.ptyRows}\n`);
}
