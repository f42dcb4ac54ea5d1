import type { Socket } from 'node:net';
import { CodepiperError, type ErrorCode, errorTable } from '@codepiper/core/errors.ts';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { asStorageError } from '../db/errors.ts';
import type { Log } from '../log/log.ts';
import { asReplacedError } from '../platform/replaced.ts';
import { addJsonParser } from './json.ts';
import type { WebExchange } from './web.ts';

/** Who calls: the person the socket belongs to, or the agent inside a session. */
export type Caller = { kind: 'user' } | { kind: 'session'; sessionId: string };

/**
 * Where the process that calls runs, whatever token it has: inside a session, outside of all, beside them where agents
 * can start programs too (see `SessionCallers`), or not known because the process is gone.
 */
export type Whereabouts = { sessionId: string } | 'beside' | 'outside' | 'unknown';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
    /** What a browser sent and gets besides; null on the Unix socket. */
    web: WebExchange | null;
    /** Found out when it is first asked for, once per connection. */
    whereabouts(): Promise<Whereabouts>;
  }
}

export interface ServerOptions {
  log: Log;
  /** The caller a bearer token belongs to; null when it belongs to nobody. */
  authenticate(token: string): Promise<Caller | null>;
  /** Where the process at the other end of a connection runs. Without it every caller counts as outside. */
  locate?(socket: Socket): Promise<Whereabouts>;
  /** Largest body, in bytes. The default leaves room for the JSON escapes of a 1 MB prompt. */
  bodyLimit?: number;
  /** Certificate and key in PEM, for a server that speaks TLS itself. */
  tls?: { cert: Buffer; key: Buffer } | null;
  /** Addresses may also begin with this, which is then left out: `/api/sessions` is `/sessions`. */
  optionalPrefix?: string;
  /** Milliseconds a caller may take to send a request; without it as long as it likes. */
  requestTimeoutMs?: number;
  /** Answers what no route is there for; null: it is not found. */
  fallback?(request: FastifyRequest, reply: FastifyReply): FastifyReply | null;
}

const defaultBodyLimit = 8 * 1024 * 1024;
const user: Caller = { kind: 'user' };

