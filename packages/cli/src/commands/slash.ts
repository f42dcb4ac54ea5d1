import type { Context } from '../context.ts';
import { printOutcome } from '../session-text.ts';
import { waitMs } from '../wait.ts';

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const wait = waitMs(input);
  const sending = context.client().request('POST', '/sessions/:id/slash', {
    params: { id: input.required(0) },
    body: {
      command: input.required(1),
      args: [...input.positionals.slice(2), ...(input.rest ?? [])],
      waitMs: wait,
    },
    timeoutMs: wait + 30_000,
  });
  return printOutcome(context, await context.during('Sending', sending));
}
