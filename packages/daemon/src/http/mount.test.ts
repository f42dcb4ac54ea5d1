import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { defineEndpoint } from '@codepiper/core/endpoint.ts';
import { CodepiperError, type ErrorCode, errorTable } from '@codepiper/core/errors.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../log/log.ts';
import { type Handlers, mountEndpoints } from './mount.ts';
import { type Caller, createServer, type Whereabouts } from './server.ts';

const endpoints = {
  list: defineEndpoint({
    method: 'GET',
    path: '/things',
    summary: '',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).optional(),
      live: z.enum(['true']).optional(),
    }),
    reply: z.object({ query: z.unknown() }),
  }),
  create: defineEndpoint({
    method: 'POST',
    path: '/things',
    summary: '',
    body: z.strictObject({
      name: z.string().min(1),
      cols: z.number().min(2, 'at least 2 columns').optional(),
      model: z.string().optional(),
      env: z.record(z.string(), z.string()).default({}),
      inner: z.strictObject({ colour: z.string() }).optional(),
    }),
    reply: z.object({ body: z.unknown() }),
    status: 201,
  }),
  stop: defineEndpoint({
    method: 'POST',
    path: '/things/:id/stop',
    summary: '',
    params: z.strictObject({ id: z.string().min(1).max(80) }),
    body: z.strictObject({ timeoutMs: z.number().default(7) }),
    reply: z.object({ id: z.string(), timeoutMs: z.number() }),
  }),
  kill: defineEndpoint({
    method: 'DELETE',
    path: '/things/:id',
    summary: '',
    params: z.strictObject({ id: z.string().min(1).max(80) }),
    reply: z.object({ caller: z.unknown() }),
  }),
  bless: defineEndpoint({
    method: 'PUT',
    path: '/things/:id/blessing',
    summary: '',
    personal: true,
    params: z.strictObject({ id: z.string().min(1).max(80) }),
    reply: z.object({ id: z.string() }),
  }),
} as const;

let fault: unknown;
let aborted: boolean;
let place: Whereabouts;
let located: number;
const blessed: string[] = [];
const handlers: Handlers<typeof endpoints> = {
  list: async ({ query }) => {
    if (fault !== undefined) throw fault;
    return { query };
  },
  create: async ({ body }, _caller, { requirePerson }) => {
    if (body.name === 'personal') await requirePerson();
    return { body };
  },
  stop: async ({ params, body }) => ({ id: params.id, timeoutMs: body.timeoutMs }),
  kill: async ({ params, body }, caller, { signal }) => {
    // The types say that there is no body.
    const none: undefined = body;
    if (params.id === 'wait') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted = signal.aborted;
    }
    return { caller: [caller, none] };
  },
  bless: async ({ params }) => {
    blessed.push(params.id);
    return { id: params.id };
  },
};

let app: FastifyInstance;
let temp: TempDir;
const agent = new Agent({ keepAlive: true });
const socket = () => join(temp.path, 's');
let logged: { fields: Record<string, unknown>; message: string }[];
beforeEach(async () => {
  temp = await makeTempDir();
  fault = undefined;
  aborted = false;
  place = 'outside';
  located = 0;
  blessed.length = 0;
  logged = [];
  const error = ((fields: Record<string, unknown>, message: string) =>
    void logged.push({ fields, message })) as typeof silentLog.error;
  app = createServer({
    log: { ...silentLog, error, warn: error },
    authenticate: async (token): Promise<Caller | null> =>
      token === 'good' ? { kind: 'session', sessionId: 's1' } : null,
    locate: async () => {
      located++;
      return place;
    },
  });
  mountEndpoints(app, endpoints, handlers, { validateReplies: true });
  await app.listen({ path: socket() });
});
afterEach(async () => {
  await app.close();
  await temp[Symbol.asyncDispose]();
});

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PATCH';
  url: string;
  body?: unknown;
  raw?: string | Buffer;
  headers?: Record<string, string>;
}
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answers, looked into by the tests
  body: any;
}

/** Over a real socket: an injected request would have its address tidied up. */
async function send({ method = 'GET', url, body, raw, headers = {} }: Call): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const call = request({ socketPath: socket(), path: url, method, headers: { ...type, ...headers }, agent });
  call.end(payload);
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  call.on('error', () => {}); // the server may stop reading once it has answered
  const bytes = await buffer(reply);
  expect(reply.headers['content-length']).toBe(String(bytes.length));
  return {
    status: reply.statusCode ?? 0,
    headers: reply.headers,
    body: bytes.length === 0 ? null : JSON.parse(bytes.toString()),
  };
}
const post = (body: unknown): Call => ({ method: 'POST', url: '/things', body });

