import type { Client } from '@codepiper/client/client.ts';
import type { AnyEvent } from '@codepiper/core/events/event.ts';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { Context } from '../context.ts';
import { EntryWriter } from '../conversations/entry-text.ts';
import { follow } from '../follow.ts';
import { clean, toJsonLine, truncate } from '../output.ts';
import { UsageError } from '../usage-error.ts';

const sources = [
  'session',
  'delivery',
  'hook',
  'approval',
  'policy',
  'auth',
  'daemon',
  'transcript',
] as const;
/** What `--messages` shows. */
const messages = 'prompt,answer';
/** Events per request at most. */
const pageSize = 1000;
/** Columns that an entry's text takes in a line. */
const shownText = 120;

export async function run(context: Context): Promise<void> {
  const { input, io, isJson } = context;
  const client = context.client();
  const filter = filterOf(context);
  const since = input.number('since', 0, Number.MAX_SAFE_INTEGER);
  const count = input.number('tail', 1, 100_000) ?? 100;
  const params = { id: input.required(0) };
  const writer = new EntryWriter(context, client);
  const text = async (event: AnyEvent): Promise<string> =>
    input.flag('messages') ? writer.write(event.payload as Entry) : line(context, event);
  if (!input.flag('follow')) {
    const events = await newest(client, params, { ...filter, since }, count);
    const lines = isJson ? [] : await inOrder(events, text);
    context.print(events, () => lines.join(''));
    return;
  }
  const print = async (event: AnyEvent) => io.out(isJson ? toJsonLine(event) : await text(event));
  const { session } = await client.request('GET', '/sessions/:id', { params });
  // The place in the sequence is taken without the filter, or events that pass it late would be missed.
  const sequence = filter.source === 'transcript' ? filter.source : undefined;
  const all = await newest(client, params, { source: sequence, since }, 1);
  const events = await newest(client, params, { ...filter, since }, count);
  for (const event of events) await print(event);
  const last = Math.max(since ?? 0, all.at(-1)?.id ?? 0, events.at(-1)?.id ?? 0);
  for await (const event of follow((from) => open(context, session.id, filter, from), last, io.gone)) {
    if (filter.source !== undefined && event.source !== filter.source) continue;
    // The kinds of entries are the daemon's to choose.
    if (filter.type === undefined || event.type === filter.type || event.source === 'transcript') {
      await print(event);
    }
  }
}

interface Filter {
  source?: (typeof sources)[number] | undefined;
  type?: string | undefined;
  since?: number | undefined;
}

function filterOf({ input }: Context): Filter {
  const filter = { source: input.choice('source', sources), type: input.text('type') };
  if (!input.flag('messages')) return filter;
  if (filter.type !== undefined || (filter.source !== undefined && filter.source !== 'transcript')) {
    throw new UsageError(
      '--messages is --source transcript with the types prompt and answer; it takes no others.',
    );
  }
  return { source: 'transcript', type: messages };
}

/** One after the other: what a text needs to know is asked once. */
async function inOrder(
  events: readonly AnyEvent[],
  text: (event: AnyEvent) => Promise<string>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const event of events) lines.push(await text(event));
  return lines;
}

/** The newest events, the oldest of them first. */
async function newest(
  client: Client,
  params: { id: string },
  filter: Filter,
  count: number,
): Promise<AnyEvent[]> {
  const found: AnyEvent[] = [];
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

/** Events behind a place as they happen; of the ledger all of them. @param session whole id */
async function* open(
  { client, io }: Context,
  session: string,
  { source, type }: Filter,
  since: number,
): AsyncGenerator<AnyEvent> {
  const signal = io.gone;
  if (source === 'transcript') {
    const kinds = type === undefined ? {} : { kind: type };
    for await (const entry of client().conversation(session, { ...kinds, since, signal })) {
      const timestamp = entry.at ?? new Date(io.now()).toISOString();
      yield { id: entry.id, sessionId: session, timestamp, source, type: entry.kind, payload: { ...entry } };
    }
    return;
  }
  yield* client().events({ session, since, signal });
}

/** Of an entry: what the line says already, and what only programs want. */
const passedOver = new Set(['id', 'conversation', 'kind', 'at', 'turn', 'callId', 'length']);

function line({ paint }: Context, { timestamp, id, source, type, payload }: AnyEvent): string {
  const isEntry = source === 'transcript';
  const facts = Object.entries(payload)
    .filter(([key, value]) => value !== null && !(isEntry && (passedOver.has(key) || value === false)))
    .map(
      ([key, value]) =>
        `${key}=${fact(isEntry && typeof value === 'string' ? truncate(value, shownText) : value)}`,
    )
    .join(' ');
  return `${paint(timestamp, 'dim')} ${paint(`#${id}`, 'dim')} ${source.padEnd(8)} ${clean(`${type} ${facts}`).trimEnd()}\n`;
}

function fact(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
}
