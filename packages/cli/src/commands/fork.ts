import { requireTerminal } from '../attach.ts';
import type { Context } from '../context.ts';
import { readPrompt } from '../text-input.ts';
import { announce } from './start.ts';

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const isAttaching = input.flag('attach') && requireTerminal(context);
  const prompt = await readPrompt(context.io, input.text('prompt'));
  const forking = context.client().request('POST', '/sessions/:id/fork', {
    params: { id: input.required(0) },
    body: { name: input.text('name'), prompt },
    timeoutMs: 60_000,
  });
  const { session } = await context.during('Forking', forking);
  return announce(context, session, isAttaching);
}