describe('the handlers', () => {
  it('do not compile when one is missing or answers something else', () => {
    // @ts-expect-error a missing handler
    const incomplete: Handlers<typeof endpoints> = {
      list: handlers.list,
      create: handlers.create,
      stop: handlers.stop,
      bless: handlers.bless,
    };
    // @ts-expect-error another reply
    const wrong: Handlers<typeof endpoints> = { ...handlers, stop: async () => ({ id: 1 }) };
    expect(Object.keys(wrong)).toHaveLength(Object.keys(incomplete).length + 1);
  });
});

describe('a good request', () => {
  it.each<[Call, number, unknown]>([
    [{ url: '/things' }, 200, { query: {} }],
    [{ url: '/things/' }, 200, { query: {} }],
    [{ url: '/things?limit=3' }, 200, { query: { limit: 3 } }],
    [post({ name: 'ü' }), 201, { body: { name: 'ü', env: {} } }],
    [{ method: 'POST', url: '/things/a%20b/stop' }, 200, { id: 'a b', timeoutMs: 7 }],
    [{ method: 'POST', url: '/things/a/stop', raw: '' }, 200, { id: 'a', timeoutMs: 7 }],
    [{ method: 'POST', url: '/things/a/stop', body: { timeoutMs: 1 } }, 200, { id: 'a', timeoutMs: 1 }],
    [{ method: 'DELETE', url: '/things/a' }, 200, { caller: [{ kind: 'user' }, null] }],
    [{ method: 'DELETE', url: '/things/a', body: {} }, 200, { caller: [{ kind: 'user' }, null] }],
  ])('%j', async (call, status, body) => {
    expect(await send(call)).toMatchObject({ status, body });
  });

  it('may have a body of many megabytes', async () => {
    const name = '\u0001'.repeat(1_000_000); // six bytes each in JSON
    expect((await send(post({ name }))).status).toBe(201);
  });
});

describe('what only a person may do', () => {
  const bless: Call = { method: 'PUT', url: '/things/a/blessing' };

  it('is done for a caller outside of all sessions', async () => {
    expect(await send(bless)).toMatchObject({ status: 200, body: { id: 'a' } });
    expect(located).toBe(1);
  });

  it.each<[string, Whereabouts, Record<string, string>, RegExp]>([
    [
      'with the token of a session',
      'outside',
      { authorization: 'Bearer good' },
      /inside session s1\. .*outside/,
    ],
    ['without a token, from inside a session', { sessionId: 's2' }, {}, /inside session s2\. .*outside/],
    ['from beside the sessions', 'beside', {}, /inside the tmux server.*outside of it/],
    ['whose process is gone', 'unknown', {}, /is gone.*Ask again/],
  ])('is refused to a caller %s', async (_name, where, headers, error) => {
    place = where;
    expect(await send({ ...bless, headers })).toMatchObject({
      status: 403,
      body: { code: 'forbidden', error: expect.stringMatching(error) },
    });
    expect(blessed).toEqual([]);
  });

  it('may be one use of an endpoint only', async () => {
    place = { sessionId: 's2' };
    expect((await send(post({ name: 'personal' }))).status).toBe(403);
    expect((await send(post({ name: 'other' }))).status).toBe(201);
  });

  it('costs other endpoints nothing', async () => {
    place = { sessionId: 's2' };
    expect((await send({ url: '/things' })).status).toBe(200);
    expect(located).toBe(0);
  });
});

