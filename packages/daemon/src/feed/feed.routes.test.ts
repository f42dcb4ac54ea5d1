import { once } from 'node:events';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FeedMessage } from '@codepiper/core/feed/feed.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { feedEvents } from '../events/feed.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { createServer } from '../http/server.ts';
import { acceptWebSockets } from '../http/ws.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { type FeedSources, mountFeed, type TopicReader } from './feed.routes.ts';

let temp: TempDir;
let database: OpenDatabase;
let ledger: Ledger;
let app: FastifyInstance;
/** Readers of the topic `fleet` that are open. */
let fleets: Parameters<FeedSources['fleet']>[0][];
const sockets: WebSocket[] = [];

beforeEach(async () => {
  temp = await makeTempDir();
  database = await openDatabase(join(temp.path, 'db'), { log: silentLog, clock: systemClock });
  ledger = createLedger({ db: database.db, clock: systemClock, log: silentLog });
  fleets = [];
  app = createServer({ log: silentLog, authenticate: async () => null });
  const sources: FeedSources = {
    lastId: () => ledger.lastId(),
    events: ({ since }, reader) => feedEvents(ledger, { since }, () => reader),
    fleet: async (reader) => {
      fleets.push(reader);
      await gone(reader);
      fleets.splice(fleets.indexOf(reader), 1);
    },
    conversation: ({ session }) =>
      Promise.reject(
        session === 'fault'
          ? new Error('it broke')
          : new CodepiperError('session_not_found', `No ${session}.`),
      ),
  };
  mountFeed(app, { sources, log: silentLog, door: acceptWebSockets(app), heartbeatMs: 20 });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await app.close();
  await database[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

async function gone({ closed }: TopicReader<unknown>): Promise<void> {
  if (!closed.aborted) await once(closed, 'abort');
}
const add = (count: number) =>
  ledger.record(async (_tx, emit) => {
    for (let n = 0; n < count; n += 1) emit({ sessionId: null, source: 'daemon', type: 't', payload: {} });
  });

async function connect() {
  const address = app.server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/feed/ws`);
  sockets.push(socket);
  const got: FeedMessage[] = [];
  let closed: number | null = null;
  socket.on('message', (data) => got.push(JSON.parse(String(data)) as FeedMessage));
  socket.on('close', (code) => {
    closed = code;
  });
  await waitFor('hello', () => got.length > 0);
  return {
    got,
    socket,
    closed: () => closed,
    say: (message: unknown) => socket.send(JSON.stringify(message)),
    events: (id: number) =>
      got.flatMap((each) => (each.type === 'event' && each.id === id ? [each.event.id] : [])),
    errors: () => got.filter((each) => each.type === 'error'),
  };
}

it('greets with the newest fact, and each topic goes on where its reader was', async () => {
  await add(5);
  const page = await connect();
  expect(page.got[0]).toEqual({ type: 'hello', version: 1, lastId: 5 });
  page.say({ type: 'subscribe', id: 1, to: { topic: 'events', since: 2 } });
  page.say({ type: 'subscribe', id: 2, to: { topic: 'events' } });
  await waitFor('the past', () => page.events(1).length === 3);
  await add(300);
  await waitFor('all', () => page.events(1).length === 303 && page.events(2).length === 300);
  expect(page.events(1)).toEqual(Array.from({ length: 303 }, (_, n) => n + 3));
  expect(page.events(2)).toEqual(Array.from({ length: 300 }, (_, n) => n + 6));
});

it('ends a topic when the reader wants no more of it, and all when it goes', async () => {
  const page = await connect();
  page.say({ type: 'subscribe', id: 1, to: { topic: 'fleet' } });
  page.say({ type: 'subscribe', id: 2, to: { topic: 'fleet' } });
  await waitFor('both', () => fleets.length === 2);
  page.say({ type: 'unsubscribe', id: 1 });
  await waitFor('one', () => fleets.length === 1);
  expect(await fleets[0]?.send({ type: 'removed', sessionId: 'x' })).toBe(true);
  await waitFor('it', () =>
    page.got.some((each) => each.type === 'fleet' && each.id === 2 && each.fleet.type === 'removed'),
  );
  const [last] = fleets;
  page.socket.close();
  await waitFor('none', () => fleets.length === 0);
  expect(await last?.send({ type: 'removed', sessionId: 'x' })).toBe(false);
});

it('says why a topic cannot be had, and keeps the others', async () => {
  const page = await connect();
  page.say({ type: 'subscribe', id: 1, to: { topic: 'conversation', session: 'nobody' } });
  page.say({ type: 'subscribe', id: 2, to: { topic: 'conversation', session: 'fault' } });
  page.say({ type: 'subscribe', id: 3, to: { topic: 'fleet' } });
  page.say({ type: 'subscribe', id: 3, to: { topic: 'fleet' } });
  await waitFor('the errors', () => page.errors().length === 3);
  expect(page.errors()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 1, code: 'session_not_found', message: 'No nobody.' }),
      expect.objectContaining({ id: 2, code: 'internal', message: expect.not.stringContaining('it broke') }),
      expect.objectContaining({ id: 3, code: 'invalid_request' }),
    ]),
  );
  expect(fleets).toHaveLength(1);
});

it('gives signs of life that a page hears, and answers its questions for one', async () => {
  const page = await connect();
  await waitFor('a beat', () => page.got.some(({ type }) => type === 'pong'));
  const before = page.got.length;
  page.say({ type: 'ping' });
  await waitFor('an answer', () => page.got.length > before);
});

it.each([
  'nonsense',
  '{}',
  '{"type":"subscribe","id":1}',
  '{"type":"subscribe","id":0,"to":{"topic":"fleet"}}',
  '{"type":"subscribe","id":1,"to":{"topic":"secrets"}}',
  '{"type":"subscribe","id":1,"to":{"topic":"events","since":-1}}',
])('closes on %s', async (text) => {
  const page = await connect();
  page.socket.send(text);
  await waitFor('the end', () => page.closed() !== null);
  expect(page.closed()).toBe(1008);
});

it('has so many topics on one connection, and no more', async () => {
  const page = await connect();
  for (let id = 1; id <= 40; id += 1) page.say({ type: 'subscribe', id, to: { topic: 'fleet' } });
  await waitFor('the refusals', () => page.errors().length === 8);
  expect(fleets).toHaveLength(32);
});