/** The HTTP server without endpoints: who calls, what a body may be, and how every failure is answered. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { log, authenticate, bodyLimit = defaultBodyLimit, optionalPrefix } = options;
  const app = Fastify({
    logger: false,
    // The instance is typed by its kind of server, which nobody behind this function asks for.
    ...(options.tls && ({ https: options.tls } as object)),
    ...(options.requestTimeoutMs !== undefined && { requestTimeout: options.requestTimeoutMs }),
    ...(optionalPrefix !== undefined && {
      rewriteUrl: ({ url = '/' }: { url?: string }) =>
        url.startsWith(`${optionalPrefix}/`) ? url.slice(optionalPrefix.length) : url,
    }),
    bodyLimit,
    exposeHeadRoutes: false,
    // Ours wait for nothing of others: no timer for each of 150 routes.
    pluginTimeout: 0,
    // Node's own answer to a request without a host has no body; on our socket a host means nothing.
    http: { requireHostHeader: false },
    forceCloseConnections: 'idle',
    // Longer than any parameter, so that the schema's message is what is seen.
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    // Endpoints have schemas of their own, and the usual ones take 5 ms to load.
    schemaController: {
      compilersFactory: { buildValidator: withoutSchemas, buildSerializer: withoutSchemas },
    },
    frameworkErrors: (error, request, reply) => answerError(log, error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  });
  const routes = trackRoutes(app);
  addJsonParser(app);

  app.decorateRequest('caller');
  app.decorateRequest('web', null);
  const places = new WeakMap<Socket, Promise<Whereabouts>>();
  app.decorateRequest('whereabouts', function (this: FastifyRequest) {
    const { socket } = this.raw;
    const known = places.get(socket) ?? options.locate?.(socket) ?? Promise.resolve('outside');
    places.set(socket, known);
    return known;
  });
  app.addHook('onRequest', async (request) => {
    const header = request.headers.authorization;
    // The socket is private: whoever reaches it without a token is the user.
    request.caller = header === undefined ? user : await authenticateHeader(header, authenticate);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(log, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const answer = options.fallback?.(request, reply) ?? null;
    if (answer !== null) return answer;
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = routes.methodsAt(path);
    if (allowed.length === 0 || allowed.includes(request.method))
      return sendError(reply, new CodepiperError('not_found', `Not found: ${shorten(path)}`));
    reply.header('allow', allowed.join(', '));
    const message = `Method ${request.method} not allowed for ${shorten(path)}`;
    return sendError(reply, new CodepiperError('method_not_allowed', message, { allowed }));
  });
  return app;
}

function withoutSchemas(): never {
  throw new Error('a route has a schema of Fastify: give its endpoint one instead (`mount.ts`)');
}

async function authenticateHeader(
  header: string,
  authenticate: ServerOptions['authenticate'],
): Promise<Caller> {
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  const caller = token === undefined ? null : await authenticate(token);
  if (caller) return caller;
  const message =
    token === undefined
      ? 'The Authorization header is not understood: send `Bearer <token>`, or none.'
      : 'The session token is not valid: its session has ended or was removed.';
  throw new CodepiperError('unauthorized', message);
}

/** Remembers every route, to tell a wrong method from a wrong address. */
function trackRoutes(app: FastifyInstance): { methodsAt(path: string): string[] } {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', (route) => {
    const source = route.url
      .split('/')
      .map((part) => {
        if (part === '*') return '.*';
        return part.startsWith(':') ? '[^/]+' : part.replace(/[^\w-]/g, '\\$&');
      })
      .join('/');
    routes.push({ pattern: new RegExp(`^${source}/?$`), methods: [route.method].flat() });
  });
  return {
    methodsAt: (path) => {
      const methods = routes.filter((route) => route.pattern.test(path)).flatMap((route) => route.methods);
      return [...new Set(methods)].sort();
    },
  };
}

function answerError(log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asKnownError(error);
  if (known) {
    if (errorTable[known.code].http >= 500) {
      log.warn({ err: error, code: known.code, route: request.routeOptions.url }, 'a request failed');
    }
    return sendError(reply, known);
  }
  log.error(
    { err: error, requestId: request.id, method: request.method, url: request.routeOptions.url },
    'a request faulted',
  );
  const message = `A fault of codepiper (request ${request.id}); see \`codepiper daemon logs\`.`;
  return sendError(reply, new CodepiperError('internal', message, { requestId: request.id }));
}

function asKnownError(error: unknown): CodepiperError | null {
  if (error instanceof CodepiperError) return error;
  const ours = asStorageError(error) ?? asReplacedError(error);
  if (ours) return ours;
  // What is left with a status below 500 is Fastify's own refusal of a request.
  const { code = '', statusCode = 500, message = '' } = (error ?? {}) as Partial<FastifyError>;
  // The caller hung up in the middle of the body: nobody hears this.
  if (code === 'ECONNRESET') return new CodepiperError('invalid_request', 'The request broke off.');
  if (!code.startsWith('FST_') || statusCode >= 500) return null;
  if (statusCode === 413) return new CodepiperError('body_too_large', 'The body is larger than the limit.');
  return new CodepiperError('invalid_request', shorten(message));
}

function sendError(reply: FastifyReply, error: CodepiperError): FastifyReply {
  const wait = error.details?.retryAfterSeconds;
  if (typeof wait === 'number') reply.header('retry-after', String(wait));
  return reply.code(errorTable[error.code].http).send(error.toBody());
}

/** What a caller wrote, in a message: it may be of any length. */
function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** What node's HTTP parser refuses never becomes a request; it is answered on the bare socket. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ErrorCode = 'invalid_request';
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const text = tooLarge ? 'The address or the headers are too long.' : 'The request is not valid HTTP.';
  const body = JSON.stringify({ error: text, code });
  const head = [
    tooLarge ? 'HTTP/1.1 431 Request Header Fields Too Large' : 'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
