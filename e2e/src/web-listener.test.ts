import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { launchBrowser, openPage } from '@codepiper/testkit/browser.ts';
import {
  createDashboard,
  type DashboardHouse,
  enrol,
  freePort,
  Visitor,
} from '@codepiper/testkit/dashboard-house.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { sitDown } from '@codepiper/testkit/person.ts';
import { makeSelfSigned } from '@codepiper/testkit/self-signed.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Place {
  url: string;
  port: number;
  isTls: boolean;
  isPublic: boolean;
}
const placeOf = async (house: House): Promise<Place | null> =>
  ((await house.http('GET', '/health')).body as { dashboard: Place | null }).dashboard;

describe('the dashboard', () => {
  let dashboard: DashboardHouse;
  let browser: Browser;
  beforeAll(async () => {
    dashboard = await createDashboard();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.[Symbol.asyncDispose]();
  });

  it('answers a signed-in owner as the socket answers, with and without its prefix', async () => {
    const { owner, house, api } = dashboard;
    await house.create({ provider: 'shell', name: 'one' });
    const { sessions } = await api.request('GET', '/sessions');
    expect(sessions.map(({ name }) => name)).toEqual(['one']);
    expect((await owner.get('/sessions/one')).status).toBe(200);
    for (const path of ['/policies', '/api/policies', '/api/policies?limit=1']) {
      expect([path, (await house.http('GET', path)).status]).toEqual([path, path.endsWith('1') ? 400 : 200]);
    }
    expect((await owner.call('/policies')).status).toBe(404);
    expect((await owner.get('/hooks/decide', { method: 'POST', body: {} })).status).toBe(404);
  });

  it('is there under every name of this machine', async () => {
    const { port } = dashboard.owner.url;
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      const reply = await fetch(`http://${host}:${port}/api/auth/status`).catch(() => null);
      // A machine may have no IPv6 at all.
      if (reply || host !== '[::1]') expect([host, reply?.status]).toEqual([host, 200]);
    }
  });

  it('opens in a browser, signed in, again after a restart', async () => {
    const { page: stranger } = await openPage(browser, dashboard.url);
    await stranger
      .getByLabel(/password/i)
      .first()
      .waitFor();
    await stranger.context().close();
    const { page, complaints } = await dashboard.open(browser, '/approvals');
    await page.getByRole('navigation').first().waitFor();
    expect(await page.getByLabel(/password/i).count()).toBe(0);
    expect(complaints).toEqual([]);
    await dashboard.house.halt('SIGTERM');
    await dashboard.house.start();
    await page.reload();
    await page.getByRole('navigation').first().waitFor();
    expect(await page.getByLabel(/password/i).count()).toBe(0);
    expect((await dashboard.owner.get('/sessions')).status).toBe(200);
    await page.context().close();
  });

  it('does not keep a daemon that stops, whoever listens', async () => {
    const { owner, house } = dashboard;
    const stream = await owner.stream('/events/stream');
    const { socket } = await owner.upgrade('/events/ws');
    const ends = [stream, socket].map((each) => new Promise((done) => each.resume().once('close', done)));
    await house.halt('SIGTERM');
    await Promise.all(ends);
    await house.start();
  });
});

describe('from elsewhere', () => {
  /** What a proxy hands on that ends TLS and keeps the name: Tailscale, Cloudflare Tunnel, Caddy. */
  const proxied = {
    host: 'pipe.example.com',
    origin: 'https://pipe.example.com',
    'x-forwarded-for': '198.51.100.1, 203.0.113.9',
    'x-forwarded-proto': 'https',
  };

  it('signs in behind a proxy with the settings of the guide, as the client it has', async () => {
    const env = {
      CODEPIPER_ALLOWED_ORIGINS: 'https://pipe.example.com',
      CODEPIPER_TRUST_PROXY_HEADERS: '1',
    };
    await using dashboard = await createDashboard({ env });
    const phone = dashboard.visitor();
    const call = { headers: proxied };
    expect((await phone.call('/', call)).status).toBe(200);
    const { password, recoveryCodes } = dashboard;
    await phone.post('/auth/login', { password }, call);
    const recoveryCode = recoveryCodes[0];
    expect((await phone.post('/auth/mfa/verify', { recoveryCode }, call)).body.state).toBe('full');
    expect([...phone.cookies.keys()]).toContain('__Host-codepiper_session');
    expect((await phone.get('/sessions', call)).status).toBe(200);
    const { sessions } = (await phone.get('/auth/sessions', call)).body;
    expect(sessions).toContainEqual(expect.objectContaining({ isCurrent: true, address: '203.0.113.9' }));
    const { status, socket } = await phone.upgrade('/events/ws', {
      ticket: (await phone.post('/auth/tickets', undefined, call)).body.ticket,
      headers: proxied,
    });
    socket.destroy();
    expect(status).toBe(101);
    const plain = { headers: { ...proxied, origin: 'http://pipe.example.com' } };
    expect((await phone.get('/sessions', plain)).status).toBe(403);
  });

  it('is reached through ssh -L, whatever port the laptop gives it', async () => {
    await using dashboard = await createDashboard({ env: { CODEPIPER_WEB_HOST: 'localhost' } });
    const headers = { host: 'localhost:8443', origin: 'http://localhost:8443' };
    expect((await dashboard.owner.get('/sessions', { headers })).status).toBe(200);
    expect((await dashboard.owner.get('/sessions', { headers: proxied })).status).toBe(403);
  });
});

