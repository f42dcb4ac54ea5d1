import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createServer } from '../http/server.ts';
import { acceptWebSockets } from '../http/ws.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { type EventStreamOptions, mountEventSocket } from './events.routes.ts';
import { createLedger, type Ledger } from './ledger.ts';

const session = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
let temp: TempDir;
let database: OpenDatabase;
let ledger: Ledger;
let app: FastifyInstance;
const clients: { terminate(): void }[] = [];
const path = () => join(temp.path, 's');

async function serve(options: Partial<EventStreamOptions> = {}): Promise<void> {
  app = createServer({
    log: silentLog,
    authenticate: async (token) => (token === 'good' ? { kind: 'session', sessionId: session } : null),
  });
  mountEventSocket(app, { ledger, log: silentLog, door: acceptWebSockets(app), ...options });
  await app.listen({ path: path() });
}
beforeEach(async () => {
  temp = await makeTempDir();
  database = await openDatabase(join(temp.path, 'db'), { log: silentLog, clock: systemClock });
  ledger = createLedger({ db: database.db, clock: systemClock, log: silentLog });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await app.close();
  await database[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const add = (sessionId: string | null, count = 1, text = '') =>
  ledger.record(async (_tx, emit) => {
    for (let n = 0; n < count; n += 1) emit({ sessionId, source: 'daemon', type: 't', payload: { text } });
  });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

interface Frame {
  id?: number;
  type: string;
  lastId?: number;
}

/** A reader of the socket that remembers its frames in the order they came. */
async function open(query = '') {
  const ws = new WebSocket(`ws+unix:${path()}:/events/ws${query}`);
  clients.push(ws);
  const frames: Frame[] = [];
  let code: number | null = null;
  let pings = 0;
  ws.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
  ws.on('ping', () => {
    pings += 1;
  });
  ws.on('close', (closedWith) => {
    code = closedWith;
  });
  ws.on('error', () => {});
  await once(ws, 'open');
  return {
    ws,
    hello: () => frames[0],
    ids: () => frames.slice(1).map(({ id }) => id ?? Number.NaN),
    code: () => code,
    pings: () => pings,
  };
}

/** An upgrade that is refused, or a plain request. */
async function ask(query: string, headers: Record<string, string> = {}) {
  const call = request({ socketPath: path(), path: `/events/ws${query}`, headers });
  call.end();
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of reply.setEncoding('utf8')) text += chunk;
  const body = JSON.parse(text) as { code: string; error: string };
  return { status: reply.statusCode, code: body.code, error: body.error };
}
const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

it('says hello with the newest event, then sends what happens', async () => {
  await serve();
  await add(null, 3);
  const reader = await open();
  await waitFor('the hello', () => reader.hello() !== undefined);
  expect(reader.hello()).toEqual({ type: 'hello', version: 1, lastId: 3 });
  await add(session);
  await waitFor('the event', () => reader.ids().length === 1);
  expect(reader.ids()).toEqual([4]);
});

it.each([
  ['?since=2', range(3, 500)],
  [`?session=${other}&since=0`, range(401, 500)],
])('goes on after %s', async (query, expected) => {
  await serve();
  await add(session, 400);
  await add(other, 100);
  const reader = await open(query);
  await waitFor('all events', () => reader.ids().length >= expected.length);
  expect(reader.ids()).toEqual(expected);
});

it('loses and doubles nothing, wherever connections are cut', async () => {
  await serve();
  await add(session, 20);
  const step = fc.record({
    adding: fc.integer({ min: 0, max: 30 }),
    /** Events after which the reader hangs up; 0 is as soon as it is open. */
    takes: fc.integer({ min: 0, max: 40 }),
    polite: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const before = await ledger.lastId();
      const seen: number[] = [];
      for (const { adding, takes, polite } of steps) {
        const reader = await open(`?since=${seen.at(-1) ?? before}`);
        const writing = add(session, adding);
        const wanted = Math.min(takes, before + adding - (seen.at(-1) ?? before));
        await waitFor('some events', () => reader.ids().length >= wanted);
        if (polite) reader.ws.close();
        else reader.ws.terminate();
        await writing;
        await waitFor('its end', () => reader.code() !== null);
        seen.push(...reader.ids());
      }
      const last = await ledger.lastId();
      const reader = await open(`?since=${seen.at(-1) ?? before}`);
      await waitFor('the rest', () => seen.length + reader.ids().length >= last - before);
      reader.ws.terminate();
      expect([...seen, ...reader.ids()]).toEqual(range(before + 1, last));
    }),
    { numRuns: 15 },
  );
});

it('keeps a quiet connection alive, and ends one that no longer answers', async () => {
  await serve({ heartbeatMs: 5, stallMs: 300 });
  const reader = await open();
  await waitFor('heartbeats', () => reader.pings() > 3);
  const deaf = await open();
  deaf.ws.pause();
  await waitFor('the server to hang up', async () => (await connections()) === 1);
  expect(reader.code()).toBeNull();
  // What it finds when it reads again.
  deaf.ws.resume();
  await waitFor('the close', () => deaf.code() !== null);
  expect(deaf.code()).toBe(1013);
});

it('closes a reader that does not read, without queueing for it', async () => {
  await serve({ stallMs: 50 });
  const stalled = await open('?since=0');
  await waitFor('the hello', () => stalled.hello() !== undefined);
  stalled.ws.pause();
  await add(session, 200, 'x'.repeat(20_000));
  const good = await open('?since=199');
  await waitFor('the event', () => good.ids().length === 1);
  await waitFor('the server to hang up', async () => (await connections()) === 1);
  stalled.ws.resume();
  await waitFor('the end', () => stalled.code() !== null);
  expect(stalled.ids().length).toBeLessThan(200);
});

it.each([
  ['a text', (ws: WebSocket) => ws.send('{"type":"subscribe"}')],
  ['bytes', (ws: WebSocket) => ws.send(Buffer.from([1, 2, 3]))],
])('takes no %s', async (_what, send) => {
  await serve();
  const reader = await open();
  send(reader.ws);
  await waitFor('the close', () => reader.code() !== null);
  expect(reader.code()).toBe(1008);
});

it('closes a reader that sends too much, or what is no WebSocket frame', async () => {
  await serve();
  const loud = await open();
  loud.ws.send('x'.repeat(100_000));
  await waitFor('the close', () => loud.code() !== null);
  expect(loud.code()).toBe(1009);
  const raw: Socket = connect(path());
  clients.push({ terminate: () => raw.destroy() });
  raw.on('error', () => {});
  const lines = Object.entries(handshake).map(([name, value]) => `${name}: ${value}`);
  raw.write(`GET /events/ws HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`);
  await once(raw, 'data');
  raw.end(Buffer.alloc(64, 0xff));
  raw.resume();
  await once(raw, 'close');
});

it('says goodbye when the daemon stops', async () => {
  await serve();
  const reader = await open();
  const deaf = await open();
  deaf.ws.pause();
  await app.close();
  await waitFor('the close', () => reader.code() !== null);
  expect(reader.code()).toBe(1001);
});

it.each([
  ['?since=-1', {}, 400, 'invalid_request', /query\.since/],
  ['?session=short', {}, 400, 'invalid_request', /query\.session/],
  ['?sesion=x', {}, 400, 'invalid_request', /did you mean "session"/],
  ['', { origin: 'http://localhost:8080' }, 403, 'forbidden', /Origin/],
  ['', { authorization: 'Bearer bad' }, 401, 'unauthorized', /token/],
  ['', { 'sec-websocket-version': '8' }, 400, 'invalid_request', /Sec-WebSocket-Version: 13/],
  ['', { 'sec-websocket-key': 'short' }, 400, 'invalid_request', /Sec-WebSocket-Key/],
  ['/nowhere', {}, 404, 'not_found', /nowhere/],
])('refuses %j %j before the upgrade', async (query, headers, status, code, says) => {
  await serve();
  const reply = await ask(query, { ...handshake, ...(headers as Record<string, string>) });
  expect(reply).toMatchObject({ status, code, error: expect.stringMatching(says) });
  await waitFor('the connection to end', async () => (await connections()) === 0);
});

it('keeps no connection that was refused and that the other side leaves open', async () => {
  await serve();
  const raw = connect({ path: path(), allowHalfOpen: true });
  clients.push({ terminate: () => raw.destroy() });
  raw.on('error', () => {});
  const lines = Object.entries(handshake).map(([name, value]) => `${name}: ${value}`);
  raw.write(`GET /nowhere HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`);
  raw.resume();
  await once(raw, 'end');
  await waitFor('the server to let go', async () => (await connections()) === 0);
});

it('takes the body of a request that offers another protocol', async () => {
  app = createServer({ log: silentLog, authenticate: async () => null });
  acceptWebSockets(app);
  app.post('/echo', async (request) => request.body);
  await app.listen({ path: path() });
  const body = '{"text":"hello"}';
  const call = request({
    ...{ socketPath: path(), path: '/echo', method: 'POST' },
    headers: { ...{ connection: 'Upgrade', upgrade: 'h2c' }, 'content-type': 'application/json' },
  });
  // In two pieces: the second comes when the first was read already.
  call.write(body.slice(0, 5));
  await waitFor('the connection', async () => (await connections()) === 1);
  call.end(body.slice(5));
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of reply.setEncoding('utf8')) text += chunk;
  expect(text).toBe(body);
});

it('goes on with what is new after an id that is not there yet: the ledger may be an older one', async () => {
  await serve();
  await add(null, 3);
  const reader = await open('?since=1000');
  await waitFor('the hello', () => reader.hello()?.lastId === 3);
  await add(session, 2);
  await waitFor('the events', () => reader.ids().length === 2);
  expect(reader.ids()).toEqual([4, 5]);
});

it('answers a request that asks for no WebSocket', async () => {
  await serve();
  expect(await ask('', { ...handshake, upgrade: 'h2c' })).toMatchObject({
    ...{ status: 400, error: expect.stringContaining('is a WebSocket') },
  });
  expect(await ask('')).toMatchObject({ status: 400, error: expect.stringContaining('is a WebSocket') });
});

it('lets a session read with its token', async () => {
  await serve();
  const ws = new WebSocket(`ws+unix:${path()}:/events/ws`, { headers: { authorization: 'Bearer good' } });
  clients.push(ws);
  await once(ws, 'open');
});

async function connections(): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
}
