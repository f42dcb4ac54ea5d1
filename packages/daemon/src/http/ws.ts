import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';

/** Codes of the protocol (RFC 6455 and its registry) that a connection is closed with. */
export const closeCodes = { goingAway: 1001, notAllowed: 1008, failed: 1011, tryAgainLater: 1013 } as const;

export interface WebSocketOptions {
  /** Between two pings, in milliseconds. */
  heartbeatMs: number;
  /** How long the other side may read nothing before it is closed, in milliseconds. */
  stallMs: number;
  /** How long it may take to answer a close, in milliseconds; then the connection is cut. */
  closeMs?: number;
  /** Takes a text from the other side. Without it the other side may only listen: what it sends closes it. */
  onText?: (text: string) => void;
}

/** One WebSocket. Nothing is queued beyond what the connection takes. */
export interface WebSocketConnection {
  /** Aborted as soon as either side closes. */
  readonly closed: AbortSignal;
  /** Sends one text frame; resolves when there is room for the next: false when the socket is closed. */
  send(text: string): Promise<boolean>;
  close(code: number, reason: string): void;
}

export interface WebSocketDoor {
  /**
   * Upgrades a request. Until then every refusal is an HTTP answer like any other.
   *
   * @throws CodepiperError `invalid_request` when it asks for no WebSocket, `forbidden` when a web page sent it
   */
  open(request: FastifyRequest, reply: FastifyReply, options: WebSocketOptions): WebSocketConnection;
}

/** The longest text that is taken; longer ones close the socket with 1009. */
const longestText = 64 * 1024;
const usualCloseMs = 1000;

/**
 * Lets the server take WebSockets. A request to upgrade goes the way of every other one, through the same hooks, routes
 * and errors; its route opens the socket with the door. When the server closes, so do they, with 1001.
 */
export function acceptWebSockets(app: FastifyInstance): WebSocketDoor {
  const heads = new WeakMap<IncomingMessage, Buffer>();
  const open = new Set<OpenSocket>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: longestText,
  });

  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      readAgain(app, request, socket, head);
      return;
    }
    // Its parser is gone: nobody else hears that the other side has hung up.
    socket.on('error', () => socket.destroy());
    heads.set(request, head);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Whoever was refused and stays is not waited for.
    response.once('finish', () => socket.end(() => socket.destroy()));
    app.routing(request, response);
  });
  app.addHook('preClose', async () => {
    for (const socket of open) socket.close(closeCodes.goingAway, 'the daemon is stopping');
    await Promise.all([...open].map((socket) => socket.gone));
  });

  return {
    open(request, reply, options) {
      const head = heads.get(request.raw);
      checkHandshake(request, head !== undefined);
      const { socket } = request.raw;
      reply.hijack();
      reply.raw.detachSocket(socket);
      let opened: OpenSocket | undefined;
      server.handleUpgrade(request.raw, socket, head ?? Buffer.alloc(0), (ws) => {
        opened = new OpenSocket(ws, options);
      });
      // What could be wrong with the handshake was looked at before.
      if (!opened) throw new Error('a checked handshake was refused');
      const mine = opened;
      open.add(mine);
      void mine.gone.then(() => open.delete(mine));
      return mine;
    },
  };
}

/**
 * A request that offers another protocol (`curl --http2` does) is one like any other, and may have a body: it is read
 * again without the offer. Node takes every offer for accepted as soon as somebody listens to them.
 */
function readAgain(app: FastifyInstance, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (/^upgrade$/i.test(name)) continue;
    if (!/^connection$/i.test(name)) lines.push(`${name}: ${value}`);
    else if (/\bclose\b/i.test(value)) lines.push('Connection: close');
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  app.server.emit('connection', socket);
}

function checkHandshake({ headers, method, web }: FastifyRequest, isUpgrade: boolean): void {
  const key = headers['sec-websocket-key'] ?? '';
  if (!isUpgrade || method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    throw new CodepiperError(
      'invalid_request',
      'This address is a WebSocket: ask for it with Upgrade: websocket.',
    );
  }
  if (headers['sec-websocket-version'] !== '13' || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw new CodepiperError(
      'invalid_request',
      'The WebSocket handshake is broken: it needs Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key of 16 bytes.',
    );
  }
  // A browser lets every page open WebSockets to anywhere, and says which page it was. Over TCP the guard has looked.
  if (headers.origin !== undefined && web === null) {
    throw new CodepiperError(
      'forbidden',
      'Web pages may not open this WebSocket: leave the Origin header out.',
    );
  }
}

class OpenSocket implements WebSocketConnection {
  /** Resolves when the connection is no more. */
  readonly gone: Promise<void>;
  readonly #ws: WebSocket;
  readonly #o: WebSocketOptions;
  readonly #closed = new AbortController();
  #pingedAt: number | null = null;

  constructor(ws: WebSocket, options: WebSocketOptions) {
    this.#ws = ws;
    this.#o = options;
    const heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    heartbeat.unref();
    ws.on('pong', () => {
      this.#pingedAt = null;
    });
    ws.on('message', (data, isBinary) => {
      if (options.onText && !isBinary) options.onText(String(data));
      else this.close(closeCodes.notAllowed, 'nothing is taken here: this socket is for listening');
    });
    // It says why and closes by itself then.
    ws.on('error', () => this.#end());
    this.gone = new Promise((resolve) => {
      ws.once('close', () => {
        clearInterval(heartbeat);
        this.#closed.abort();
        resolve();
      });
    });
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  async send(text: string): Promise<boolean> {
    if (this.closed.aborted) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#stalled(), this.#o.stallMs);
      timer.unref();
      const end = (): void => {
        clearTimeout(timer);
        this.closed.removeEventListener('abort', end);
        resolve();
      };
      this.closed.addEventListener('abort', end);
      // Called when the system has taken the whole frame.
      this.#ws.send(text, end);
    });
    return !this.closed.aborted;
  }

  close(code: number, reason: string): void {
    if (this.closed.aborted) return;
    this.#ws.close(code, reason);
    this.#end();
  }

  /** What a stalled reader has not read would keep the connection open. */
  #end(): void {
    this.#closed.abort();
    const timer = setTimeout(() => this.#ws.terminate(), this.#o.closeMs ?? usualCloseMs);
    this.#ws.once('close', () => clearTimeout(timer));
  }

  /** A reader that takes a long frame slowly is no stalled one; it is not pinged, for the ping would have to wait. */
  #beat(): void {
    if (this.closed.aborted) return;
    if (this.#pingedAt !== null) {
      if (performance.now() - this.#pingedAt >= this.#o.stallMs) this.#stalled();
      return;
    }
    if (this.#ws.bufferedAmount > 0) return;
    this.#pingedAt = performance.now();
    this.#ws.ping();
  }

  #stalled(): void {
    this.close(closeCodes.tryAgainLater, 'nothing was read for too long; come back with your last event');
  }
}
