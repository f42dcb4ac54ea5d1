import { randomUUID } from 'node:crypto';
import { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApprovalRooms, askFor } from '../../test/approvals.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { mountEndpoints } from '../http/mount.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { approvalHandlers } from './approvals.routes.ts';

let database: OpenDatabase;
let rooms: ApprovalRooms;
let app: FastifyInstance;
const session = sessionRecord({ id: randomUUID(), name: 'review' });
beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
  rooms = new ApprovalRooms(database);
  await rooms.sessions.insert(session);
  app = createServer({
    log: silentLog,
    authenticate: async () => ({ kind: 'session', sessionId: session.id }),
  });
  mountEndpoints(app, approvalEndpoints, approvalHandlers(rooms.answers), { validateReplies: true });
});
afterEach(async () => {
  await app.close();
  await rooms.service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function ask(command: string): Promise<string> {
  const before = (await rooms.store.pending()).length;
  void rooms.service.clear(askFor(session, command), new AbortController().signal);
  await waitFor('the approval', async () => (await rooms.store.pending()).length > before);
  return (await rooms.store.pending()).at(-1)?.id ?? '';
}

const call = async (method: 'GET' | 'POST', url: string, payload?: object, headers = {}) => {
  const reply = await app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, body: reply.json() };
};

it('every endpoint answers as its schema says', async () => {
  const first = await ask('npm test');
  const second = await ask('npm test');
  const third = await ask('ls');
  rooms.now += 600_000;
  expect(await call('GET', '/approvals?session=review')).toMatchObject({
    status: 200,
    body: { approvals: [{ id: first, aging: true, sessionName: 'review' }, { id: second }, { id: third }] },
  });
  expect(await call('GET', `/approvals/${first.slice(0, 13)}`)).toMatchObject({
    body: { approval: { id: first } },
  });
  expect(await call('POST', `/approvals/${first}/proposal`, {})).toMatchObject({
    body: { allowsThis: true },
  });
  expect(await call('POST', `/approvals/${first}/approve-like`, {})).toMatchObject({
    body: { approvals: [{ id: first }, { id: second }] },
  });
  expect(await call('POST', `/approvals/${third}/deny`, { reason: 'no' })).toMatchObject({
    body: { approval: { status: 'denied', note: 'no', aging: false } },
  });
  expect(await call('GET', '/approvals?status=denied')).toMatchObject({
    body: { approvals: [{ id: third }] },
  });
  expect(await call('GET', '/approvals?status=settled')).toMatchObject({
    body: { approvals: [{ id: third }, { status: 'approved' }, { status: 'approved' }] },
  });
  const fourth = await ask('cargo test');
  expect(await call('POST', `/approvals/${fourth}/approve`, { grant: 'session' })).toMatchObject({
    body: { approval: { grant: 'session' }, policy: { sessionId: session.id } },
  });
  await ask('make');
  expect(await call('POST', '/sessions/review/trust', { seconds: 60 })).toMatchObject({
    body: { policy: { id: 'kept' }, approvals: [{ summary: 'make', status: 'approved' }] },
  });
  expect(await call('POST', '/sessions/review/trust', { seconds: 0 })).toMatchObject({
    body: { policy: null },
  });
  expect(await call('POST', `/approvals/${fourth}/deny`, {})).toMatchObject({
    status: 409,
    body: { code: 'approval_settled', details: { status: 'approved', settledBy: 'cli' } },
  });
});

it.each(['approve', 'deny', 'approve-like'])('%s is not for what runs inside a session', async (verb) => {
  const id = await ask('npm test');
  const token = { authorization: 'Bearer token' };
  expect(await call('POST', `/approvals/${id}/${verb}`, {}, token)).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
  expect(await call('POST', '/sessions/review/trust', { seconds: 60 }, token)).toMatchObject({ status: 403 });
  expect(await call('GET', `/approvals/${id}`, undefined, token)).toMatchObject({
    status: 200,
    body: { approval: { status: 'pending' } },
  });
});
