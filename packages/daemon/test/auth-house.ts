import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { hash, verify } from '@node-rs/argon2';
import type { FastifyInstance } from 'fastify';
import { generateSync } from 'otplib';
import { WebSocket } from 'ws';
import { authHandlers } from '../src/auth/auth.routes.ts';
import { AuthStore } from '../src/auth/auth.store.ts';
import { type AuthRoom, openAuthRoom } from '../src/auth/auth.ts';
import type { PasswordHasher } from '../src/auth/passwords.ts';
import { type OpenDatabase, openDatabase } from '../src/db/open.ts';
import { mountEventSocket, mountEventStream } from '../src/events/events.routes.ts';
import { createLedger, type Ledger } from '../src/events/ledger.ts';
import { mountEndpoints } from '../src/http/mount.ts';
import { createServer } from '../src/http/server.ts';
import { mountWebGuard, type WebGuardOptions } from '../src/http/web-guard.ts';
import { acceptWebSockets } from '../src/http/ws.ts';
import type { Log } from '../src/log/log.ts';
import { silentLog } from '../src/log/log.ts';

/** argon2id with little work; counts how often it was asked. */
export class QuickHasher implements PasswordHasher {
  verified = 0;
  #dummy: string | undefined;

  async hash(password: string): Promise<string> {
    return hash(password, { memoryCost: 64, timeCost: 1, parallelism: 1 });
  }

