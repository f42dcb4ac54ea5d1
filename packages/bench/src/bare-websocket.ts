import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';

const text = 0x81;
const binary = 0x82;
const ping = 0x89;
const pong = 0x8a;
const isMasked = 0x80;
/** A mask of zeros leaves the payload as it is. */
const mask = Buffer.alloc(4);

/**
 * The viewer's end of a WebSocket with nothing between it and its socket, as `BareClient` has nothing between it and
 * tmux: what a client's library needs is no part of the figures. Whole messages only; they are not compressed.
 */
export class BareWebSocket {
  /** Called with each binary message. */
  onBinary: (bytes: Buffer) => void = () => undefined;
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => this.#read(chunk));
    if (head.length > 0) this.#read(head);
  }

  static async open(socketPath: string, path: string): Promise<BareWebSocket> {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    const asked = request({ socketPath, path, headers }).end();
    asked.once('response', ({ statusCode }) => asked.destroy(new Error(`not upgraded: ${statusCode}`)));
    const [, socket, head] = (await once(asked, 'upgrade')) as [unknown, Socket, Buffer];
    return new BareWebSocket(socket, head);
  }

  sendText(message: string): void {
    this.#send(text, Buffer.from(message));
  }

  sendBinary(message: Uint8Array): void {
    this.#send(binary, message);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  #send(kind: number, payload: Uint8Array): void {
    const head = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(4);
    head[0] = kind;
    if (payload.length < 126) head[1] = isMasked | payload.length;
    else {
      head[1] = isMasked | 126;
      head.writeUInt16BE(payload.length, 2);
    }
    this.#socket.write(Buffer.concat([head, mask, payload]));
  }

  #read(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const message = firstMessage(this.#unread);
      if (!message) return;
      this.#unread = this.#unread.subarray(message.end);
      if (message.kind === binary) this.onBinary(message.payload);
      else if (message.kind === ping) this.#send(pong, message.payload);
    }
  }
}

/** The message at the beginning of what a server sent; null when it is not there to its end. */
function firstMessage(bytes: Buffer): { kind: number; payload: Buffer; end: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes.readUInt8(1);
  const from = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < from) return null;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = from + length;
  return bytes.length < end ? null : { kind: bytes.readUInt8(0), payload: bytes.subarray(from, end), end };
}
