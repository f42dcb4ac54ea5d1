import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Endpoint } from '@codepiper/core/endpoint.ts';
import { type ErrorCode, errorTable } from '@codepiper/core/errors.ts';
import { House, type HttpReply } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Bad,
  badBodies,
  badForms,
  badRefs,
  badTokens,
  cases,
  endpoints,
  invalid,
  type Name,
  text,
} from './bad-input.cases.ts';

const table = Object.entries(endpoints) as unknown as [Name, Endpoint][];

let house: House;
let work: string;
let file: string;
/** A live shell session named `good`, an ended one named `ended`, and a beginning that fits several ids. */
let good: string;
let ended: string;
let ambiguous: string;
let before: unknown;
let daemonPid: number | null;

beforeAll(async () => {
  house = await House.open({ env: { CODEPIPER_STT_COMMAND: 'cat {input}' } });
  work = await house.workDirectory();
  file = join(work, 'a-file');
  await writeFile(file, '');
  good = (await house.create({ provider: 'shell', name: 'good', args: ['sh', '-c', 'exec sleep 1000'] })).id;
  ended = (await house.create({ provider: 'shell', name: 'ended', args: ['true'] })).id;
  const ids = [good, ended];
  // Seventeen ids share a first digit for certain.
  for (;;) {
    const firsts = ids.map((id) => id.slice(0, 1));
    const twice = firsts.find((first, i) => firsts.indexOf(first) !== i);
    if (twice !== undefined) {
      ambiguous = twice;
      break;
    }
    ids.push((await house.create({ provider: 'shell', args: ['true'] })).id);
  }
  for (const id of ids.slice(1)) {
    await house.until(id, 'ended', (session) => session.endedAt !== null);
    await waitFor('the pane to be given back', async () => !(await house.tmux('list-sessions')).includes(id));
  }
  await house.until(good, 'running', ({ status, pid }) => status === 'running' && pid !== null);
  daemonPid = house.daemonPid;
  before = await everything();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** All that bad input could have changed. */
async function everything(): Promise<unknown> {
  const sessions = await house.sessions();
  return {
    sessions,
    deliveries: await Promise.all(sessions.map(({ id }) => house.deliveries(id))),
    policies: (await house.http('GET', '/policies')).body,
    policySets: (await house.http('GET', '/policy-sets')).body,
    policyDefault: (await house.http('GET', '/policy-default')).body,
    panes: await house.tmux(
      'list-panes',
      '-a',
      '-F',
      '#{session_name} #{pane_id} #{pane_width}x#{pane_height}',
    ),
  };
}

/** Fails unless the daemon is the one that was started, and nothing of what it keeps has changed. */
async function expectUntouched(): Promise<void> {
  expect((await house.http('GET', '/health')).body).toMatchObject({ status: 'ok', pid: daemonPid });
  expect(await everything()).toEqual(before);
}

/** The endpoint's own request, right but for the session: what wrong parts are put in. */
function address({ path }: Endpoint, ref = good): string {
  return path
    .replace(':id', ref)
    .replace(':delivery', '00000000-0000-4000-8000-000000000000')
    .replace(':conversation', '999')
    .replace(':entry', '999')
    .replace(':policyId', 'starter-reads')
    .replace(':setId', 'careful');
}

function fill(value: unknown): unknown {
  if (Buffer.isBuffer(value) || value === undefined) return value;
  return JSON.parse(JSON.stringify(value).replaceAll('<work>', work).replaceAll('<file>', file));
}

/** Methods that some endpoint takes at a path: `/policies/lint` is also where a policy of that id would be. */
function methodsOf(path: string): Set<string> {
  return new Set(
    table.flatMap(([, endpoint]) =>
      new RegExp(`^${endpoint.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path) ? [endpoint.method] : [],
    ),
  );
}

/** Sends it and says what is wrong with the answer, or null. */
async function judge(endpoint: Endpoint, bad: Bad): Promise<string | null> {
  const path = (bad.path ?? address(endpoint)).replace(':id', good);
  const query = bad.query === undefined ? '' : `?${bad.query}`;
  const reply = await ask(bad.method ?? endpoint.method, path + query, fill(bad.body), bad.headers);
  const { code, error } = (reply.body ?? {}) as { code?: ErrorCode; error?: string };
  const wanted = [bad.code].flat();
  const shown = `${bad.what}: ${reply.status} ${reply.text.slice(0, 300)}`;
  if (reply.status < 400 || reply.status >= 500) return shown;
  if (!code || !wanted.includes(code)) return `${shown} (not ${wanted.join(' or ')})`;
  if (errorTable[code].http !== reply.status) return `${shown} (status and code differ)`;
  if (!error || /\bat .*:\d+:\d+|\/src\/|Zod/.test(error)) return `${shown} (no message for people)`;
  if (error.length > 2000) return `${bad.what}: a message of ${error.length} characters`;
  if (bad.says && !bad.says.test(error)) return `${shown} (not ${bad.says})`;
  return null;
}

/** As house.http, but a stream that never ends is an answer too. */
function ask(
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  const payload = body === undefined ? undefined : Buffer.isBuffer(body) ? body : text(body);
  const type =
    payload === undefined ? {} : { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: house.socket, method, path, headers: { ...type, ...headers } },
      (reply) => {
        const status = reply.statusCode ?? 0;
        if (status < 400) {
          resolve({ status, body: null, text: '(no refusal)' });
          call.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          const said = Buffer.concat(chunks).toString();
          resolve({ status, body: parse(said), text: said });
        });
      },
    );
    call.setTimeout(60_000, () => call.destroy(new Error(`no answer to ${method} ${path.slice(0, 100)}`)));
    call.on('error', (error) => {
      // Destroyed above, after the answer.
      reject(error);
    });
    call.end(payload);
  });
}

function parse(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return null;
  }
}

/** Some at a time: all are refused and change nothing, so that none is in the way of another. */
async function judgeAll(endpoint: Endpoint, bads: readonly Bad[]): Promise<string[]> {
  const atOnce = 8;
  const verdicts: (string | null)[] = [];
  for (let done = 0; done < bads.length; done += atOnce) {
    const some = bads.slice(done, done + atOnce);
    verdicts.push(...(await Promise.all(some.map((bad) => judge(endpoint, bad)))));
  }
  return verdicts.filter((verdict) => verdict !== null);
}

describe('every endpoint', () => {
  it.each(table)('%s has wrong values of its own, or only an id', (name, { body, query }) => {
    expect(cases[name]).toBeDefined();
    if (body ?? query) expect(cases[name].length).toBeGreaterThan(0);
  });

  it.each(table)('%s refuses them, and changes nothing', async (name, endpoint) => {
    expect(await judgeAll(endpoint, cases[name])).toEqual([]);
    await expectUntouched();
  });

  it.each(table)(
    '%s refuses bodies, tokens, keys and methods that no endpoint takes',
    async (_, endpoint) => {
      const bodies = endpoint.method === 'GET' ? [] : endpoint.upload ? badForms : badBodies;
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'].filter(
        (method) => !methodsOf(endpoint.path).has(method),
      );
      const bads: Bad[] = [
        ...bodies,
        ...badTokens,
        {
          what: 'a foreign query',
          query: 'zzzzzzzzzz=1',
          code: 'invalid_request',
          says: /unknown key "zzzzzzzzzz"/,
        },
        ...others.map((method) => ({
          what: method,
          method,
          code: ['method_not_allowed', 'not_found'] as const,
          says: /not allowed|Not found/,
        })),
      ];
      expect(await judgeAll(endpoint, bads)).toEqual([]);
      await expectUntouched();
    },
  );

  it.each(table.filter(([, { path }]) => path.startsWith('/sessions/:id')))(
    '%s refuses what is no session',
    async (_, endpoint) => {
      const bads = badRefs.map(({ ref, ...rest }) => ({
        ...rest,
        path: address(endpoint, ref.replace('<ambiguous>', ambiguous)),
        body: endpoint.body ? rightBody(endpoint) : undefined,
      }));
      expect(await judgeAll(endpoint, bads)).toEqual([]);
      await expectUntouched();
    },
  );
});

/** A body the endpoint takes, so that only the id is wrong. */
function rightBody({ path }: Endpoint): unknown {
  if (path.endsWith('/name')) return { name: 'other' };
  if (path.endsWith('/send')) return { text: 'x' };
  if (path.endsWith('/keys')) return { keys: ['a'] };
  if (path.endsWith('/slash')) return { command: 'compact' };
  if (path.endsWith('/recording')) return { on: true };
  if (path.endsWith('/model')) return { model: 'opus' };
  if (path.endsWith('/resize')) return { cols: 80, rows: 24 };
  if (path.endsWith('/notifications/prefs')) return { enabled: true };
  if (path.endsWith('/trust')) return { seconds: 60 };
  if (path.endsWith('/policy')) return { policy: { rules: [{ action: 'deny' }] } };
  if (path.endsWith('/policy-sets')) return { policySetId: 'ci' };
  return {};
}

describe('the streams', () => {
  const events: Endpoint = { ...endpoints.health, path: '/events/stream' };
  const output: Endpoint = { ...endpoints.health, path: '/sessions/:id/output/stream' };

  it('of events refuses what it does not know', async () => {
    const bads: Bad[] = [
      invalid('no id', { query: 'session=good', says: /query\.session: / }),
      invalid('a negative id', { query: 'since=-1', says: /query\.since: / }),
      invalid('a word', { query: 'since=yesterday', says: /query\.since: / }),
      invalid('a bad last id', { headers: { 'last-event-id': 'x' } }),
      invalid('a near miss', { query: 'sesion=x', says: /did you mean "session"/ }),
      ...badTokens,
    ];
    expect(await judgeAll(events, bads)).toEqual([]);
  });

  it('exports refuse what they do not know', async () => {
    const ofSession: Endpoint = { ...endpoints.health, path: '/sessions/:id/export' };
    const ofConversation: Endpoint = { ...endpoints.health, path: '/conversations/nobody/export' };
    const bads: Bad[] = [
      invalid('an unknown format', { query: 'format=pdf', says: /query\.format: / }),
      invalid('no format', { query: 'format=', says: /query\.format: / }),
      invalid('a switch that is none', { query: 'redact=yes', says: /query\.redact: / }),
      invalid('a near miss', { query: 'fromat=html', says: /did you mean "format"/ }),
      ...badTokens,
    ];
    const refs = badRefs.map(({ ref, ...rest }) => ({
      ...rest,
      path: `/sessions/${ref.replace('<ambiguous>', ambiguous)}/export`,
    }));
    const nothing: Bad = { what: 'a session without one', code: 'conversation_not_found' };
    expect(await judgeAll(ofSession, [...bads, ...refs, nothing])).toEqual([]);
    expect(
      await judgeAll(ofConversation, [...bads, { what: 'nobody', code: 'conversation_not_found' }]),
    ).toEqual([]);
    await expectUntouched();
  });

  it('recordings refuse what they do not know', async () => {
    const cast: Endpoint = { ...endpoints.health, path: '/sessions/:id/recording/cast' };
    const bads: Bad[] = [
      ...['', '-1', 'soon', '1e3', '1:30', '2026-13-01T00:00:00Z', '9'.repeat(50)].map((from) =>
        invalid(`from=${from}`, { query: `from=${from}`, says: /query\.from: / }),
      ),
      ...['', '1', '4', 'v2'].map((version) =>
        invalid(`version=${version}`, { query: `version=${version}`, says: /query\.version: / }),
      ),
      invalid('a near miss', { query: 'form=1', says: /did you mean "from"/ }),
      ...badRefs.map(({ ref, ...rest }) => ({
        ...rest,
        path: `/sessions/${ref.replace('<ambiguous>', ambiguous)}/recording/cast`,
      })),
      ...badTokens,
    ];
    expect(await judgeAll(cast, bads)).toEqual([]);
    await expectUntouched();
  });

  it('of output refuses what it does not know', async () => {
    const bads: Bad[] = [
      ...badRefs.map(({ ref, ...rest }) => ({
        ...rest,
        path: `/sessions/${ref.replace('<ambiguous>', ambiguous)}/output/stream`,
      })),
      { what: 'an ended session', path: '/sessions/ended/output/stream', code: 'session_ended' },
      invalid('a query', { query: 'lines=5', says: /unknown key "lines"/ }),
      ...badTokens,
    ];
    expect(await judgeAll(output, bads)).toEqual([]);
    await expectUntouched();
  });
});

describe('what is no request of ours', () => {
  it.each([
    '/',
    '/nothing',
    '/sessions/x/y/z',
    '/../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//',
    '/api/api/sessions',
    '/apisessions',
    '/sessions/%00/x',
    `/${'x'.repeat(10_000)}`,
  ])('there is nothing at %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect(
        await judge(endpoints.health, { what: method, method, path, code: ['not_found', 'invalid_request'] }),
      ).toBeNull();
    }
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['binary', '\u0000\u0001\u0002\u0003\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without end', `GET /health HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [
      'a NUL in the address',
      'GET /sessions/\u0000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 4\d\d /,
    ],
    [
      'a raw way out',
      'GET /sessions/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'two lengths',
      'POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a broken chunk',
      'POST /sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('%s is answered, and the daemon goes on', async (_, bytes, head) => {
    const answer = await new Promise<string>((resolve, reject) => {
      let said = '';
      const socket = connect(house.socket, () => socket.write(bytes));
      socket.setTimeout(60_000, () => socket.destroy(new Error(`no answer, but ${said}`)));
      socket.setEncoding('utf8').on('data', (piece: string) => {
        said += piece;
      });
      socket.on('error', (error) => (said === '' ? reject(error) : resolve(said)));
      socket.on('close', () => resolve(said));
    });
    expect(answer).toMatch(head);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      error: expect.any(String),
      code: expect.any(String),
    });
    await expectUntouched();
  });
});

it('gives one name to one session, however many ask at once', async () => {
  const body = { provider: 'shell', cwd: work, name: 'wanted', args: ['sleep', '1000'] };
  const replies = await Promise.all(Array.from({ length: 6 }, () => house.http('POST', '/sessions', body)));
  expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  for (const { status, body: said } of replies) {
    if (status !== 201)
      expect(said).toMatchObject({ code: 'name_taken', error: expect.stringMatching(/another name/) });
  }
  expect((await house.sessions()).filter(({ name }) => name === 'wanted')).toHaveLength(1);
  await house.http('POST', '/sessions/wanted/kill');
  await house.http('DELETE', '/sessions/wanted');
  await waitFor('the pane to go', async () => !(await house.tmux('ls')).includes('wanted'));
  await expectUntouched();
});

it('was never a fault of the daemon', async () => {
  const faults = (await house.log()).split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
  expect(faults).toEqual([]);
});
