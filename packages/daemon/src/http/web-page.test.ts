import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { webPagePath } from '@codepiper/core/paths.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { allowLoopbackNames, listenOnLoopback } from './listen-loopback.ts';
import { createServer } from './server.ts';
import {
  dashboardFallback,
  mountDashboardPage,
  mountDevPage,
  mountDevPageOnDemand,
  toDevPage,
} from './web-page.ts';

let temp: TempDir;
let app: FastifyInstance;
beforeEach(async () => {
  temp = await makeTempDir();
  mkdirSync(join(temp.path, 'web/assets'), { recursive: true });
  writeFileSync(join(temp.path, 'web/terminal.html'), '<!doctype html>page');
  writeFileSync(join(temp.path, 'web/index.html'), '<!doctype html>dashboard');
  writeFileSync(join(temp.path, 'web/sw.js'), 'worker');
  mkdirSync(join(temp.path, 'web/icons'));
  writeFileSync(join(temp.path, 'web/icons/icon.svg'), '<svg/>');
  writeFileSync(join(temp.path, 'web/assets/a-1.js'), 'code');
  mkdirSync(join(temp.path, 'web/assets/deeper'));
  writeFileSync(join(temp.path, 'web/assets/deeper/inner.js'), 'inner');
  writeFileSync(join(temp.path, 'web/assets/.hidden'), 'the treasure');
  writeFileSync(join(temp.path, 'secret'), 'the treasure');
  app = createServer({ log: silentLog, authenticate: async () => null });
});
afterEach(async () => {
  await app.close();
  await temp[Symbol.asyncDispose]();
});

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url, headers: { host: 'localhost:4000', ...headers } });

