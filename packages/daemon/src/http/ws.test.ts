import { once } from 'node:events';
import { createServer as createProxy, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { garbageCollector } from '@codepiper/testkit/garbage.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../log/log.ts';
import { createServer } from './server.ts';
import { acceptWebSockets, type WebSocketConnection } from './ws.ts';

const longest = 64 * 1024;

let temp: TempDir;
let app: FastifyInstance;
let connection: WebSocketConnection | null;
let heard: Buffer[];
let onMessage: () => void;
/** Of what the other side is sent, on the wire. */
let wireBytes: number;
let proxy: ReturnType<typeof createProxy>;
const sockets: Socket[] = [];
const clients: WebSocket[] = [];

beforeEach(async () => {
  temp = await makeTempDir();
  connection = null;
  heard = [];
  wireBytes = 0;
  onMessage = () => undefined;
  app = createServer({ log: silentLog, authenticate: async () => null });
  const door = acceptWebSockets(app);
  app.get('/ws', async (request, reply) => {
    const take = (message: string | Uint8Array): void => {
      heard.push(Buffer.from(message as string));
      onMessage();
    };
    const options = { heartbeatMs: 60_000, stallMs: 60_000, longest, compression: true };
    connection = door.open(request, reply, { ...options, onText: take, onBinary: take });
  });
  await app.listen({ path: join(temp.path, 's') });
  proxy = createProxy((socket) => {
    const up = dial(join(temp.path, 's'));
    sockets.push(socket, up);
    up.on('data', (chunk: Buffer) => {
      wireBytes += chunk.length;
    });
    for (const each of [socket, up]) each.on('error', () => undefined);
    socket.pipe(up).pipe(socket);
  });
  proxy.listen(join(temp.path, 'p'));
  await once(proxy, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await app.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  proxy.close();
  await temp[Symbol.asyncDispose]();
});

/** The other side, and what it got; `s` is the server, `p` leads to it and counts. */
async function open(at: 's' | 'p', options: { perMessageDeflate?: boolean | object } = {}) {
  const ws = new WebSocket(`ws+unix:${join(temp.path, at)}:/ws`, options);
  clients.push(ws);
  const got: string[] = [];
  const closed = { code: 0 };
  ws.on('message', (data: Buffer) => void got.push(data.toString('latin1')));
  ws.on('close', (code) => {
    closed.code = code;
  });
  ws.on('error', () => undefined);
  await once(ws, 'open');
  await waitFor('the connection', () => connection !== null, { interval: 2 });
  if (!connection) throw new Error('not connected');
  return { ws, got, closed, server: connection };
}

describe('what is posted', () => {
  it('comes whole and in order, compressed or not, whatever its length', async () => {
    const { server, got } = await open('s', { perMessageDeflate: true });
    expect(server.compresses).toBe(true);
    const post = fc.record({
      length: fc.oneof(
        fc.constantFrom(0, 1, 125, 126, 127, 4095, 4096, 4097, 65_535, 65_536),
        fc.integer({ min: 0, max: 200_000 }),
      ),
      compress: fc.boolean(),
      isText: fc.boolean(),
      fill: fc.integer({ min: 97, max: 122 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(post, { minLength: 1, maxLength: 12 }), async (posts) => {
        got.length = 0;
        const sent = posts.map(({ length, fill }) => String.fromCharCode(fill).repeat(length));
        for (const [at, { compress, isText }] of posts.entries())
          server.post(isText ? (sent[at] ?? '') : Buffer.from(sent[at] ?? '', 'latin1'), { compress });
        await waitFor('all of it', () => got.length === sent.length, { interval: 1 });
        expect(got.map(({ length }, at) => [length, got[at] === sent[at]])).toEqual(
          sent.map(({ length }) => [length, true]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is small on the wire where it was to be compressed, and only there', async () => {
    const { server, got } = await open('p', { perMessageDeflate: true });
    const before = wireBytes;
    server.post(Buffer.alloc(100_000, 'agent '), { compress: true });
    await waitFor('the message', () => got.length === 1);
    expect(wireBytes - before).toBeLessThan(2_000);
    server.post(Buffer.alloc(100_000, 'agent '));
    await waitFor('the other', () => got.length === 2);
    expect(wireBytes - before).toBeGreaterThan(100_000);
    expect(got[0]).toBe(got[1]);
  });

  it('is as it is for who does not offer to inflate it', async () => {
    const { server, got } = await open('p', { perMessageDeflate: false });
    expect(server.compresses).toBe(false);
    server.post(Buffer.alloc(10_000, 'a'), { compress: true });
    server.post(Buffer.from('b'));
    await waitFor('both', () => got.length === 2);
    expect(wireBytes).toBeGreaterThan(10_000);
    expect(got[1]).toBe('b');
  });

  it('takes about as much memory as it is long while it waits', async () => {
    const { ws, server, got } = await open('s');
    const collect = garbageCollector();
    ws.pause();
    const posted: string[] = [];
    const post = (length: number, isText: boolean): void => {
      const text = `${posted.length} `.padEnd(length, '.');
      posted.push(text);
      server.post(isText ? text : Buffer.from(text));
      // The rest of the daemon makes buffers too: what comes next is in another of the slabs that Node cuts them from.
      for (let n = 0; n < 4; n++) Buffer.allocUnsafe(30_000);
    };
    const held = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    while (server.buffered === 0) post(50, false);
    const before = held();
    for (let n = 0; n < 300; n++) post(n % 2 === 0 ? 50 : 5_000, n % 3 === 0);
    // 0.76 MB of messages; a slab for each would be 20 MB.
    await waitFor('the rest to be thrown away', () => held() - before < 2_000_000);
    ws.resume();
    await waitFor('all of it', () => got.length === posted.length);
    expect(got).toEqual(posted);
  });
});

describe('the other side', () => {
  it('is closed when what it sends is too long once it is inflated', async () => {
    const { ws, closed } = await open('s', { perMessageDeflate: { threshold: 0 } });
    ws.send(Buffer.alloc(longest));
    await waitFor('what may be', () => heard.length === 1);
    ws.send(Buffer.alloc(64 * 1024 * 1024));
    await waitFor('the close', () => closed.code === 1009);
    expect(heard).toHaveLength(1);
    expect(connection?.closed.aborted).toBe(true);
  });

  it('is not read while it reads nothing of what it asks for, and then goes on', async () => {
    const { ws, server, got } = await open('s');
    let most = 0;
    onMessage = () => {
      server.post(JSON.stringify({ answer: 'x'.repeat(2_000) }));
      most = Math.max(most, server.buffered);
    };
    ws.pause();
    const asks = 20_000;
    for (let n = 0; n < asks; n++) ws.send(`{"n":${n}}`);
    await waitFor('it to be left alone', () => server.buffered > 2 * 1024 * 1024);
    let before = -1;
    const isStill = (): boolean => {
      const last = before;
      before = heard.length;
      return last === before;
    };
    await waitFor('nothing more to be read', isStill, { interval: 200 });
    expect(heard.length).toBeLessThan(asks / 2);
    // Of one read of the socket more may come.
    expect(most).toBeLessThan(16 * 1024 * 1024);
    ws.resume();
    await waitFor('all answers', () => got.length === asks);
  });
});
