import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSession } from './web.ts';
import { readCookies, writeCookie } from './web-cookies.ts';
import { describeDevice } from './web-device.ts';
import { setApiHeaders, setCommonHeaders, setPageHeaders } from './web-headers.ts';
import { createWebOrigins } from './web-origins.ts';
import { RequestLimit } from './web-rate.ts';

/** Both halves of a web session, as a request carries them. */
export interface WebCredentials {
  /** The cookie. Browsers send it to every port of a host name. */
  token: string;
  /** What only a page of our own origin knows. */
  key: string;
}

/** Who decides about sessions. */
export interface WebGate {
  /** The session of a request, which counts as used; null when there is none, or not any more. */
  authenticate(credentials: WebCredentials, address: string): Promise<WebSession | null>;
  /** The session of a ticket, which is used up; null when it is none of this cookie's. */
  redeem(ticket: string, token: string, address: string): Promise<WebSession | null>;
  /** Which of these sessions have ended by themselves. */
  ended(ids: readonly string[]): Promise<readonly string[]>;
  /** Calls back with sessions that are ended from now on. Returns a disposer. */
  onEnded(listener: (ids: readonly string[]) => void): () => void;
}

export interface WebGuardOptions {
  gate: WebGate;
  /** Hosts and origins beside this machine's own names. */
  allowedOrigins: readonly string[];
  /** The listener speaks TLS itself. */
  isTls: boolean;
  forceSecureCookies: boolean;
  trustProxyHeaders: boolean;
  /** Requests per window and client. */
  limit: { max: number; windowMs: number };
  /** Where the API begins; everything else is a page. */
  prefix?: string;
  /** How often it is looked whether sessions of open streams have ended, in milliseconds. */
  sweepMs?: number;
  clock: Clock;
}

const usualSweepMs = 30_000;
const longestSecret = 200;

/**
 * Stands before everything a server answers over TCP: who is asked for (Host), by which page (Origin, Sec-Fetch-Site),
 * how often, and who is signed in. A route that does not say otherwise needs a session with both factors. Streams of a
 * session that ends are cut. Mount it before any route.
 *
 * From then on, a route outside of the prefix that does more than reading is an Error: it would be open to everybody.
 */