describe('with TLS', () => {
  it('speaks it and nothing else, and has cookies that need it', async () => {
    await using house = await House.build();
    const pair = makeSelfSigned();
    const files = { cert: join(dirname(house.home), 'cert.pem'), key: join(dirname(house.home), 'key.pem') };
    await writeFile(files.cert, pair.cert);
    await writeFile(files.key, pair.key, { mode: 0o600 });
    const port = await freePort();
    Object.assign(house.env, {
      CODEPIPER_WEB: '1',
      CODEPIPER_WEB_HOST: '0.0.0.0',
      CODEPIPER_HTTP_PORT: String(port),
      CODEPIPER_TLS_CERT: files.cert,
      CODEPIPER_TLS_KEY: files.key,
    });
    await house.start();
    const url = `https://localhost:${port}`;
    expect(await placeOf(house)).toEqual({ url, port, isTls: true, isPublic: true });
    const owner = new Visitor(url, { ca: pair.cert });
    await enrol(house, owner);
    expect([...owner.cookies.keys()].sort()).toEqual(['__Host-codepiper_device', '__Host-codepiper_session']);
    const answer = await owner.get('/sessions');
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toMatch(/max-age=\d{7,}/);
    const { status, socket } = await owner.upgrade('/events/ws');
    expect(status).toBe(101);
    socket.destroy();
    // An offer of another protocol is left alone.
    const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQA' };
    expect((await owner.get('/sessions', { headers: offer })).status).toBe(200);
    await expect(new Visitor(`http://localhost:${port}`).get('/auth/status')).rejects.toThrow();
    // A name that nobody has listed is none, though the address is everybody's.
    const stranger = await owner.get('/auth/status', { headers: { host: '192.168.1.5', origin: undefined } });
    expect(stranger.status).toBe(403);
  });
});

describe('a daemon with the dashboard', () => {
  it('does not listen for other machines without TLS, unless told that it is insecure', async () => {
    await using house = await House.build();
    const refused = await house.cli(['daemon', 'start', '--web', '--host', '0.0.0.0', '--port', '0']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/web\.host.*--insecure-public/) });
    const flags = ['--web', '--host=0.0.0.0', '--port=0', '--insecure-public'];
    const started = await house.cli(['daemon', 'start', '--detach', ...flags]);
    try {
      expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining('INSECURE') });
      expect(await house.run('daemon', 'status')).toMatch(/^INSECURE: other machines/m);
      expect(await house.log()).toContain('INSECURE');
      expect(await placeOf(house)).toMatchObject({ isPublic: true, isTls: false });
    } finally {
      await house.cli(['daemon', 'stop']);
    }
  });

  it('does not start where another program has its port, on either address of this machine', async () => {
    await using house = await House.build();
    for (const host of ['127.0.0.1', '::1']) {
      const other = createServer().listen({ host, port: 0 });
      const isThere = await once(other, 'listening').then(
        () => true,
        () => false,
      );
      if (!isThere) continue; // no IPv6 here
      const { port } = other.address() as { port: number };
      const { code, stderr } = await house.cli(['daemon', 'start', '--web', `--port=${port}`]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`Port ${port} of ${host} is in use`)]);
      other.close();
    }
  });

  it('shows the password of its first start on a terminal only, and once', async () => {
    await using house = await House.build();
    const port = await freePort();
    const start = ['daemon', 'start', '--detach', '--web', `--port=${port}`];
    try {
      const piped = await house.cli(start);
      expect(piped.stderr).toContain(`dashboard: http://localhost:${port}\n`);
      expect(piped.stderr).toContain('codepiper auth reset-password --generate');
      expect(piped.stderr + piped.stdout).not.toMatch(/password: /);
      expect((await house.http('GET', '/auth/account')).body).toMatchObject({ account: { exists: false } });
      // A restart keeps what the daemon was started with.
      const argv: [string, ...string[]] = [process.execPath, builtCli, 'daemon', 'restart'];
      await using person = sitDown(argv, { cwd: '/', env: house.env, cols: 120 });
      await person.waitForText(/password: +\S{20,}/);
      await person.exit;
      const password = /password: +(\S+)/.exec(person.screen())?.[1];
      const visitor = new Visitor(`http://localhost:${port}`);
      expect((await visitor.post('/auth/login', { password })).body).toMatchObject({ state: 'password' });
      await using again = sitDown(argv, { cwd: '/', env: house.env, cols: 120 });
      await again.exit;
      await waitFor('the address', () => again.screen().includes(`http://localhost:${port}`));
      expect(again.screen()).not.toMatch(/password/);
      expect(await house.log()).not.toContain(password);
      expect(await house.run('daemon', 'status')).toContain(`http://localhost:${port}`);
    } finally {
      await house.cli(['daemon', 'stop']);
    }
  });
});
