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
  /** Takes a binary frame. It is a view of what was read, valid during the call. Without it such a frame closes. */
  onBinary?: (bytes: Uint8Array) => void;
  /** Called when what was posted has left, all of it. */
  onDrained?: () => void;
  /** The longest message that is taken, in bytes; longer ones close the socket with 1009. */
  longest?: number;
  /** Messages may be compressed, where the other side offers it. Each is by itself: nothing is kept between two. */
  compression?: boolean;
  /** Whether a web page may connect, by its Origin and the Host it asked. Without it none may. */
  allowsPage?: (origin: string, host: string | undefined) => boolean;
}

/** One WebSocket. Nothing is queued beyond what the connection takes. */
export interface WebSocketConnection {
  /** Aborted as soon as either side closes. */
  readonly closed: AbortSignal;
  /** Sends one text frame; resolves when there is room for the next: false when the socket is closed. */
  send(text: string): Promise<boolean>;
  /**
   * Sends without waiting; whoever posts looks at `buffered` first. Nothing happens once the socket is closed. The
   * bytes must not be written to any more.
   */
  post(message: string | Uint8Array, options?: { compress?: boolean }): void;
  /** Bytes that the connection has not taken yet. */
  readonly buffered: number;
  /** Whether the other side can take compressed messages. */
  readonly compresses: boolean;
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

const usualLongest = 64 * 1024;
const usualCloseMs = 1000;
/**
 * While so much waits to be sent, in bytes, nothing is read: whoever asks and does not listen to the answers would have
 * them all kept here.
 */
const mostUnsent = 2 * 1024 * 1024;
/** Up to this many bytes a message is copied behind its header, and so costs one write. */
const mostCopied = 4096;
/** The same while others wait before it: the length of the longest that a header of four bytes can tell. */
const mostCopiedInLine = 0xffff;
/** Each message by itself, in little memory: a connection that ever compressed holds it to its end, some 64 KB. */
const compression = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  concurrencyLimit: 2,
  serverMaxWindowBits: 13,
  zlibDeflateOptions: { level: 3, memLevel: 6 },
} as const;

/**
 * Whether a page was served from this very address, and that address is this machine: a name that some other server
 * lets point here (DNS rebinding) is not among them.
 */
export function isOwnLoopbackPage(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host)) return false;
  return [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());
}

/**
 * Lets the server take WebSockets. A request to upgrade goes the way of every other one, through the same hooks, routes
 * and errors; its route opens the socket with the door. When the server closes, so do they, with 1001.
 */