  async verify(stored: string | null, password: string): Promise<boolean> {
    this.verified++;
    this.#dummy ??= await this.hash('nobody');
    return (await verify(stored ?? this.#dummy, password)) && stored !== null;
  }
}

interface Running {
  database: OpenDatabase;
  ledger: Ledger;
  room: AuthRoom;
  app: FastifyInstance;
}

export interface AuthHouseOptions {
  guard?: Partial<WebGuardOptions>;
  log?: Log;
}

export const password = 'a good long password';

/** The room and its guard on a port of this machine, over a database in a file, with a clock of its own. */
export class AuthHouse implements AsyncDisposable {
  now = Date.parse('2026-11-21T10:00:00.000Z');
  readonly clock = { now: () => this.now };
  readonly hasher = new QuickHasher();
  readonly options: AuthHouseOptions;
  readonly home: string;
  readonly #remove: () => Promise<void>;
  #running: Running | null = null;

  private constructor(home: string, remove: () => Promise<void>, options: AuthHouseOptions) {
    this.home = home;
    this.#remove = remove;
    this.options = options;
  }

  static async open(options: AuthHouseOptions = {}): Promise<AuthHouse> {
    const temp = await makeTempDir();
    const house = new AuthHouse(temp.path, async () => temp[Symbol.asyncDispose](), options);
    await house.start();
    return house;
  }

  get running(): Running {
    if (this.#running === null) throw new Error('the house is closed');
    return this.#running;
  }

  get ledger(): Ledger {
    return this.running.ledger;
  }

  get room(): AuthRoom {
    return this.running.room;
  }

  get file(): string {
    return join(this.home, 'codepiper.db');
  }

  get port(): number {
    return (this.running.app.server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    const { clock, hasher, home, options } = this;
    const log = options.log ?? silentLog;
    const database = await openDatabase(this.file, { log, clock });
    const ledger = createLedger({ db: database.db, clock, log });
    const store = new AuthStore(database.db);
    const room = openAuthRoom({ ledger, store, home, clock, log, hasher });
    const app = createServer({ log, authenticate: async () => null });
    mountWebGuard(app, {
      ...{ gate: room.sessions, allowedOrigins: [], isTls: false, forceSecureCookies: false },
      ...{ trustProxyHeaders: false, limit: { max: 10_000, windowMs: 10_000 }, clock },
      ...options.guard,
    });
    const door = acceptWebSockets(app);
    await app.register(
      async (api) => {
        mountEndpoints(api, authEndpoints, authHandlers(room), { validateReplies: true });
        mountEndpoints(
          api,
          { listPolicies: policyEndpoints.listPolicies },
          { listPolicies: async () => ({ policies: [] }) },
        );
        mountEventStream(api, { ledger, log });
        mountEventSocket(api, { ledger, log, door });
      },
      { prefix: '/api' },
    );
    app.get('/', async (_request, reply) => reply.type('text/html').send('<p>page</p>'));
    await app.listen({ host: '127.0.0.1', port: 0 });
    this.#running = { database, ledger, room, app };
  }

  async #stop(): Promise<void> {
    const { app, database } = this.running;
    this.#running = null;
    await app.close();
    await database[Symbol.asyncDispose]();
  }

  /** Another process over the same file. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.start();
  }

  browser(more: Partial<Pick<Browser, 'address' | 'origin' | 'host'>> = {}): Browser {
    return Object.assign(new Browser(this), more);
  }

  /** What an authenticator shows now, or so many steps later. */
  code(secret: string, steps = 0): string {
    return generateSync({ secret, epoch: Math.floor(this.now / 1000) + steps * 30 });
  }

  /** Lets the present code be a fresh one. */
  nextCode(secret: string): string {
    this.now += 30_000;
    return this.code(secret);
  }

  /** An account with a second factor, and the browser that set it up. */
  async enrolled(): Promise<{ browser: Browser; secret: string; recoveryCodes: string[] }> {
    await this.room.account.resetPassword(password);
    const browser = this.browser();
    await browser.post('/auth/login', { password });
    const { secret } = (await browser.post('/auth/mfa/setup')).body;
    const { body } = await browser.post('/auth/mfa/verify', { totpCode: this.code(secret) });
    return { browser, secret, recoveryCodes: body.recoveryCodes };
  }

  async events(): Promise<{ type: string; payload: Record<string, unknown> }[]> {
    return (await this.ledger.list({ limit: 1000 })).events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#remove();
  }
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answers, looked into by the tests
  body: any;
}

export interface Call {
  method?: string;
  body?: unknown;
  raw?: string | Buffer;
  /** Replace what the browser would send; undefined leaves a header out. */
  headers?: Record<string, string | undefined>;
}

/** What a browser does for a page of ours: cookies, origin, and the key that the page keeps. */
export class Browser {
  readonly #house: AuthHouse;
  readonly cookies = new Map<string, string>();
  key: string | undefined;
  /** Client address, as a trusted proxy tells it. */
  address: string | undefined;
  host: string | undefined;
  origin: string | undefined;

  constructor(house: AuthHouse) {
    this.#house = house;
  }

  get headers(): Record<string, string | undefined> {
    const host = this.host ?? `localhost:${this.#house.port}`;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      host,
      origin: this.origin ?? `http://${host}`,
      'sec-fetch-site': 'same-origin',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      cookie: cookie === '' ? undefined : cookie,
      'x-codepiper-key': this.key,
      'x-forwarded-for': this.address,
    };
  }

  async call(path: string, { method = 'GET', body, raw, headers = {} }: Call = {}): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const sent = { ...this.headers, ...headers };
    const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
    const call = request({
      ...{ host: '127.0.0.1', port: this.#house.port, path, method },
      headers: {
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...given,
      },
    });
    call.end(payload);
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    call.on('error', () => {}); // the server may stop reading once it has answered
    const bytes = await buffer(reply);
    const isJson = reply.headers['content-type']?.includes('json');
    const answer = isJson ? JSON.parse(bytes.toString()) : bytes.toString();
    for (const cookie of reply.headers['set-cookie'] ?? []) this.#keep(cookie);
    if (typeof answer?.key === 'string') this.key = answer.key;
    return { status: reply.statusCode ?? 0, headers: reply.headers, body: answer };
  }

  get(path: string, call: Call = {}): Promise<Answer> {
    return this.call(`/api${path}`, call);
  }

  post(path: string, body?: unknown, call: Call = {}): Promise<Answer> {
    return this.call(`/api${path}`, { method: 'POST', body, ...call });
  }

  remove(path: string): Promise<Answer> {
    return this.call(`/api${path}`, { method: 'DELETE' });
  }

  /** Both steps. */
  async signIn(totpCode: string): Promise<Answer> {
    const first = await this.post('/auth/login', { password });
    if (first.status !== 200) return first;
    return this.post('/auth/mfa/verify', { totpCode });
  }

  /** How far the server thinks it has got. */
  async state(): Promise<string> {
    return (await this.get('/auth/status')).body.state;
  }

  /** @param protocols what a page offers beside the address */
  socket(protocols: string[], headers: Record<string, string | undefined> = {}): WebSocket {
    const sent = { ...this.headers, 'x-codepiper-key': undefined, ...headers };
    const headersGiven: Record<string, string> = {};
    for (const [name, value] of Object.entries(sent)) if (value !== undefined) headersGiven[name] = value;
    const url = `ws://127.0.0.1:${this.#house.port}/api/events/ws`;
    return new WebSocket(url, protocols, { headers: headersGiven });
  }

  /** A copy: what a thief has who took everything. */
  clone(): Browser {
    const copy = this.#house.browser();
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    copy.key = this.key;
    return copy;
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** Sends bytes as they are, and returns what is answered until the other side closes. */
export async function rawRequest(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(text);
  return (await buffer(socket)).toString();
}
