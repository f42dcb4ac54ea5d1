import { once } from 'node:events';
import { createServer as createNetServer } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Clock } from '@codepiper/core/clock.ts';
import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import type { ConfigValues } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import type { Resources } from '../platform/resources.ts';
import { ListenError } from './listen.ts';
import { createServer } from './server.ts';
import { followTlsFiles, readTlsPair } from './tls-files.ts';
import { mountWebGuard, type WebGate } from './web-guard.ts';
import { isLoopbackAddress } from './web-origins.ts';
import { dashboardFallback, mountDashboardPage } from './web-page.ts';
import { acceptWebSockets, type WebSocketDoor } from './ws.ts';

export interface DashboardOptions {
  values: Pick<
    ConfigValues,
    | 'webHost'
    | 'httpPort'
    | 'tlsCert'
    | 'tlsKey'
    | 'allowedOrigins'
    | 'forceSecureCookies'
    | 'trustProxyHeaders'
    | 'apiRateLimitMax'
    | 'apiRateLimitWindowMs'
  >;
  /** Where it was until now: taken again if any port will do and this one is free. */
  keptPort: number | null;
  gate: WebGate;
  clock: Clock;
  log: Log;
  /** Mounts the API; `api` is at `/api`. */
  mount(api: FastifyInstance, door: WebSocketDoor): void;
}

const prefix = '/api';
/** A picture of 10 MB from a phone takes its time; a caller that never ends its request holds a connection. */
const requestTimeoutMs = 300_000;
/** Open connections, so that no crowd takes the file descriptors the daemon lives by. */
const mostConnections = 500;
/** How often it is looked whether the certificate was renewed, in milliseconds. */
const renewalMs = 3_600_000;

/**
 * Serves the dashboard over TCP until `resources` are disposed of: page and API behind the guard. On this machine it
 * listens on both of its addresses: `localhost` means either, and what another program serves there would be taken for
 * ours.
 *
 * @throws ListenError when the address or port cannot be had, or certificate and key are not usable
 */
export async function openDashboard(
  resources: Resources,
  options: DashboardOptions,
): Promise<DashboardPlace> {
  const { values, log } = options;
  const host = addressOf(values.webHost);
  const { keptPort } = options;
  const isKept = values.httpPort === 0 && keptPort !== null && (await isFree(host, keptPort));
  const asked = isKept ? keptPort : values.httpPort;
  const tls = values.tlsCert && values.tlsKey ? { cert: values.tlsCert, key: values.tlsKey } : null;
  const pair = tls && readTlsPair(tls);
  const app = createServer({
    log,
    // Tokens of sessions are for the Unix socket.
    authenticate: async () => null,
    tls: pair,
    requestTimeoutMs,
    fallback: dashboardFallback,
  });
  resources.defer(() => app.close());
  mountWebGuard(app, {
    gate: options.gate,
    clock: options.clock,
    allowedOrigins: [...ownNames(host), ...values.allowedOrigins],
    isTls: pair !== null,
    forceSecureCookies: values.forceSecureCookies,
    trustProxyHeaders: values.trustProxyHeaders,
    limit: { max: values.apiRateLimitMax, windowMs: values.apiRateLimitWindowMs },
    prefix,
  });
  const door = acceptWebSockets(app);
  app.register(async (api) => options.mount(api, door), { prefix });
  mountDashboardPage(app);
  app.server.maxConnections = mostConnections;
  try {
    await app.listen({ host, port: asked });
  } catch (error) {
    throw new ListenError(reasonOf(error, host, asked));
  }
  const port = portOf(app, asked);
  const isPublic = !isLoopbackAddress(host);
  if (isLocalhost(host)) await listenBeside(resources, app, { host, port, isAnyPort: values.httpPort === 0 });
  if (tls && pair) {
    // Fastify's type does not tell what kind of server it made.
    const server: unknown = app.server;
    resources.defer(followTlsFiles(server as TlsServer, tls, { pair, log, everyMs: renewalMs }));
  }
  const isTls = pair !== null;
  const scheme = isTls ? 'https' : 'http';
  const url = `${scheme}://${shownName(host)}${port === (isTls ? 443 : 80) ? '' : `:${port}`}`;
  if (isPublic && !isTls) {
    log.warn(
      { host, port },
      'INSECURE: other machines reach the dashboard without TLS; whoever reads the network can take over the session of whoever signs in',
    );
  }
  log.info({ url, host, port }, 'the dashboard is served');
  return { url, port, isTls, isPublic };
}

/** A name of this machine leads to two addresses; the second is listened on by itself. */
function addressOf(host: string): string {
  return isLoopbackAddress(host) && /[a-z]/i.test(host) ? '127.0.0.1' : host;
}

/** Where the name `localhost` leads. */
function isLocalhost(address: string): boolean {
  return address === '127.0.0.1' || address === '::1';
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The address itself is a name the dashboard is reached by. No name server can point another name at it. */
function ownNames(host: string): string[] {
  if (isWildcard(host)) return [];
  return [host.includes(':') ? `[${host}]` : host];
}

/** A name where there is one: passkeys are for names. */
function shownName(host: string): string {
  if (isLocalhost(host) || isWildcard(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function portOf({ server }: FastifyInstance, asked: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
}

/**
 * The other loopback address, with the same server behind it. Nothing when this machine has none, or when the port was
 * anybody's choice and is taken there.
 *
 * @throws ListenError when another program has the port there
 */
async function listenBeside(
  resources: Resources,
  app: FastifyInstance,
  { host, port, isAnyPort }: { host: string; port: number; isAnyPort: boolean },
): Promise<void> {
  const other = host.includes(':') ? '127.0.0.1' : '::1';
  const server = createNetServer((socket) => void app.server.emit('connection', socket));
  server.maxConnections = mostConnections;
  try {
    server.listen({ host: other, port });
    await once(server, 'listening');
    // Those it took are the other server's: that closes them.
    resources.defer(() => void server.close());
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
    if (isAbsent || (isAnyPort && code === 'EADDRINUSE')) return;
    throw new ListenError(reasonOf(error, other, port));
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createNetServer();
  try {
    await once(server.listen({ host, port }), 'listening');
  } catch {
    return false;
  }
  await new Promise((done) => server.close(done));
  return true;
}

function reasonOf(error: unknown, host: string, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const place = `Port ${port} of ${host}`;
  if (code === 'EADDRINUSE') {
    return `${place} is in use by another program. Choose another one for the dashboard with --port (web.port), or 0 for any that is free.`;
  }
  if (code === 'EACCES') {
    return `${place} needs more rights than this user has. Choose one from 1024 with --port (web.port).`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `${host} is no address of this machine: the dashboard cannot listen on it. Choose another one with --host (web.host).`;
  }
  return `${place} cannot be listened on: ${message}`;
}
