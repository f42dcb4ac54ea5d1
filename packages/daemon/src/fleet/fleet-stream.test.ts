import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fleetEndpoints } from '@codepiper/core/fleet/fleet.endpoints.ts';
import { type FleetEvent, fleetEventSchema } from '@codepiper/core/fleet/fleet.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FleetHouse } from '../../test/fleet-house.ts';
import { mountEndpoints } from '../http/mount.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { Directories } from './directories.ts';
import { fleetHandlers } from './fleet.routes.ts';
import { FleetStore } from './fleet.store.ts';
import { type FleetStreamOptions, mountFleetStream } from './fleet-stream.routes.ts';

let temp: TempDir;
let house: FleetHouse;
let app: FastifyInstance;
const clients: Socket[] = [];

beforeEach(async () => {
  temp = await makeTempDir();
  house = await FleetHouse.open({ paceMs: 20 });
  app = createServer({ log: silentLog, authenticate: async () => null });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await app.close();
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const socket = () => join(temp.path, 's');
async function serve(options: Partial<FleetStreamOptions> = {}): Promise<void> {
  mountFleetStream(app, { fleet: house.fleet, log: silentLog, ...options });
  await app.listen({ path: socket() });
}

async function open() {
  const call = request({ socketPath: socket(), path: '/fleet/stream' });
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
  const events = (): FleetEvent[] =>
    [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name, data = '']) => {
      const event = fleetEventSchema.parse(JSON.parse(data));
      expect(event.type).toBe(name);
      return event;
    });
  return { reply, events, text: () => text, ended: () => ended, cut: () => reply.destroy() };
}

it('sends all cards, then what changes; after a cut it begins anew, and is right', async () => {
  const { id } = await house.add({ activity: 'busy' });
  await serve();
  const reader = await open();
  expect(reader.reply.headers['content-type']).toContain('text/event-stream');
  await house.turn(id, 'needs_permission', null);
  await waitFor('the card', () => reader.events().length === 2);
  expect(reader.events()).toMatchObject([
    { type: 'snapshot', fleet: { cards: [{ session: { id, activity: 'busy' } }] } },
    { type: 'card', card: { session: { id, status: 'needs_permission' } } },
  ]);
  reader.cut();
  await waitFor('the end of the watch', () => house.held === 0);
  await house.turn(id, 'running', 'busy');
  const again = await open();
  await waitFor('the snapshot', () => again.events().length === 1);
  expect(again.events()[0]).toMatchObject({ fleet: { cards: [{ session: { status: 'running' } }] } });
  await house.rooms.sessions.remove(id, 1);
  await house.rooms.event(id, 'session.removed');
  await waitFor('the removal', () => again.events().length === 2);
  expect(again.events()[1]).toEqual({ type: 'removed', sessionId: id });
});

it('holds no more for a reader that does not read than one card of each session, and hangs up in the end', async () => {
  const { id } = await house.add();
  await serve({ stallMs: 400 });
  const stalled = connect(socket());
  clients.push(stalled);
  stalled.on('error', () => {});
  stalled.write('GET /fleet/stream HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stalled, 'readable');
  const good = await open();
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  let round = 0;
  await waitFor('the server to hang up', async () => {
    round += 1;
    await house.rooms.sessions.update(id, { model: `${round}${'x'.repeat(50_000)}` }, 1);
    await house.rooms.event(id, 'session.model');
    return (await connections()) === 1;
  });
  await house.turn(id, 'needs_input', null);
  await waitFor('the good reader', () => {
    const last = good.events().at(-1);
    return last?.type === 'card' && last.card.session.status === 'needs_input';
  });
});

it('keeps a quiet connection open, and ends it when the server closes', async () => {
  await serve({ heartbeatMs: 5 });
  const reader = await open();
  await waitFor('heartbeats', () => reader.text().split(': alive\n\n').length > 3);
  await app.close();
  await waitFor('the end', () => reader.ended());
  expect(house.held).toBe(0);
});

it('serves cards and folders as endpoints, and refuses what is no query', async () => {
  await house.add();
  const directories = new Directories({ store: new FleetStore(house.db), home: temp.path });
  const drafts = { check: async () => Promise.reject(new Error('nobody asks')) } as never;
  mountEndpoints(app, fleetEndpoints, fleetHandlers({ fleet: house.fleet, drafts, directories }), {
    validateReplies: true,
  });
  mountFleetStream(app, { fleet: house.fleet, log: silentLog });
  expect((await app.inject('/fleet')).json()).toMatchObject({ cards: [{ lastLine: null }] });
  expect((await app.inject('/directories')).json()).toMatchObject({ path: temp.path, entries: [] });
  expect((await app.inject('/directories/recent')).json()).toMatchObject({ directories: [{ path: '/' }] });
  for (const path of ['/fleet/stream?since=1', '/fleet?x=1', '/directories?path=x']) {
    expect((await app.inject(path)).statusCode).toBe(400);
  }
});
