import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createDashboard, type DashboardHouse, type Visitor } from '@codepiper/testkit/dashboard-house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The guard's rules have their own tests beside it: here the built daemon has it, before everything it serves. */
let dashboard: DashboardHouse;
let owner: Visitor;

beforeAll(async () => {
  dashboard = await createDashboard({ env: { CODEPIPER_API_RATE_LIMIT_MAX: '100000' } });
  ({ owner } = dashboard);
});
afterAll(async () => {
  await dashboard?.[Symbol.asyncDispose]();
});

/** A request exactly as written, and all of its answer. */
async function raw(head: string): Promise<string> {
  const socket = connect(Number(owner.url.port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${head}\r\n\r\n`);
  return text(socket);
}

/** Signs in with the password, and a recovery code, which none but this call uses. */
async function signedIn(): Promise<Visitor> {
  const visitor = dashboard.visitor();
  await visitor.post('/auth/login', { password: dashboard.password });
  const recoveryCode = [...dashboard.recoveryCodes][nextCode++];
  expect((await visitor.post('/auth/mfa/verify', { recoveryCode })).status).toBe(200);
  return visitor;
}
let nextCode = 0;

interface Operation {
  description?: string;
  security?: object[];
}

describe('nobody', () => {
  it('is answered by any endpoint or stream that is not for everybody, nor half signed in', async () => {
    const half = dashboard.visitor();
    await half.post('/auth/login', { password: dashboard.password });
    const { paths } = (await owner.get('/openapi.json')).body as {
      paths: Record<string, Record<string, Operation>>;
    };
    let asked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { description = '', security }] of Object.entries(methods)) {
        const isForAll = security?.length === 0;
        const isForHalf = isForAll || description.includes('second factor is missing');
        const call = { method: method.toUpperCase(), body: method === 'get' ? undefined : {} };
        const address = path.replaceAll(/\{\w+\}/g, 'x');
        const refused = description.includes('Unix socket only') ? 403 : 401;
        if (!isForAll) {
          asked++;
          const answer = await dashboard.visitor().get(address, call);
          expect([method, path, answer.status]).toEqual([method, path, refused]);
        }
        if (!isForHalf) expect((await half.get(address, call)).status).toBe(refused);
      }
    }
    expect(asked).toBeGreaterThan(100);
  });

  it('is asked by a name that is not ours', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1']) {
      for (const path of ['/', '/api/sessions', '/api/auth/status', '/assets/x.js', '/sw.js', '/nothing']) {
        const answer = await owner.call(path, { headers: { host, origin: undefined } });
        expect([host, path, answer.status]).toEqual([host, path, 403]);
      }
    }
  });

  it('of another page reads or writes with our cookies and key', async () => {
    const before = (await dashboard.house.http('GET', '/policies')).body;
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:1' },
      { origin: 'null' },
      { origin: undefined, 'sec-fetch-site': 'cross-site' },
      { origin: undefined, 'sec-fetch-site': 'same-site' },
    ]) {
      for (const call of [
        { headers },
        { headers, method: 'POST', body: { name: 'evil', rules: [] } },
        { headers, method: 'OPTIONS' },
      ]) {
        const answer = await owner.get('/policies', call);
        expect(answer.status).toBe(403);
        expect(Object.keys(answer.headers).join()).not.toContain('access-control');
      }
    }
    expect((await dashboard.house.http('GET', '/policies')).body).toEqual(before);
  });

  it('gets in by a form', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': undefined };
    const form = { method: 'POST', raw: `password=${dashboard.password}`, headers: type };
    expect((await dashboard.visitor().get('/auth/login', form)).status).toBe(400);
    const asText = { ...form, raw: JSON.stringify({ name: 'x' }), headers: { 'content-type': 'text/plain' } };
    expect((await owner.get('/policies', asText)).status).toBe(400);
  });

  it('has a session by one half of it, or by a token of the socket', async () => {
    const one = (headers: Record<string, string | undefined>) => owner.get('/sessions', { headers });
    expect((await one({ 'x-codepiper-key': undefined })).status).toBe(401);
    expect((await one({ cookie: undefined })).status).toBe(401);
    expect((await one({ cookie: `codepiper_session=${owner.key}` })).status).toBe(401);
    expect((await one({ authorization: `Bearer ${owner.key}` })).status).toBe(401);
    expect((await one({})).status).toBe(200);
  });
});

describe('files', () => {
  it.each([
    '/assets/../../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/%2e%2e/%2e%2e/main.cjs',
    '/assets/....//....//main.cjs',
    '/icons/..%2fterminal.html',
    '/assets/%00',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
    '/assets//etc/passwd',
    '/terminal.html',
    '/main.cjs',
    '/.env',
    '/dev/terminal/',
    'http://localhost/assets/..%2f..%2fpackage.json',
  ])('beside the page are not given for %s', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close`);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toMatch(/root:|"version"|require\(|<!doctype/i);
  });
});