describe('a bad request', () => {
  const invalid = 'invalid_request';
  it.each<[Call, ErrorCode, string | RegExp]>([
    [post({}), invalid, 'body.name: is missing'],
    [{ method: 'POST', url: '/things' }, invalid, 'body.name: is missing'],
    [post({ name: '' }), invalid, /^body\.name: /],
    [post({ name: 1 }), invalid, /^body\.name: .*expected string, received number/],
    [post({ name: null }), invalid, /^body\.name: /],
    [post({ name: 'a', cols: 1 }), invalid, 'body.cols: at least 2 columns'],
    [post({ name: 'a', modle: 'x' }), invalid, 'body: unknown key "modle"; did you mean "model"?'],
    [
      post({ name: 'a', zzz: 'x' }),
      invalid,
      'body: unknown key "zzz"; known are name, cols, model, env, inner',
    ],
    [
      post({ name: 'a', inner: { color: 'x' } }),
      invalid,
      /body\.inner: unknown key "color"; did you mean "colour"\?/,
    ],
    [post({ name: 'a', env: { A: 1 } }), invalid, /^body\.env\.A: /],
    [post([]), invalid, /^body: .*expected object, received array/],
    [post('text'), invalid, /^body: .*received string/],
    [post(null), invalid, /^body/],
    [{ ...post(0), raw: '{"name":"a","__proto__":{"x":1}}' }, invalid, /^body: unknown key "__proto__"/],
    [{ ...post(0), raw: '{"name":' }, 'invalid_json', /^The body is not valid JSON: /],
    [{ ...post(0), raw: 'name=a' }, 'invalid_json', /^The body is not valid JSON: /],
    [
      { ...post(0), raw: Buffer.from('7b226e616d65223a22ff227d', 'hex') },
      'invalid_json',
      'The body is not valid UTF-8.',
    ],
    [
      { ...post(0), raw: 'a=b', headers: { 'content-type': 'text/plain' } },
      invalid,
      /Content-Type: application\/json, not "text\/plain"/,
    ],
    [{ url: '/things?limit=0' }, invalid, /^query\.limit: /],
    [{ url: '/things?limit=x' }, invalid, /^query\.limit: /],
    [{ url: '/things?lmit=1' }, invalid, 'query: unknown key "lmit"; did you mean "limit"?'],
    [{ url: '/things?live=true&live=true' }, invalid, /^query\.live: /],
    [{ url: '/things?__proto__=1' }, invalid, /^query: unknown key "__proto__"/],
    [
      { method: 'DELETE', url: '/things/a', body: { force: true } },
      invalid,
      'body: unknown key "force"; none is taken here',
    ],
    [
      { method: 'DELETE', url: '/things/a?force=1' },
      invalid,
      'query: unknown key "force"; none is taken here',
    ],
    [{ method: 'DELETE', url: `/things/${'a'.repeat(500)}` }, invalid, /^params\.id: /],
    [{ method: 'DELETE', url: '/things/a%00b' }, invalid, 'params: the address has a NUL character'],
    [{ method: 'DELETE', url: '/things/%' }, invalid, /./],
    [{ method: 'DELETE', url: '/things/%ff' }, invalid, /./],
    [{ url: '/nothing' }, 'not_found', 'Not found: /nothing'],
    [{ url: '/' }, 'not_found', 'Not found: /'],
    [{ url: '/things/../../etc/passwd' }, 'not_found', /^Not found: /],
    [{ url: '/things/%2e%2e%2f%2e%2e%2fetc/stop' }, 'method_not_allowed', /^Method GET not allowed/],
    [{ url: '//things' }, 'not_found', /^Not found: /],
    [{ url: `/${'x'.repeat(5000)}?secret=1` }, 'not_found', /^Not found: \/x{199}…$/],
    [{ method: 'DELETE', url: '/things' }, 'method_not_allowed', 'Method DELETE not allowed for /things'],
    [{ method: 'PATCH', url: '/things' }, 'method_not_allowed', 'Method PATCH not allowed for /things'],
    [{ method: 'OPTIONS', url: '/things' }, 'method_not_allowed', 'Method OPTIONS not allowed for /things'],
    [
      { url: '/things', headers: { authorization: 'Bearer bad' } },
      'unauthorized',
      /session token is not valid/,
    ],
    [
      { url: '/things', headers: { authorization: 'Basic Z29vZA==' } },
      'unauthorized',
      /send `Bearer <token>`/,
    ],
    [{ url: '/things', headers: { authorization: '' } }, 'unauthorized', /send `Bearer <token>`/],
  ])('%j is %s', async (call, code, message) => {
    const reply = await send(call);
    expect(reply).toMatchObject({ status: errorTable[code].http, body: { code } });
    if (typeof message === 'string') expect(reply.body.error).toBe(message);
    else expect(reply.body.error).toMatch(message);
    expect(logged).toEqual([]);
  });

  it('is told of five problems at once, and of how many more', async () => {
    const reply = await send(post(Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`zzzz${n}`, 1]))));
    expect(reply.body.error.split('; and ')).toHaveLength(2);
    expect(reply.body.error).toMatch(/; and 4 more$/);
    expect(reply.body.details.problems).toHaveLength(9);
  });

  it('names the methods there are', async () => {
    expect((await send({ method: 'DELETE', url: '/things' })).headers.allow).toBe('GET, POST');
    expect((await send({ method: 'PUT', url: '/things/x/stop' })).headers.allow).toBe('POST');
  });

  it('is refused when its body is too large', async () => {
    expect(await send(post({ name: 'x'.repeat(9_000_000) }))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it('never answers 5xx, whatever it is', async () => {
    const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.array(fc.oneof(fc.constantFrom('things', 'stop', '..', '%', '%00', '?', '%c0%af'), fc.string()), {
          maxLength: 4,
        }),
        fc.oneof(fc.json(), fc.string()),
        async (method, parts, raw) => {
          const url = `/${parts.join('/')}`.replace(/[^\x21-\x7e]/g, (c) =>
            encodeURIComponent(c.isWellFormed() ? c : ''),
          );
          const reply = await send({ method, url, raw });
          expect(reply.status).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
    expect(logged).toEqual([]);
  });
});

describe('a handler', () => {
  it('is told who calls', async () => {
    const reply = await send({
      method: 'DELETE',
      url: '/things/a',
      headers: { authorization: 'Bearer good' },
    });
    expect(reply.body).toEqual({ caller: [{ kind: 'session', sessionId: 's1' }, null] });
  });

  it('is told when the caller hangs up', async () => {
    const client = connect(socket());
    client.end('DELETE /things/wait HTTP/1.1\r\nHost: x\r\n\r\n');
    client.once('connect', () => setImmediate(() => client.destroy()));
    await waitFor('the abort', () => aborted);
  });

  it.each([
    [
      new CodepiperError('session_limit', 'too many', { limit: 1 }),
      429,
      { code: 'session_limit', error: 'too many', details: { limit: 1 } },
    ],
    [Object.assign(new Error('x'), { code: 'SQLITE_FULL' }), 507, { code: 'storage_full' }],
    [Object.assign(new Error('x'), { code: 'SQLITE_BUSY' }), 503, { code: 'database_busy' }],
  ])('that throws %s answers %i', async (error, status, body) => {
    fault = error;
    expect(await send({ url: '/things' })).toMatchObject({ status, body });
  });

  it.each([
    new Error('the inner secret'),
    'the inner secret',
    null,
    Object.assign(new Error('the inner secret'), { statusCode: 404 }),
  ])('that faults (%s) answers 500 without details, which are in the log', async (error) => {
    fault = error;
    const reply = await send({ url: '/things' });
    expect(reply).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(reply.body)).not.toContain('secret');
    expect(logged).toHaveLength(1);
    expect(logged[0]?.fields.requestId).toBe(reply.body.details.requestId);
  });

  it('that breaks its contract is found out in tests', async () => {
    const broken = createServer({ log: silentLog, authenticate: async () => null });
    const one = { list: endpoints.list };
    mountEndpoints(broken, one, { list: async () => ({}) as { query: unknown } }, { validateReplies: true });
    mountEndpoints(
      broken,
      { kill: { ...endpoints.kill, reply: z.object({ n: z.number() }) } },
      { kill: async () => ({ n: 'x' }) as never },
      {
        validateReplies: true,
      },
    );
    expect((await broken.inject({ method: 'DELETE', url: '/things/a' })).statusCode).toBe(500);
    await broken.close();
  });
});

it('mounts the real endpoints', async () => {
  const real = createServer({ log: silentLog, authenticate: async () => null });
  const handle = async () => {
    throw new CodepiperError('session_not_found', 'none');
  };
  const all = Object.fromEntries(Object.keys(sessionEndpoints).map((name) => [name, handle]));
  mountEndpoints(real, sessionEndpoints, all as unknown as Handlers<typeof sessionEndpoints>);
  const reply = await real.inject({ method: 'POST', url: '/sessions/abc/kill' });
  expect([reply.statusCode, reply.json().code]).toEqual([404, 'session_not_found']);
  await real.close();
});

describe('what is no HTTP', () => {
  it.each([
    ['garbage\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET /things HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 200 /],
    [`GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['GET /things\0 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET /th\u00fcngs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 40[04] /],
    ['BREW /things HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['PROPFIND /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 405 /],
    [
      'POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('%j is answered', async (bytes, expected) => {
    const client = connect(socket());
    let text = '';
    client.on('data', (chunk) => {
      text += chunk;
    });
    client.write(bytes);
    await waitFor('an answer', () => text.includes('\r\n\r\n'));
    expect(text).toMatch(expected);
    expect(text.toLowerCase()).toContain('content-length: ');
    client.destroy();
  });
});