describe.each([
  ['the page', mountDevPage],
  [
    'the page on demand',
    (server: FastifyInstance, folder: string) => mountDevPageOnDemand(server, silentLog, folder),
  ],
])('%s', (_name, mount) => {
  beforeEach(() => mount(app, join(temp.path, 'web')));

  it('may run its own scripts and speak to its own daemon, nothing else', async () => {
    const reply = await get(`${webPagePath}?session=a`);
    expect([reply.statusCode, reply.body]).toEqual([200, '<!doctype html>page']);
    const policy = String(reply.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(reply.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is sent to its whole address, with the query', async () => {
    app.get('/', toDevPage);
    expect((await get('/dev/terminal?session=a')).headers.location).toBe('/dev/terminal/?session=a');
    expect((await get('/?session=a%20b')).headers.location).toBe('/dev/terminal/?session=a%20b');
  });

  it('has files whose names say what is in them', async () => {
    const reply = await get(`/assets/a-1.js`);
    expect([reply.statusCode, reply.body]).toEqual([200, 'code']);
    expect(reply.headers['content-type']).toMatch(/^\w+\/javascript; charset=utf-8$/);
    expect(reply.headers['cache-control']).toContain('immutable');
  });

  it('sends what the build has compressed, to those who take it', async () => {
    writeFileSync(join(temp.path, 'web/assets/a-1.js.gz'), 'small');
    const small = await get('/assets/a-1.js', { 'accept-encoding': 'gzip, br' });
    expect([small.body, small.headers['content-encoding'], small.headers.vary]).toEqual([
      'small',
      'gzip',
      expect.stringMatching(/accept-encoding/i),
    ]);
    expect(small.headers['content-type']).toMatch(/^\w+\/javascript; charset=utf-8$/);
    expect(small.headers['cache-control']).toContain('immutable');
    expect((await get('/assets/a-1.js')).body).toBe('code');
  });

  it('answers HEAD like GET, without the body, and does not send again what a browser has', async () => {
    for (const path of [webPagePath, `/assets/a-1.js`]) {
      const whole = await get(path);
      const head = await app.inject({ method: 'HEAD', url: path });
      expect([head.statusCode, head.body]).toEqual([200, '']);
      expect(head.headers['content-length']).toBe(whole.headers['content-length']);
      expect(head.headers['cache-control']).toBe(whole.headers['cache-control']);
      const again = await get(path, { 'if-none-match': String(whole.headers.etag) });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
  });

  it('is read only', async () => {
    const reply = await app.inject({ method: 'POST', url: `/assets/a-1.js` });
    expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('finds files of a newer build', async () => {
    await get(`/assets/a-1.js`);
    writeFileSync(join(temp.path, 'web/assets/b-2.css'), 'looks');
    expect((await get(`/assets/b-2.css`)).body).toBe('looks');
  });

  it.each([
    '..%2findex.html',
    '..%2f..%2fsecret',
    '..%5c..%5csecret',
    '%2e%2e%2f%2e%2e%2fsecret',
    'deeper/..%2f..%2f..%2fsecret',
    '%252e%252e%252findex.html',
    '.hidden',
    '.',
    './',
    'deeper',
    'deeper/',
    '%00',
    '%zz',
    'nope.js',
    '',
  ])('gives nothing for %j', async (name) => {
    const reply = await get(`/assets/${name}`);
    expect(reply.statusCode).toBeGreaterThanOrEqual(400);
    expect(reply.statusCode).toBeLessThan(500);
    expect(reply.headers['content-type']).toContain('json');
    expect(reply.body).not.toMatch(/treasure|doctype|inner/);
  });
});

describe('the dashboard', () => {
  beforeEach(async () => {
    await app.close();
    const folder = join(temp.path, 'web');
    app = createServer({
      log: silentLog,
      authenticate: async () => null,
      fallback: (request, reply) => dashboardFallback(request, reply, folder),
    });
    app.get('/api/health', async () => ({}));
    mountDashboardPage(app, folder);
  });

  it.each(['/', '/sessions/abc', '/policies?tab=audit', '/terminal.html', '/apiary', '/dev/terminal/'])(
    'is there when a person goes to %s',
    async (url) => {
      const reply = await get(url, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
      expect([reply.statusCode, reply.body]).toEqual([200, '<!doctype html>dashboard']);
      expect(reply.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
      });
    },
  );

  it.each(['/api/nothing', '/api', '/assets/nothing.js', '/icons/nothing.png'])(
    'is not given for %s, whoever asks',
    async (url) => {
      const reply = await get(url, { accept: 'text/html' });
      expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found']);
    },
  );

  it('is not what a script gets that asks for something else', async () => {
    const reply = await get('/sessions', { accept: 'application/json' });
    expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found']);
    const posted = await app.inject({ method: 'POST', url: '/sessions', headers: { accept: 'text/html' } });
    expect(posted.statusCode).toBe(404);
  });

  it('has a service worker and icons, which are asked for anew each time', async () => {
    for (const [url, body] of [
      ['/sw.js', 'worker'],
      ['/icons/icon.svg', '<svg/>'],
    ] as const) {
      const reply = await get(url);
      expect([reply.statusCode, reply.body]).toEqual([200, body]);
      expect(reply.headers['cache-control']).toBe('no-cache');
    }
    expect((await get('/assets/a-1.js')).headers['cache-control']).toContain('immutable');
    expect((await get('/manifest.webmanifest')).statusCode).toBe(404);
  });
});

it('says what to do when the page was not built', async () => {
  mountDevPage(app, join(temp.path, 'nothing'));
  const reply = await get(webPagePath);
  expect([reply.statusCode, reply.json().error]).toEqual([404, expect.stringContaining('scripts/build')]);
});

describe('the port', () => {
  it.each([
    ['localhost:4000', 200],
    ['127.0.0.1', 200],
    ['[::1]:80', 200],
    ['LOCALHOST:4000', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost:4000@evil.example', 403],
    ['10.0.0.1', 403],
    ['localhost:', 403],
  ])('under the name %j answers %i', async (host, status) => {
    allowLoopbackNames(app);
    app.get('/health', async () => ({}));
    expect((await get('/health', { host })).statusCode).toBe(status);
    // What is not there is not told to strangers either.
    expect((await get('/nothing', { host })).statusCode).toBe(status === 200 ? 404 : 403);
  });

  it('is one of 127.0.0.1, any free one for 0', async () => {
    app.get('/health', async () => ({ well: true }));
    await using listening = await listenOnLoopback(app, 0);
    expect(listening.port).toBeGreaterThan(0);
    expect(await (await fetch(`http://127.0.0.1:${listening.port}/health`)).json()).toEqual({ well: true });
    expect(app.addresses()).toMatchObject([{ address: '127.0.0.1' }]);
  });

  it('that is taken is named, with what to do', async () => {
    const other = createNetServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(listenOnLoopback(app, port)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is in use by another program`,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});