describe('what is too much', () => {
  it('is not read', async () => {
    // Only heads: an answer to a body that is not read may be lost with the connection.
    const post = (path: string, length: number, headers: Visitor['headers']) => {
      const lines = Object.entries({ ...headers, 'content-type': 'application/json', connection: 'close' })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}: ${value}\r\n`);
      return raw(`POST /api${path} HTTP/1.1\r\n${lines.join('')}Content-Length: ${length}`);
    };
    const nobody = dashboard.visitor().headers;
    expect(await post('/auth/login', 300_000, nobody)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await post('/policies', 300_000, nobody)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await post('/policies', 9_437_184, owner.headers)).toMatch(/^HTTP\/1\.1 413 /);
    const long = 'x'.repeat(20_000);
    expect(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${long}`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw(`GET /${long} HTTP/1.1\r\nHost: localhost`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw('GET / HTTP/1.1\r\nConnection: close')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await raw('\0\0\0')).toMatch(/^HTTP\/1\.1 400 /);
    expect((await owner.get('/sessions')).status).toBe(200);
  });
});

describe('signing in', () => {
  it('gives a new cookie and key at every step: a planted one is nobody', async () => {
    const visitor = dashboard.visitor();
    visitor.cookies.set('codepiper_session', 'A'.repeat(43));
    visitor.key = 'B'.repeat(43);
    const halves = () => [visitor.cookies.get('codepiper_session'), visitor.key];
    const seen = [halves()];
    await visitor.post('/auth/login', { password: dashboard.password });
    seen.push(halves());
    await visitor.post('/auth/mfa/verify', { recoveryCode: [...dashboard.recoveryCodes][nextCode++] });
    seen.push(halves());
    expect(new Set(seen.flat()).size).toBe(6);
    for (const [token, key] of seen.slice(0, 2)) {
      const headers = { cookie: `codepiper_session=${token}`, 'x-codepiper-key': key };
      expect((await dashboard.visitor().get('/sessions', { headers })).status).toBe(401);
    }
    expect((await visitor.get('/sessions')).status).toBe(200);
    const double = `codepiper_session=planted; codepiper_session=${visitor.cookies.get('codepiper_session')}`;
    expect((await visitor.get('/sessions', { headers: { cookie: double } })).status).toBe(401);
  });

  it('takes a code once, and not again after a restart', async () => {
    const own = await createDashboard();
    try {
      const totpCode = own.code(1);
      const logIn = () => own.visitor().post('/auth/login', { password: own.password, totpCode });
      expect((await logIn()).body).toMatchObject({ state: 'full' });
      expect(await logIn()).toMatchObject({ status: 401, body: { code: 'credentials_wrong' } });
      await own.house.halt();
      await own.house.start();
      expect(await logIn()).toMatchObject({ status: 401, body: { code: 'credentials_wrong' } });
      expect((await own.owner.get('/sessions')).status).toBe(200);
    } finally {
      await own[Symbol.asyncDispose]();
    }
  });

  it('makes a guesser wait, and neither the owner nor the socket', async () => {
    const own = await createDashboard({ env: { CODEPIPER_API_RATE_LIMIT_MAX: '100' } });
    try {
      const guess = (password: string) => own.visitor().post('/auth/login', { password });
      for (let i = 0; i < 5; i++) expect((await guess(`wrong guess ${i}`)).status).toBe(401);
      // The waits are short at first, and a slow machine may outlast one, also between these two.
      const refused = await waitFor('a wait, for the right password too', async () => {
        const answer = await guess('one more');
        if (answer.status !== 429) return false;
        return (await guess(own.password)).status === 429 && answer;
      });
      expect(refused.body.code).toBe('too_many_attempts');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((await own.owner.get('/sessions')).status).toBe(200);
      expect((await own.house.http('GET', '/sessions')).status).toBe(200);
      // Requests without end, whatever they ask for.
      await waitFor(
        'a refusal',
        async () => (await own.visitor().get('/auth/status')).status === 429,
        // They are counted by the minute, which may be over in the middle.
        { interval: 1 },
      );
    } finally {
      await own[Symbol.asyncDispose]();
    }
  });
});

