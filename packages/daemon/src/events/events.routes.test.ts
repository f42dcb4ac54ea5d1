import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { type EventStreamOptions, mountEventStream } from './events.routes.ts';
import { createLedger, type Ledger } from './ledger.ts';

const session = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
let temp: TempDir;
let database: OpenDatabase;
let ledger: Ledger;
let app: FastifyInstance;
const clients: Socket[] = [];

async function serve(options: Partial<EventStreamOptions> = {}): Promise<void> {
  app = createServer({ log: silentLog, authenticate: async () => null });
  mountEventStream(app, { ledger, log: silentLog, ...options });
  await app.listen({ path: join(temp.path, 's') });
}
beforeEach(async () => {
  temp = await makeTempDir();
  database = await openDatabase(join(temp.path, 'db'), { log: silentLog, clock: systemClock });
  ledger = createLedger({ db: database.db, clock: systemClock, log: silentLog });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await app.close();
  await database[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const add = (sessionId: string | null, count = 1, text = '') =>
  ledger.record(async (_tx, emit) => {
    for (let n = 0; n < count; n += 1) emit({ sessionId, source: 'daemon', type: 't', payload: { text } });
  });

/** A reader of the stream that remembers ids in the order they came. */
async function open(query = '', headers: Record<string, string> = {}) {
  const call = request({ socketPath: join(temp.path, 's'), path: `/events/stream${query}`, headers });
  call.end();
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  clients.push(reply.socket);
  let text = '';
  let ended = false;
  reply.setEncoding('utf8');
  reply.on('data', (chunk: string) => {
    text += chunk;
  });
  reply.on('close', () => {
    ended = true;
  });
  reply.on('error', () => {});
  return {
    reply,
    text: () => text,
    ids: () => [...text.matchAll(/^id: (\d+)\ndata: \{.*\}\n\n/gm)].map((match) => Number(match[1])),
    ended: () => ended,
  };
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

it('sends what happens from now on', async () => {
  await serve();
  await add(null, 3);
  const reader = await open();
  expect(reader.reply.headers['content-type']).toContain('text/event-stream');
  await add(session);
  await waitFor('the event', () => reader.ids().length === 1);
  expect(reader.ids()).toEqual([4]);
  expect(JSON.parse(/data: (.*)/.exec(reader.text())?.[1] ?? '')).toMatchObject({
    id: 4,
    sessionId: session,
    type: 't',
  });
});

it.each([
  ['?since=2', {}, range(3, 500)],
  ['', { 'last-event-id': '490' }, range(491, 500)],
  ['?since=2', { 'last-event-id': '499' }, [500]],
  [`?session=${other}&since=0`, {}, range(401, 500)],
])('goes on after %j %j', async (query, headers, expected) => {
  await serve();
  await add(session, 400);
  await add(other, 100);
  const reader = await open(query, headers as Record<string, string>);
  await waitFor('all events', () => reader.ids().length >= expected.length);
  expect(reader.ids()).toEqual(expected);
});

it('loses and doubles nothing between the past and the present', async () => {
  await serve();
  await add(session, 300);
  let adding = true;
  const writer = (async () => {
    while (adding) {
      await add(session, 3);
      await setImmediate(); // SQLite never leaves the microtasks
    }
  })();
  const readers = await Promise.all(range(0, 9).map((n) => open(`?since=${n * 30}`)));
  await waitFor('readers that have caught up', async () => {
    const last = await ledger.lastId();
    return last > 1000 && readers.every((reader) => (reader.ids().at(-1) ?? 0) > 1000);
  });
  adding = false;
  await writer;
  const last = await ledger.lastId();
  await waitFor('the last event', () => readers.every((reader) => reader.ids().at(-1) === last));
  for (const [n, reader] of readers.entries()) expect(reader.ids()).toEqual(range(n * 30 + 1, last));
});

it('sends one session only, when asked', async () => {
  await serve();
  const reader = await open(`?session=${session}`);
  await add(other, 2);
  await add(session);
  await add(null);
  await add(session);
  await waitFor('two events', () => reader.ids().length === 2);
  expect(reader.ids()).toEqual([3, 5]);
});

it('keeps a quiet connection open', async () => {
  await serve({ heartbeatMs: 5 });
  const reader = await open();
  await waitFor('heartbeats', () => reader.text().split(': alive\n\n').length > 3);
});

it('closes a reader that does not read, without queueing for it', async () => {
  await serve({ stallMs: 50 });
  const stalled = connect(join(temp.path, 's'));
  clients.push(stalled);
  stalled.on('error', () => {});
  stalled.write('GET /events/stream?since=0 HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stalled, 'readable');
  await add(session, 200, 'x'.repeat(20_000));
  const good = await open('?since=199');
  await waitFor('the server to hang up', async () => {
    const open = await new Promise<number>((resolve) =>
      app.server.getConnections((_, count) => resolve(count)),
    );
    return open === 1;
  });
  expect(good.ids()).toEqual([200]);
});

it.each(['?since=-1', '?since=x', '?session=short', '?sesion=x', '?since=1&since=2'])(
  'refuses %s',
  async (query) => {
    await serve();
    const reply = await app.inject(`/events/stream${query}`);
    expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request']);
  },
);

it('refuses a Last-Event-ID that is none', async () => {
  await serve();
  const reply = await app.inject({ url: '/events/stream', headers: { 'last-event-id': 'abc' } });
  expect(reply.statusCode).toBe(400);
});

it('ends its streams when the server closes', async () => {
  await serve();
  const reader = await open();
  await app.close();
  await waitFor('the end', () => reader.ended());
});
