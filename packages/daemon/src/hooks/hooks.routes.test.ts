import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type Whereabouts } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import type { HookReply } from './deciding.ts';
import type { WaitingHook } from './decisions.service.ts';
import { mountDecide } from './hooks.routes.ts';

let app: FastifyInstance;
let closing: AbortController;
let place: Whereabouts;
let located: number;
let hooks: WaitingHook[];
let refused: { sessionId: string; code: string }[];
let answer: (hook: WaitingHook) => Promise<HookReply>;
let delivered: number;

beforeEach(() => {
  closing = new AbortController();
  place = { sessionId: 's1' };
  [located, delivered] = [0, 0];
  [hooks, refused] = [[], []];
  answer = async () => ({ output: '{"a":1}', delivered: async () => void delivered++ });
  app = createServer({
    log: silentLog,
    authenticate: async (token) => (token === 'good' ? { kind: 'session', sessionId: 's1' } : null),
    locate: async () => {
      located++;
      return place;
    },
  });
  mountDecide(app, {
    decisions: {
      decide: (hook) => {
        hooks.push(hook);
        return answer(hook);
      },
      refuse: async (sessionId, _arrivedAt, error) => {
        refused.push({ sessionId, code: error.code });
        throw error;
      },
    },
    closing: closing.signal,
    log: silentLog,
  });
});
afterEach(() => app.close());

interface Call {
  token?: string | null;
  id?: string | null;
  payload?: string;
  type?: string;
}
async function post({
  token = 'good',
  id = 'a-1',
  payload = '{"x":1}',
  type = 'application/json',
}: Call = {}) {
  const reply = await app.inject({
    method: 'POST',
    url: '/hooks/decide',
    payload,
    headers: {
      'content-type': type,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(id === null ? {} : { 'x-codepiper-request': id }),
    },
  });
  return { status: reply.statusCode, type: reply.headers['content-type'], text: reply.body };
}

describe('an answer', () => {
  it('is text that begins with our own line', async () => {
    expect(await post()).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      text: 'codepiper 1 answer\n{"a":1}\n',
    });
    expect(hooks).toMatchObject([{ sessionId: 's1', request: 'a-1', payload: { x: 1 } }]);
  });

  it('says so when there is nothing to print', async () => {
    answer = async () => ({ output: null, delivered: async () => undefined });
    expect(await post()).toMatchObject({ status: 200, text: 'codepiper 1 silence\n' });
  });

  it('counts as delivered once it has gone out', async () => {
    await post();
    await waitFor('the delivery', () => delivered === 1);
  });

  it('of thousands of characters arrives whole, from a call of megabytes', async () => {
    answer = async ({ payload }) => ({ output: JSON.stringify(payload), delivered: async () => undefined });
    const text = 'é'.repeat(3_000_000);
    const reply = await post({ payload: JSON.stringify({ text }) });
    expect(reply.text).toBe(`codepiper 1 answer\n{"text":"${text}"}\n`);
  });
});

describe('who asks', () => {
  it.each<[string, Call, number]>([
    ['without a token', { token: null }, 401],
    ['with a token of nobody, or of a session that ended', { token: 'bad' }, 401],
  ])('%s is refused', async (_name, call, status) => {
    const reply = await post(call);
    expect(reply).toMatchObject({ status });
    expect(JSON.parse(reply.text)).toMatchObject({
      code: 'unauthorized',
      error: expect.stringMatching(/\w/),
    });
    expect([hooks, refused]).toEqual([[], []]);
  });

  it('from inside another session is refused, whatever its token says', async () => {
    place = { sessionId: 's2' };
    for (const payload of ['{"x":1}', 'no JSON']) {
      const reply = await post({ payload });
      expect(reply.status).toBe(403);
      expect(JSON.parse(reply.text)).toMatchObject({ code: 'forbidden' });
    }
    expect([hooks, refused]).toEqual([[], []]);
  });

  it.each(['outside', 'unknown'] as const)(
    'is believed by its token when its process is %s',
    async (where) => {
      place = where;
      expect((await post()).status).toBe(200);
    },
  );
});

describe('a call that cannot be read', () => {
  it.each<[string, Call, number, string]>([
    ['has no request id', { id: null }, 400, 'invalid_request'],
    ['has a strange request id', { id: 'a/b' }, 400, 'invalid_request'],
    ['has a request id without end', { id: 'a'.repeat(101) }, 400, 'invalid_request'],
    ['is no JSON', { payload: '{"x":' }, 400, 'invalid_json'],
    ['is a list', { payload: '[]' }, 400, 'invalid_request'],
    ['is empty', { payload: '' }, 400, 'invalid_request'],
    ['is too large', { payload: `"${'a'.repeat(8 * 1024 * 1024)}"` }, 413, 'body_too_large'],
  ])('because it %s is denied by an error, and noted', async (_name, call, status, code) => {
    const reply = await post(call);
    expect(reply).toMatchObject({ status, type: expect.stringMatching(/^application\/json/) });
    expect(JSON.parse(reply.text)).toMatchObject({ code, error: expect.stringMatching(/\w/) });
    expect(refused).toEqual([{ sessionId: 's1', code }]);
    expect(hooks).toEqual([]);
  });

  it('of an unknown kind of content is refused', async () => {
    expect((await post({ type: 'text/plain' })).status).toBe(400);
    expect(hooks).toEqual([]);
  });

  it('never gets a 200, whatever fails', async () => {
    answer = async () => {
      throw new Error('bug');
    };
    const reply = await post();
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain('codepiper 1');
  });
});

describe('a hook that waits', () => {
  const waits = (hook: WaitingHook) =>
    new Promise<never>((_resolve, reject) =>
      hook.signal.addEventListener('abort', () => reject(new CodepiperError('shutting_down', 'stopping'))),
    );

  it('is told to come again when the daemon stops', async () => {
    answer = waits;
    const reply = post();
    await waitFor('the hook', () => hooks.length === 1);
    closing.abort();
    expect(await reply).toMatchObject({ status: 503, text: expect.stringContaining('shutting_down') });
  });

  it('is heard to hang up, and looked for once per connection', async () => {
    await using temp = await makeTempDir();
    await app.listen({ path: join(temp.path, 's') });
    answer = waits;
    const call = request({
      socketPath: join(temp.path, 's'),
      path: '/hooks/decide',
      method: 'POST',
      headers: {
        authorization: 'Bearer good',
        'x-codepiper-request': 'a',
        'content-type': 'application/json',
      },
    });
    call.on('error', () => undefined);
    call.end('{}');
    const [socket] = (await once(call, 'socket')) as [Socket];
    const hook = await waitFor('the hook', () => hooks[0]);
    expect(located).toBe(1);
    socket.destroy();
    await waitFor('the end of the waiting', () => hook.signal.aborted);
    expect(delivered).toBe(0);
  });

  it('does not keep others waiting', async () => {
    answer = waits;
    const first = post();
    await waitFor('the hook', () => hooks.length === 1);
    answer = async () => ({ output: null, delivered: async () => undefined });
    expect((await post()).status).toBe(200);
    closing.abort();
    await first;
  });
});