describe('a WebSocket', () => {
  it('opens with a ticket of this session, once', async () => {
    const { ticket } = (await owner.post('/auth/tickets')).body as { ticket: string };
    const thief = await signedIn();
    expect((await thief.upgrade('/events/ws', { ticket })).status).toBe(401);
    expect((await dashboard.visitor().upgrade('/events/ws', { ticket })).status).toBe(401);
    const { ticket: fresh } = (await owner.post('/auth/tickets')).body as { ticket: string };
    const opened = await owner.upgrade('/events/ws', { ticket: fresh });
    expect(opened.status).toBe(101);
    expect((await owner.upgrade('/events/ws', { ticket: fresh })).status).toBe(401);
    expect((await owner.upgrade('/events/ws', { ticket: null })).status).toBe(401);
    opened.socket.destroy();
  });

  it('does not open for another page, whatever it has', async () => {
    for (const path of ['/events/ws', '/terminals/ws', '/feed/ws']) {
      for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
        expect([path, (await owner.upgrade(path, { headers })).status]).toEqual([path, 403]);
      }
      const { status, socket } = await owner.upgrade(path);
      socket.destroy();
      expect([path, status]).toEqual([path, 101]);
    }
  });

  it('ends with the device that is signed out, and so does a stream', async () => {
    const device = await signedIn();
    const { socket } = await device.upgrade('/events/ws');
    const stream = await device.stream('/events/stream');
    const mine = await owner.upgrade('/events/ws');
    const ends = [socket, stream].map(
      (each) => new Promise((resolve) => each.resume().once('close', resolve)),
    );
    const { sessions } = (await owner.get('/auth/sessions')).body as {
      sessions: { id: string; isCurrent: boolean; lastSeenAt: string }[];
    };
    const other = sessions.filter(({ isCurrent }) => !isCurrent);
    for (const { id } of other) await owner.get(`/auth/sessions/${id}`, { method: 'DELETE' });
    await Promise.all(ends);
    expect((await device.get('/sessions')).status).toBe(401);
    expect(mine.socket.destroyed).toBe(false);
    mine.socket.destroy();
  });
});

describe('what is given away', () => {
  it('pages run our scripts only, in no frame, and may hear the microphone', async () => {
    const page = await dashboard.visitor().call('/sessions/abc', { headers: { accept: 'text/html' } });
    const policy = String(page.headers['content-security-policy']);
    expect(page.status).toBe(200);
    expect(policy).toMatch(/default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/script-src[^;]*(?:unsafe|data:|blob:|\*)/);
    expect(page.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('microphone=(self), camera=()'),
    });
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|javascript:/i);
    const api = await owner.get('/sessions');
    expect(api.headers['cache-control']).toBe('no-store');
    expect(api.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('nothing that signs in is in pages, answers, events or logs', async () => {
    const { house, password, secret, recoveryCodes } = dashboard;
    const device = await signedIn();
    const { ticket } = (await device.post('/auth/tickets')).body as { ticket: string };
    await device.upgrade('/events/ws', { ticket });
    await dashboard.visitor().post('/auth/login', { password: `${password}x` });
    await waitFor('the log to be written', async () => (await house.log()).length > 0);
    const secrets = [password, secret, ticket, ...recoveryCodes];
    for (const who of [owner, device]) secrets.push(...who.cookies.values(), who.key ?? '');
    const page = (path: string) => owner.call(path, { headers: { accept: 'text/html' } });
    const told = {
      log: await house.log(),
      page: (await page('/')).text,
      deep: (await page('/sessions/x')).text,
      worker: (await page('/sw.js')).text,
      manifest: (await page('/manifest.webmanifest')).text,
      description: (await owner.get('/openapi.json')).text,
      health: (await owner.get('/health')).text,
      config: (await owner.get('/config')).text,
      account: (await owner.get('/auth/account')).text,
      devices: (await owner.get('/auth/sessions')).text,
      files: readTexts(house.home),
    };
    for (const [where, all] of Object.entries(told)) {
      expect([where, all.length > 0, secrets.filter((each) => each !== '' && all.includes(each))]).toEqual([
        where,
        true,
        [],
      ]);
    }
    // The same for everybody.
    expect((await dashboard.visitor().call('/')).text).toBe(told.page);
  });
});

/** Every file of the home, the database included. */
function readTexts(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readText(join(entry.parentPath, entry.name)))
    .join('\n');
}

/** Empty where it went meanwhile: the daemon is at work. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