export function acceptWebSockets(app: FastifyInstance): WebSocketDoor {
  const heads = new WeakMap<IncomingMessage, Buffer>();
  const open = new Set<OpenSocket>();

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
      checkHandshake(request, head !== undefined, options);
      const server = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: options.compression === true && compression,
        maxPayload: options.longest ?? usualLongest,
      });
      const { socket } = request.raw;
      reply.hijack();
      reply.raw.detachSocket(socket);
      let opened: OpenSocket | undefined;
      server.handleUpgrade(request.raw, socket, head ?? Buffer.alloc(0), (ws) => {
        opened = new OpenSocket(ws, socket, options);
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
  // On a server with TLS, `connection` would begin with its handshake again.
  app.server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}

function checkHandshake(
  { headers, method, web }: FastifyRequest,
  isUpgrade: boolean,
  { allowsPage }: WebSocketOptions,
): void {
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
  const { origin } = headers;
  if (origin === undefined || web !== null || allowsPage?.(origin, headers.host)) return;
  const message = allowsPage
    ? `Web pages of ${JSON.stringify(origin.slice(0, 200))} may not open this WebSocket.`
    : 'Web pages may not open this WebSocket: leave the Origin header out.';
  throw new CodepiperError('forbidden', message);
}

/**
 * A message that is not compressed, as a server sends it (RFC 6455, 5.2), of 65,535 bytes at most.
 *
 * @param isKept it will wait: it is no part of a slab of Node's, of 64 KB, which each of many short ones would keep
 */
function frameOf(message: string | Uint8Array, isKept: boolean): Buffer {
  const isText = typeof message === 'string';
  const length = isText ? Buffer.byteLength(message) : message.length;
  const header = length < 126 ? 2 : 4;
  const frame = isKept ? Buffer.allocUnsafeSlow(header + length) : Buffer.allocUnsafe(header + length);
  frame[0] = isText ? 0x81 : 0x82;
  if (header === 2) frame[1] = length;
  else {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  }
  if (isText) frame.write(message, header);
  else frame.set(message, header);
  return frame;
}

/**
 * Whether a message is put behind its header here. A short binary one is: that is half of what the library takes, in the
 * time of which a keystroke is echoed. So is what will wait, as the library's headers are parts of slabs.
 */
function isCopied(message: string | Uint8Array, waits: boolean): boolean {
  if (waits) return Buffer.byteLength(message) <= mostCopiedInLine;
  return typeof message !== 'string' && message.length <= mostCopied;
}

class OpenSocket implements WebSocketConnection {
  /** Resolves when the connection is no more. */
  readonly gone: Promise<void>;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #o: WebSocketOptions;
  readonly #closed = new AbortController();
  #pingedAt: number | null = null;
  /** When something that was posted left last, or began to wait. */
  #movedAt = 0;
  /** Messages that are being compressed, or wait behind one. */
  #compressing = 0;

  constructor(ws: WebSocket, socket: Socket, options: WebSocketOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.#o = options;
    const heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    heartbeat.unref();
    ws.on('pong', () => {
      this.#pingedAt = null;
    });
    ws.on('message', (data, isBinary) => {
      // What comes while it closes is nobody's any more.
      if (this.closed.aborted) return;
      // One Buffer, as `binaryType` was left as it is.
      if (options.onBinary && isBinary) options.onBinary(data as Buffer);
      else if (options.onText && !isBinary) options.onText(String(data));
      else this.close(closeCodes.notAllowed, 'nothing is taken here: this socket is for listening');
      if (this.buffered > mostUnsent && !ws.isPaused) ws.pause();
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

  post(message: string | Uint8Array, { compress = false }: { compress?: boolean } = {}): void {
    if (this.closed.aborted) return;
    const waits = this.buffered > 0;
    if (!waits) this.#movedAt = performance.now();
    const isCompressed = compress && this.compresses;
    if (isCompressed) {
      this.#compressing++;
      this.#ws.send(message, { compress }, this.#onCompressed);
    } else if (this.#isNext && isCopied(message, waits)) {
      this.#socket.write(frameOf(message, waits), this.#onPosted);
    } else this.#ws.send(message, { compress: false }, this.#onPosted);
  }

  /** Nothing of the library's waits to be written. */
  get #isNext(): boolean {
    return this.#compressing === 0 && this.#ws.readyState === this.#ws.OPEN;
  }

  readonly #onCompressed = (): void => {
    this.#compressing--;
    this.#onPosted();
  };

  readonly #onPosted = (): void => {
    this.#movedAt = performance.now();
    if (this.buffered > 0) return;
    if (this.#ws.isPaused) this.#ws.resume();
    if (!this.closed.aborted) this.#o.onDrained?.();
  };

  get buffered(): number {
    return this.#ws.bufferedAmount;
  }

  get compresses(): boolean {
    return this.#ws.extensions.includes('permessage-deflate');
  }

  close(code: number, reason: string): void {
    if (this.closed.aborted) return;
    this.#ws.close(code, reason);
    this.#end();
  }

  /** What a stalled reader has not read would keep the connection open. */
  #end(): void {
    this.#closed.abort();
    // Its answer to a close is to be heard.
    if (this.#ws.isPaused) this.#ws.resume();
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
    if (this.buffered > 0) {
      if (this.#movedAt > 0 && performance.now() - this.#movedAt >= this.#o.stallMs) this.#stalled();
      return;
    }
    this.#pingedAt = performance.now();
    this.#ws.ping();
  }

  #stalled(): void {
    this.close(closeCodes.tryAgainLater, 'nothing was read for too long; come back with your last event');
  }
}
