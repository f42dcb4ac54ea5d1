import { createHmac, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Client, createClient } from '@codepiper/client/client.ts';
import type { Transport } from '@codepiper/client/transport.ts';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { openPage } from './browser.ts';
import { House, type HouseOptions } from './house.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the daemon answers, looked into by the tests
  body: any;
}

export interface Call {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  raw?: string | Buffer;
  /** Replace what a browser would send; undefined leaves a header out. */
  headers?: Record<string, string | undefined>;
}

/** What a browser does for a page of the dashboard: cookies, origin, and the key that the page keeps. */
export class Visitor {
  readonly url: URL;
  readonly cookies = new Map<string, string>();
  key: string | undefined;
  readonly #ca: string | undefined;

  constructor(url: string, { ca }: { ca?: string | undefined } = {}) {
    this.url = new URL(url);
    this.#ca = ca;
  }

  get headers(): Record<string, string | undefined> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      host: this.url.host,
      origin: this.url.origin,
      'sec-fetch-site': 'same-origin',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      cookie: cookie === '' ? undefined : cookie,
      'x-codepiper-key': this.key,
    };
  }

  /** One request, as the page at `/` makes it. The path is sent as it is written. */
  async call(path: string, { method = 'GET', body, raw, headers = {} }: Call = {}): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const about = payload !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(payload)),
    };
    const call = this.#open(path, method, { ...about, ...this.headers, ...headers });
    call.end(payload);
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    call.on('error', () => undefined); // once it has answered, the daemon may stop reading
    const text = (await buffer(reply)).toString();
    const isJson = reply.headers['content-type']?.includes('json') === true;
    const answer = isJson ? JSON.parse(text) : text;
    for (const cookie of reply.headers['set-cookie'] ?? []) this.#keep(cookie);
    if (path.startsWith('/api/auth/') && typeof answer?.key === 'string') this.key = answer.key;
    return { status: reply.statusCode ?? 0, headers: reply.headers, text, body: answer };
  }

  /** A request to the API: `get('/sessions')`. */
  get(path: string, call: Call = {}): Promise<Answer> {
    return this.call(`/api${path}`, call);
  }

  post(path: string, body?: unknown, call: Call = {}): Promise<Answer> {
    return this.call(`/api${path}`, { method: 'POST', body, ...call });
  }

  /** Begins an answer that has no end; the caller destroys it. */
  async stream(path: string): Promise<IncomingMessage> {
    const call = this.#open(`/api${path}`, 'GET', this.headers).end();
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    call.on('error', () => undefined);
    reply.on('error', () => undefined);
    return reply;
  }

  /** Asks for a WebSocket, by default with a ticket of this session: the status of the answer, and its connection. */
  async upgrade(
    path: string,
    { ticket, headers = {} }: { ticket?: string | null; headers?: Record<string, string | undefined> } = {},
  ): Promise<{ status: number; socket: IncomingMessage['socket'] }> {
    const mine = ticket === undefined ? (await this.post('/auth/tickets')).body.ticket : ticket;
    const { 'x-codepiper-key': _key, 'sec-fetch-site': _site, ...sent } = this.headers;
    const call = this.#open(`/api${path}`, 'GET', {
      ...sent,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol': mine === null ? undefined : `codepiper, ticket.${mine}`,
      ...headers,
    }).end();
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      call.once('upgrade', resolve);
      call.once('response', resolve);
      call.once('error', reject);
    });
    reply.on('error', () => undefined);
    return { status: reply.statusCode ?? 0, socket: reply.socket };
  }

  #open(path: string, method: string, headers: Record<string, string | undefined>) {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const isTls = this.url.protocol === 'https:';
    const port = Number(this.url.port);
    const place = { host: '127.0.0.1', port, path, method, headers: given, agent: false };
    return isTls ? requestTls({ ...place, ca: this.#ca, servername: 'localhost' }) : request(place);
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The built daemon with its dashboard, and the owner, whose second factor is set up and who is signed in. */
export interface DashboardHouse extends AsyncDisposable {
  readonly house: House;
  /** `http://localhost:<port>`; the same after `house.halt()` and `house.start()`. */
  readonly url: string;
  readonly password: string;
  /** Of the authenticator. */
  readonly secret: string;
  /** Ten of them; each signs in once. */
  readonly recoveryCodes: readonly string[];
  /** The signed-in owner, for raw requests. */
  readonly owner: Visitor;
  /** The same, typed: `api.request('GET', '/sessions')`. */
  readonly api: Client;
  /** A browser that knows nothing. */
  visitor(): Visitor;
  /** What an authenticator shows now, or so many steps of 30 s later. Each signs in once. */
  code(steps?: number): string;
  /** Gives the owner's session to a browser: every page of the context is signed in from now on. */
  signIn(context: BrowserContext): Promise<void>;
  /** Opens a page of the dashboard, signed in: `open(browser, '/approvals')`. */
  open(
    browser: Browser,
    path?: string,
    options?: BrowserContextOptions,
  ): Promise<{ page: Page; complaints: string[] }>;
}

/** Starts a daemon with the dashboard on a free port, and signs its owner in. */
export async function createDashboard(options: HouseOptions = {}): Promise<DashboardHouse> {
  const port = await freePort();
  const house = await House.open({ ...options, env: { ...dashboardEnv(port), ...options.env } });
  try {
    return await joinDashboard(house, port);
  } catch (error) {
    await house[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a daemon needs to serve the dashboard on a port. */
export function dashboardEnv(port: number): Record<string, string> {
  return { CODEPIPER_WEB: '1', CODEPIPER_HTTP_PORT: String(port) };
}

/** Signs the owner of a daemon in that was started with `dashboardEnv`. Disposing of the result disposes of the house. */
export async function joinDashboard(house: House, port: number): Promise<DashboardHouse> {
  const url = `http://localhost:${port}`;
  const owner = new Visitor(url);
  const enrolled = await enrol(house, owner);
  return {
    ...{ house, url, owner, ...enrolled },
    api: createClient(transportOf(owner)),
    visitor: () => new Visitor(url),
    code: (steps = 0) => totp(enrolled.secret, steps),
    signIn: (context) => signIn(context, owner),
    open: (browser, path = '/', options = {}) =>
      openPage(browser, url + path, options, (context) => signIn(context, owner)),
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}

/** The way in of a first start: the password that the socket gives, then the second factor. */
export async function enrol(
  house: House,
  visitor: Visitor,
): Promise<Pick<DashboardHouse, 'password' | 'secret' | 'recoveryCodes'>> {
  const made = await house.http('POST', '/auth/cli/bootstrap');
  const { password } = made.body as { password: string };
  await expectOk(visitor.post('/auth/login', { password }));
  const { secret } = (await expectOk(visitor.post('/auth/mfa/setup'))).body;
  const verified = await expectOk(visitor.post('/auth/mfa/verify', { totpCode: totp(secret) }));
  return { password, secret, recoveryCodes: verified.body.recoveryCodes };
}

async function expectOk(calling: Promise<Answer>): Promise<Answer> {
  const answer = await calling;
  if (answer.status === 200) return answer;
  throw new Error(`the dashboard answered ${answer.status}: ${answer.text}`);
}

/**
 * A port that nobody has on either address of this machine. It is none of those that the system gives to whoever asks
 * for any: such a one could have it before it is used, or while its daemon is away.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 30_000);
    if ((await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'))) return port;
  }
}

/** Also where there is no such address at all. */
async function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EADDRINUSE';
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A code of an authenticator (RFC 6238: SHA-1, six digits, 30 s). */
export function totp(secret: string, steps = 0): string {
  const bits = [...secret.replace(/=+$/, '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Cookies as the daemon set them, and the key where the page keeps it. */
async function signIn(context: BrowserContext, { url, cookies, key }: Visitor): Promise<void> {
  await context.addCookies(
    [...cookies].map(([name, value]) => ({
      ...{ name, value, domain: url.hostname, path: '/' },
      ...{ httpOnly: true, sameSite: 'Strict' as const, secure: url.protocol === 'https:' },
    })),
  );
  const page = await context.newPage();
  // Nothing is there: of our origin, without a script that could look for the key already.
  await page.goto(`${url.origin}/icons/none`);
  await page.evaluate(
    (mine) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('codepiper');
        opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const writing = opening.result.transaction('keys', 'readwrite');
          writing.objectStore('keys').put(mine, 'session');
          writing.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          writing.onerror = () => reject(writing.error);
        };
      }),
    key,
  );
  await page.close();
}

function transportOf(visitor: Visitor): Transport {
  return {
    async request({ method, path, body }) {
      const answer = await visitor.get(path, {
        method,
        ...(typeof body === 'string' ? { raw: body } : {}),
      });
      return { status: answer.status, body: answer.text };
    },
    async stream({ path }) {
      const reply = await visitor.stream(path);
      return { status: reply.statusCode ?? 0, chunks: reply };
    },
  };
}
