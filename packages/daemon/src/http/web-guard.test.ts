import { once } from 'node:events';
import { get } from 'node:http';
import { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import {
  AuthHouse,
  type AuthHouseOptions,
  type Browser,
  password,
  rawRequest,
} from '../../test/auth-house.ts';
import { authHandlers } from '../auth/auth.routes.ts';
import { type Log, silentLog } from '../log/log.ts';
import { mountEndpoints } from './mount.ts';
import { createServer } from './server.ts';
import { mountWebGuard } from './web-guard.ts';

let house: AuthHouse;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await house[Symbol.asyncDispose]();
});
const open = async (guard: AuthHouseOptions['guard'] = {}) => {
  house = await AuthHouse.open({ guard });
  return house.enrolled();
};

describe('who is asked for', () => {
  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    '192.168.1.5:3000',
    '[::2]',
    'localhost:3000@evil.example',
    '2130706433',
  ])('as %j is refused, page or API, signed in or not', async (host) => {
    const { browser } = await open();
    for (const path of ['/api/policies', '/api/auth/status', '/']) {
      expect((await browser.call(path, { headers: { host, origin: undefined } })).status).toBe(403);
    }
  });

  it.each([
    'HTTP/1.0\r\n',
    'HTTP/1.1\r\nHost: \r\nConnection: close\r\n',
    'HTTP/1.1\r\nConnection: close\r\n',
  ])('without a name (%j) is refused', async (rest) => {
    await open();
    expect(await rawRequest(house.port, `GET /api/auth/status ${rest}\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
  });

  it.each([
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:8080',
    '[::1]:3000',
    'codepiper.localhost:3000',
    'box.example',
    'box.example.:443',
  ])('as %j is answered', async (host) => {
    await open({ allowedOrigins: ['box.example'] });
    const { status } = await house.browser().get('/auth/status', { headers: { host, origin: undefined } });
    expect(status).toBe(200);
  });
});

describe('a page of another origin', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['of another site', { origin: 'https://evil.example' }],
    ['of another port of this host', { origin: 'http://localhost:5173' }],
    ['without an origin', { origin: 'null' }],
    ['of a file', { origin: 'file://' }],
    ['whose name begins like ours', { origin: 'http://localhost.evil.example' }],
    ['that hides in the user', { origin: 'http://localhost@evil.example' }],
    ['that the browser calls foreign', { origin: undefined, 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls a neighbour', { origin: undefined, 'sec-fetch-site': 'same-site' }],
  ])('%s neither reads nor writes, with all our cookies', async (_name, headers) => {
    const { browser } = await open();
    for (const call of [
      browser.get('/policies', { headers }),
      browser.get('/auth/status', { headers }),
      browser.post('/auth/login', { password }, { headers }),
      browser.post('/auth/logout', undefined, { headers }),
      browser.call('/api/policies', { method: 'OPTIONS', headers }),
    ]) {
      const answer = await call;
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(await browser.state()).toBe('full');
  });

  it('does not get in by a form: only JSON is taken', async () => {
    const { browser } = await open();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await browser.post('/auth/login', undefined, { raw: 'password=x', headers })).status).toBe(400);
  });

  it('is one that a proxy shows, when it is named', async () => {
    const { browser } = await open({ allowedOrigins: ['https://box.example', 'other.example:8443'] });
    const from = (origin: string, host?: string) =>
      browser.get('/policies', { headers: { origin, ...(host && { host }) } });
    expect((await from('https://box.example')).status).toBe(200);
    expect((await from('https://box.example', 'box.example')).status).toBe(200);
    expect((await from('http://box.example', 'box.example')).status).toBe(403);
    expect((await from('https://box.example:444', 'box.example')).status).toBe(403);
    expect((await from('https://other.example:8443')).status).toBe(200);
    expect((await from('https://other.example')).status).toBe(403);
  });
});

describe('cookies', () => {
  const line = async (guard: AuthHouseOptions['guard'], headers = {}) => {
    house = await AuthHouse.open({ guard });
    await house.room.account.resetPassword(password);
    const answer = await house.browser().post('/auth/login', { password }, { headers });
    return answer.headers['set-cookie']?.[0] ?? '';
  };

  it('are for us, for no script, and for this host', async () => {
    expect(await line({})).toMatch(
      /^codepiper_session=[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; SameSite=Strict$/,
    );
  });

  it.each<[AuthHouseOptions['guard'], Record<string, string>]>([
    [{ isTls: true }, {}],
    [{ forceSecureCookies: true }, {}],
    [{ trustProxyHeaders: true }, { 'x-forwarded-proto': 'https' }],
  ])('with %j go over TLS only', async (guard, headers) => {
    expect(await line(guard, headers)).toMatch(/^__Host-codepiper_session=.*; SameSite=Strict; Secure$/);
  });

  it('do not believe a proxy that nobody trusts', async () => {
    expect(await line({}, { 'x-forwarded-proto': 'https' })).not.toContain('Secure');
  });

  it.each([
    (token: string) => `codepiper_session=planted; codepiper_session=${token}`,
    (token: string) => `codepiper_session=${token}; codepiper_session=planted`,
    (token: string) => `codepiper_session="${token}"`,
    (token: string) => `Codepiper_session=${token}`,
    (token: string) => `__Host-codepiper_session=${token}`,
    () => 'codepiper_session=',
    () => `codepiper_session=${'x'.repeat(5000)}`,
    () => ';;;=;codepiper_session',
    () => "codepiper_session=' OR 1=1 --",
  ])('that are not the one we gave are none (%#)', async (write) => {
    const { browser } = await open();
    const cookie = write(browser.cookies.get('codepiper_session') ?? '');
    expect((await browser.get('/policies', { headers: { cookie } })).status).toBe(401);
  });
});

describe('every answer', () => {
  it('of the API says what it may be used for, errors and streams included', async () => {
    const { browser } = await open();
    const answers = [
      await browser.get('/policies'),
      await browser.get('/nothing'),
      await browser.get('/policies', { headers: { host: 'evil.example' } }),
      await house.browser().get('/policies'),
      await browser.get('/auth/status'),
    ];
    const stream = await eventStream(browser);
    for (const { headers } of [...answers, stream]) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      });
    }
    for (const { headers } of [answers[0], answers[3], stream].filter((each) => each !== undefined)) {
      expect(headers['cache-control']).toBe('no-store');
    }
    stream.destroy();
  });

  it('that is a page runs our scripts only, in no frame, and may hear the microphone', async () => {
    await open();
    const { headers } = await house.browser().call('/');
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|default-src[^;]*\*/);
    expect(headers['permissions-policy']).toContain('microphone=(self)');
    expect((await house.browser().call('/', { method: 'POST', body: {} })).status).toBe(405);
  });

  it('of a server with TLS of its own tells the browser to stay with it', async () => {
    await open({ isTls: true });
    expect((await house.browser().call('/')).headers['strict-transport-security']).toMatch(/max-age=\d+/);
  });
});

describe('without being signed in', () => {
  it.each([
    '/policies',
    '/nothing',
    '/events/stream',
    '/events/ws',
    '/auth/sessions',
    '/auth/account',
    '/auth/passkeys',
    '/auth/../policies',
    '/%61uth/sessions',
    '//policies',
    '/policies/',
    '/policies?x=/auth/status',
  ])('%s is not answered', async (path) => {
    await open();
    expect((await house.browser().get(path)).status).toBe(401);
  });

  it.each([
    '/%61pi/policies',
    '/api%2Fpolicies',
    '/./api/policies',
    '/x/../api/policies',
    '//api/policies',
    '/API/policies',
    'http://localhost/api/policies',
    'https://evil.example/api/policies',
    '/api/policies#/',
    '/api/policies?/../',
    '/;/api/policies',
  ])('%s, however it is written, is not answered', async (path) => {
    await open();
    const answer = await rawRequest(
      house.port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('"policies"');
  });

  it('a token of the Unix socket is none here', async () => {
    const { browser } = await open();
    for (const authorization of ['Bearer abc', `Bearer ${browser.cookies.get('codepiper_session')}`]) {
      expect((await house.browser().get('/policies', { headers: { authorization } })).status).toBe(401);
      expect((await browser.get('/policies', { headers: { authorization } })).status).toBe(401);
    }
  });

  it('little is read: a large body is refused before it is understood', async () => {
    await open();
    const body = { password: 'x'.repeat(300_000) };
    expect((await house.browser().post('/auth/login', body)).status).toBe(413);
    expect((await house.browser().post('/policies', { x: 'x'.repeat(1_000_000) })).status).toBe(401);
    expect((await house.browser().post('/auth/login', { password: 'x'.repeat(300) })).status).toBe(400);
  });

  it.each([
    {},
    { password: '' },
    { password: null },
    { password: ['a'] },
    { password: 'x', totpCode: '12345' },
    { password: 'x', totpCode: 123456 },
    { password: 'x', admin: true },
    { password: { $ne: '' } },
  ])('%j is no way to sign in', async (body) => {
    await open();
    expect((await house.browser().post('/auth/login', body)).status).toBe(400);
  });
});

describe('too many requests', () => {
  it('are refused for a while, by client', async () => {
    house = await AuthHouse.open({ guard: { limit: { max: 5, windowMs: 10_000 }, trustProxyHeaders: true } });
    const one = house.browser({ address: '203.0.113.1' });
    for (let i = 0; i < 5; i++) expect((await one.get('/auth/status')).status).toBe(200);
    house.now += 1000;
    const refused = await one.get('/auth/status');
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(refused.headers['retry-after']).toBe('9');
    expect((await house.browser({ address: '203.0.113.2' }).get('/auth/status')).status).toBe(200);
    house.now += 9000;
    expect((await one.get('/auth/status')).status).toBe(200);
  });

  it('cannot be had by writing addresses before the one of the proxy, nor without a trusted one', async () => {
    house = await AuthHouse.open({ guard: { limit: { max: 2, windowMs: 10_000 }, trustProxyHeaders: true } });
    const answers = [];
    for (let i = 0; i < 4; i++) {
      answers.push(await house.browser({ address: `10.0.0.${i}, 203.0.113.1` }).get('/auth/status'));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    await house[Symbol.asyncDispose]();
    house = await AuthHouse.open({ guard: { limit: { max: 2, windowMs: 10_000 } } });
    const direct = [];
    for (let i = 0; i < 3; i++)
      direct.push(await house.browser({ address: `10.0.0.${i}` }).get('/auth/status'));
    expect(direct.map(({ status }) => status)).toEqual([200, 200, 429]);
  });
});

async function connected(socket: WebSocket): Promise<number> {
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, reply) => resolve(reply.statusCode ?? 0));
    socket.on('error', () => {});
  });
}

const ticketOf = async (browser: Browser) => (await browser.post('/auth/tickets')).body.ticket as string;

describe('a WebSocket', () => {
  it('opens by cookie and ticket, once', async () => {
    const { browser } = await open();
    const ticket = await ticketOf(browser);
    const socket = browser.socket(['codepiper', `ticket.${ticket}`]);
    expect(await connected(socket)).toBe(101);
    expect(socket.protocol).toBe('codepiper');
    expect(await connected(browser.socket(['codepiper', `ticket.${ticket}`]))).toBe(401);
  });

  it('opens for a program that has both halves', async () => {
    const { browser } = await open();
    expect(await connected(browser.socket([], { 'x-codepiper-key': browser.key, origin: undefined }))).toBe(
      101,
    );
  });

  it('does not open by the cookie alone, by a stolen ticket, or too late', async () => {
    const { browser, secret } = await open();
    const other = house.browser();
    await other.signIn(house.nextCode(secret));
    expect(await connected(browser.socket([]))).toBe(401);
    expect(await connected(browser.socket(['codepiper', 'ticket.made-up']))).toBe(401);
    const stolen = await ticketOf(browser);
    expect(await connected(house.browser().socket(['codepiper', `ticket.${stolen}`]))).toBe(401);
    const swapped = await ticketOf(browser);
    expect(await connected(other.socket(['codepiper', `ticket.${swapped}`]))).toBe(401);
    const late = await ticketOf(browser);
    house.now += 30_000;
    expect(await connected(browser.socket(['codepiper', `ticket.${late}`]))).toBe(401);
    const lost = await ticketOf(browser);
    await house.restart();
    expect(await connected(browser.socket(['codepiper', `ticket.${lost}`]))).toBe(401);
  });

  it.each(['https://evil.example', 'http://localhost:5173', 'null'])(
    'does not open for a page of %s, whatever it has',
    async (origin) => {
      const { browser } = await open();
      const protocols = ['codepiper', `ticket.${await ticketOf(browser)}`];
      expect(await connected(browser.socket(protocols, { origin, 'sec-fetch-site': undefined }))).toBe(403);
    },
  );

  it('does not open under another name, nor with the second factor missing', async () => {
    const { browser } = await open();
    const protocols = ['codepiper', `ticket.${await ticketOf(browser)}`];
    expect(await connected(browser.socket(protocols, { host: 'evil.example', origin: undefined }))).toBe(403);
    const half = house.browser();
    await half.post('/auth/login', { password });
    expect((await half.post('/auth/tickets')).status).toBe(401);
    expect(await connected(half.socket([], { 'x-codepiper-key': half.key }))).toBe(401);
  });
});

describe('what is open', () => {
  it('ends with its session: socket and stream, and no others', async () => {
    const { browser, secret } = await open();
    const phone = house.browser();
    await phone.signIn(house.nextCode(secret));
    const mine = browser.socket(['codepiper', `ticket.${await ticketOf(browser)}`]);
    const theirs = phone.socket(['codepiper', `ticket.${await ticketOf(phone)}`]);
    expect(await connected(mine)).toBe(101);
    expect(await connected(theirs)).toBe(101);
    const stream = await eventStream(phone);
    stream.on('error', () => {});
    const { sessions } = (await browser.get('/auth/sessions')).body;
    const other = sessions.find((each: { isCurrent: boolean }) => !each.isCurrent);
    await browser.remove(`/auth/sessions/${other.id}`);
    await waitFor('the socket to end', () => theirs.readyState === theirs.CLOSED);
    await waitFor('the stream to end', () => stream.destroyed);
    expect(mine.readyState).toBe(mine.OPEN);
  });

  it('ends when its session is over, though nobody asks for anything', async () => {
    const { browser } = await open({ sweepMs: 10 });
    const socket = browser.socket(['codepiper', `ticket.${await ticketOf(browser)}`]);
    expect(await connected(socket)).toBe(101);
    const day = 24 * 3_600_000;
    // An open page is used: its session is not idle.
    for (let i = 0; i < 5; i++) {
      house.now += 6 * day;
      await waitFor('the look at open sessions', async () => {
        const [session] = await house.room.sessions.list(null);
        return i === 4 || session?.lastSeenAt === new Date(house.now).toISOString();
      });
    }
    await waitFor('the socket to end', () => socket.readyState === socket.CLOSED);
    expect((await browser.get('/policies')).status).toBe(401);
  });

  it('ends when the daemon closes, and keeps it from nothing', async () => {
    const { browser } = await open();
    const socket = browser.socket(['codepiper', `ticket.${await ticketOf(browser)}`]);
    await connected(socket);
    await house.restart();
    await waitFor('the socket to end', () => socket.readyState === socket.CLOSED);
  });
});

it('takes no endpoint outside of the API, where it would be open', async () => {
  house = await AuthHouse.open();
  const app = createServer({ log: silentLog, authenticate: async () => null });
  mountWebGuard(app, {
    ...{ gate: house.room.sessions, allowedOrigins: [], isTls: false, forceSecureCookies: false },
    ...{ trustProxyHeaders: false, limit: { max: 10, windowMs: 10_000 }, clock: house.clock },
  });
  const mount = () => mountEndpoints(app, authEndpoints, authHandlers(house.room));
  expect(mount).toThrow('POST /auth/login is outside of /api');
  await app.close();
});

it('neither logs nor tells what signs in', async () => {
  const lines: unknown[] = [];
  const note = (...line: unknown[]) => void lines.push(line);
  const log = {
    trace: note,
    debug: note,
    info: note,
    warn: note,
    error: note,
    fatal: note,
  } as unknown as Log;
  house = await AuthHouse.open({ log });
  const { browser, secret, recoveryCodes } = await house.enrolled();
  const ticket = await ticketOf(browser);
  await connected(browser.socket(['codepiper', `ticket.${ticket}`]));
  await house.browser().post('/auth/login', { password: 'a wrong guess' });
  await house.browser().post('/auth/passkeys/login', { response: {} });
  const answers = [
    await browser.get('/auth/account'),
    await browser.get('/auth/sessions'),
    await browser.call('/'),
  ];
  const text = JSON.stringify([lines, answers.map(({ body }) => body)]);
  const secrets = [password, 'a wrong guess', secret, ticket, browser.key ?? '', ...recoveryCodes];
  for (const each of [...secrets, ...browser.cookies.values()]) expect(text).not.toContain(each);
});

async function eventStream(browser: Browser) {
  const given = Object.entries(browser.headers).filter(([, value]) => value !== undefined);
  const call = get({
    ...{ host: '127.0.0.1', port: house.port, path: '/api/events/stream' },
    headers: Object.fromEntries(given) as Record<string, string>,
  });
  const [reply] = await once(call, 'response');
  call.on('error', () => {});
  reply.resume();
  return reply as import('node:http').IncomingMessage;
}