export function mountWebGuard(app: FastifyInstance, options: WebGuardOptions): void {
  const { gate, clock, prefix = '/api' } = options;
  const origins = createWebOrigins(options.allowedOrigins);
  const rate = new RequestLimit(options.limit, clock);
  const open = new OpenRequests();

  app.addHook('onRoute', ({ url, method }) => {
    const isReading = [method].flat().every((each) => each === 'GET' || each === 'HEAD');
    if (isReading || isBelow(url, prefix)) return;
    throw new Error(`${method} ${url} is outside of ${prefix}, where everybody may call it`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const { headers } = request;
    setCommonHeaders(reply, { isTls: options.isTls });
    if (!origins.isHostAllowed(headers.host)) {
      throw new CodepiperError(
        'forbidden',
        'The dashboard is not known by this host name. Add it to web.allowedOrigins (CODEPIPER_ALLOWED_ORIGINS) if it is yours.',
      );
    }
    const address = clientAddress(request.raw, options.trustProxyHeaders);
    if (!isApi(request, prefix)) {
      setPageHeaders(reply);
      rate.take(`page ${address}`);
      if (request.method === 'GET' || request.method === 'HEAD') return;
      throw new CodepiperError('method_not_allowed', `Pages are only read; the API is at ${prefix}.`);
    }
    setApiHeaders(reply);
    checkPage(request, origins);
    const isSecure = options.isTls || options.forceSecureCookies || saysHttps(request.raw, options);
    const cookies = readCookies(headers.cookie, isSecure);
    const credentials = { token: cookies.session ?? '', key: oneHeader(headers['x-codepiper-key']) };
    const session = await findSession(gate, request, credentials, address);
    rate.take(session === null ? `address ${address}` : `session ${session.id}`);
    request.web = {
      address,
      device: describeDevice(headers['user-agent']),
      origin: headers.origin ?? null,
      session,
      cookie: (name) => cookies[name] ?? null,
      setCookie: (name, value, maxAge) => void writeCookie(reply, { name, value, maxAge, isSecure }),
    };
    checkAccess(request, session);
    if (session) open.add(session.id, request, reply);
  });

  const stopListening = gate.onEnded((ids) => open.cut(ids));
  const sweep = setInterval(() => {
    rate.sweep();
    // A fault of the database is the next request's to tell.
    void gate.ended(open.sessions()).then(
      (ids) => open.cut(ids),
      () => undefined,
    );
  }, options.sweepMs ?? usualSweepMs);
  sweep.unref();
  app.addHook('onClose', async () => {
    stopListening();
    clearInterval(sweep);
  });
}

/**
 * By the route that was found, not by the address: the router reads `/%61pi/x` and `http://host/api/x` as `/api/x`.
 * Where no route was found, nothing is given away either way.
 */
function isApi({ routeOptions, url }: FastifyRequest, prefix: string): boolean {
  return isBelow(routeOptions.url ?? url, prefix);
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** @throws CodepiperError `forbidden` when another site's page asks */
function checkPage({ headers }: FastifyRequest, origins: ReturnType<typeof createWebOrigins>): void {
  const site = headers['sec-fetch-site'];
  const { origin, host } = headers;
  const isForeign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && !origins.isOriginAllowed(origin, host));
  if (!isForeign) return;
  throw new CodepiperError(
    'forbidden',
    'A page of another origin asked for this. Open the dashboard under one name, and add that to web.allowedOrigins (CODEPIPER_ALLOWED_ORIGINS) when a proxy changes it.',
  );
}

async function findSession(
  gate: WebGate,
  request: FastifyRequest,
  { token, key }: WebCredentials,
  address: string,
): Promise<WebSession | null> {
  if (token === '' || token.length > longestSecret) return null;
  // No page can give a WebSocket a header of its own.
  const ticket = ticketOf(request);
  if (ticket !== null) return gate.redeem(ticket, token, address);
  return key === '' || key.length > longestSecret ? null : gate.authenticate({ token, key }, address);
}

function ticketOf({ headers }: FastifyRequest): string | null {
  if (headers.upgrade === undefined) return null;
  const protocols = oneHeader(headers['sec-websocket-protocol']).split(',');
  const ticket = protocols.map((text) => text.trim()).find((text) => text.startsWith('ticket.'));
  return ticket === undefined || ticket.length > longestSecret ? null : ticket.slice('ticket.'.length);
}

/** @throws CodepiperError `sign_in_required`, or `forbidden` for what no browser may do */
function checkAccess(request: FastifyRequest, session: WebSession | null): void {
  const access = request.routeOptions.config.web;
  if (access === 'public') return;
  if (access === 'never') {
    throw new CodepiperError(
      'forbidden',
      'This is not done from a browser: run `codepiper auth` on the machine of the daemon.',
    );
  }
  if (session?.stage === 'full' || (session !== null && access === 'pending')) return;
  throw new CodepiperError(
    'sign_in_required',
    session === null ? 'Sign in first.' : 'Finish signing in: the second factor is missing.',
    { state: session?.stage ?? 'signed-out' },
  );
}

/** Who asks. A proxy adds its client at the end; what stands before it anybody may have written. */
function clientAddress(raw: IncomingMessage, trustProxyHeaders: boolean): string {
  const own = raw.socket.remoteAddress ?? 'unknown';
  if (!trustProxyHeaders) return own;
  const last = oneHeader(raw.headers['x-forwarded-for']).split(',').at(-1)?.trim() ?? '';
  return /^[0-9a-fA-F.:]{2,45}$/.test(last) ? last : own;
}

function saysHttps({ headers }: IncomingMessage, { trustProxyHeaders }: WebGuardOptions): boolean {
  return trustProxyHeaders && oneHeader(headers['x-forwarded-proto']).split(',').at(-1)?.trim() === 'https';
}

function oneHeader(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** A request under way, whose answer may have become a stream or a WebSocket. */
interface OpenRequest {
  reply: FastifyReply;
  socket: Socket;
}

/** Requests under way, by session. */
class OpenRequests {
  readonly #open = new Map<string, Set<OpenRequest>>();

  add(id: string, { raw: { socket } }: FastifyRequest, reply: FastifyReply): void {
    const mine = this.#open.get(id) ?? new Set();
    const request = { reply, socket };
    this.#open.set(id, mine.add(request));
    const done = () => {
      socket.removeListener('close', done);
      reply.raw.removeListener('close', done);
      mine.delete(request);
      if (mine.size === 0 && this.#open.get(id) === mine) this.#open.delete(id);
    };
    // A WebSocket takes the connection away from its answer; on a kept connection the answer ends first.
    socket.once('close', done);
    reply.raw.once('close', done);
  }

  sessions(): string[] {
    return [...this.#open.keys()];
  }

  /** Ends what is being answered; what has yet to be answered may say that it was the one to end the session. */
  cut(ids: readonly string[]): void {
    for (const id of ids) {
      for (const { reply, socket } of this.#open.get(id) ?? []) if (reply.sent) socket.destroy();
    }
  }
}
