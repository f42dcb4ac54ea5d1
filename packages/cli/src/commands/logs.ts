import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@codepiper/client/client.ts';
import { TransportError } from '@codepiper/client/transport.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';

const sources = ['session', 'delivery', 'hook', 'approval', 'policy', 'daemon'] as const;
/** Events per request at most. */
const pageSize = 1000;
/** How long a daemon that went away may take to come back, in milliseconds. */
const patienceMs = 15_000;

export async function run(context: Context): Promise<void> {
  const { input, io, isJson } = context;
  const client = context.client();
  const filter = { source: input.choice('source', sources), type: input.text('type') };
  const since = input.number('since', 0, Number.MAX_SAFE_INTEGER);
  const count = input.number('tail', 1, 100_000) ?? 100;
  const params = { id: input.required(0) };
  if (!input.flag('follow')) {
    const events = await newest(client, params, { ...filter, since }, count);
    context.print(events, () => events.map((event) => line(context, event)).join(''));
    return;
  }
  const print = (event: LedgerEvent) => io.out(isJson ? `${JSON.stringify(event)}\n` : line(context, event));
  const { session } = await client.request('GET', '/sessions/:id', { params });
  // The place in the ledger is taken without the filter, or events that pass it late would be missed.
  const all = await newest(client, params, { since }, 1);
  const events = await newest(client, params, { ...filter, since }, count);
  for (const event of events) print(event);
  const last = Math.max(since ?? 0, all.at(-1)?.id ?? 0, events.at(-1)?.id ?? 0);
  for await (const event of follow(client, session.id, last, io.gone)) {
    if (filter.source !== undefined && event.source !== filter.source) continue;
    if (filter.type === undefined || event.type === filter.type) print(event);
  }
}

interface Filter {
  source?: (typeof sources)[number] | undefined;
  type?: string | undefined;
  since?: number | undefined;
}

/** The newest events, the oldest of them first. */
async function newest(
  client: Client,
  params: { id: string },
  filter: Filter,
  count: number,
): Promise<LedgerEvent[]> {
  const found: LedgerEvent[] = [];
  let before: number | undefined;
  while (found.length < count) {
    const limit = Math.min(pageSize, count - found.length);
    const { events, hasMore } = await client.request('GET', '/sessions/:id/events', {
      params,
      query: { ...filter, before, limit, order: 'desc' },
    });
    found.push(...events);
    before = events.at(-1)?.id;
    if (!hasMore || before === undefined) break;
  }
  return found.reverse();
}

/** Events from a place in the ledger on, without end: a daemon that restarts is asked again from there. */
async function* follow(
  client: Client,
  session: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent> {
  let since = from;
  let giveUpAt = Number.POSITIVE_INFINITY;
  for (;;) {
    try {
      for await (const event of client.events({ session, since, signal })) {
        since = event.id;
        giveUpAt = Number.POSITIVE_INFINITY;
        yield event;
      }
    } catch (error) {
      if (!(error instanceof TransportError) || signal.aborted || performance.now() > giveUpAt) throw error;
    }
    giveUpAt = Math.min(giveUpAt, performance.now() + patienceMs);
    await sleep(300, undefined, { signal });
  }
}

function line({ paint }: Context, { timestamp, id, source, type, payload }: LedgerEvent): string {
  const facts = Object.entries(payload)
    .filter(([, value]) => value !== null)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join(' ');
  return `${paint(timestamp, 'dim')} ${paint(`#${id}`, 'dim')} ${source.padEnd(8)} ${clean(`${type} ${facts}`).trimEnd()}\n`;
}
