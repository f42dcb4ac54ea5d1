import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<void> {
  const { input, io } = context;
  const id = input.required(0);
  const lines = input.number('lines', 1, 10_000) ?? 50;
  if (input.flag('conversation')) {
    const { tailConversation } = await import('../conversations/tail.ts');
    await tailConversation(context, id, { count: lines, follows: input.flag('follow') });
    return;
  }
  if (input.flag('follow')) {
    if (context.isJson)
      throw new UsageError('tail --follow prints text; it has no --json without --conversation.');
    await follow(context, id, lines);
    return;
  }
  const isStyled = io.isTTY.stdout && !io.env.hasNoColor && !context.isJson;
  const reply = await context.client().request('GET', '/sessions/:id/output', {
    params: { id },
    query: { lines, styles: isStyled ? 'true' : undefined },
  });
  context.print(reply, () => (isStyled ? `${wholeLines(reply.output)}\x1b[0m` : wholeLines(reply.output)));
}

async function follow(context: Context, id: string, lines: number): Promise<void> {
  const { io } = context;
  const client = context.client();
  const stopping = new AbortController();
  const signal = AbortSignal.any([io.gone, stopping.signal]);
  // Asked for before the past is read: a line printed meanwhile may come twice, and none is lost.
  const stream = client.output(id, { signal })[Symbol.asyncIterator]();
  const first = stream.next();
  first.catch(() => {}); // looked at below, when the past was printed
  try {
    const past = await client.request('GET', '/sessions/:id/output', { params: { id }, query: { lines } });
    io.out(wholeLines(past.output));
    if (!past.live) return;
    for (let next = await first; !next.done; next = await stream.next()) io.out(next.value);
  } finally {
    stopping.abort();
  }
}

function wholeLines(output: string): string {
  return output.endsWith('\n') || output === '' ? output : `${output}\n`;
}
