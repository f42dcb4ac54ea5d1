import type { Socket } from 'node:net';
import { type Transport, TransportError, type TransportRequest } from '@codepiper/client/transport.ts';
import { ReplyReader } from './http-reply.ts';

/** For requests. Streams may be silent for ever, even before their head: it comes with the first text. */
const defaultTimeoutMs = 30_000;
/** More than any reply of the daemon; what is larger comes from something else. */
const replyLimit = 256 * 1024 * 1024;

export interface UnixTransportOptions {
  /** Path of the daemon's socket. */
  socket: string;
  /** Sent as a bearer token. */
  token?: string | undefined;
}

/** Speaks HTTP/1.1 over a Unix socket, one connection per request. */
export function createUnixTransport({ socket: path, token }: UnixTransportOptions): Transport {
  /** Sends the request and gives out the body; for a stream an empty piece first, when the head is there. */
  async function* exchange(
    request: TransportRequest,
    reader: ReplyReader,
    isStream: boolean,
  ): AsyncGenerator<Buffer, void> {
    const timeoutMs = request.timeoutMs ?? (isStream ? 0 : defaultTimeoutMs);
    const encoded = await encodeRequest(request, token);
    // Loaded here: help and usage errors do without it, and it takes 2 ms.
    const socket = process.getBuiltinModule('node:net').connect({ path });
    let isHeadGiven = false;
    try {
      socket.write(encoded);
      for await (const piece of read(socket, request.signal, timeoutMs)) {
        const body = reader.push(piece);
        if (reader.head && !isHeadGiven) {
          isHeadGiven = true;
          if (isStream) yield Buffer.alloc(0);
        }
        yield* body;
        if (reader.isDone) return;
      }
      reader.end();
    } catch (error) {
      throw toTransportError(error, path, request);
    } finally {
      socket.destroy();
    }
  }

  return {
    async request(request) {
      const reader = new ReplyReader();
      const pieces: Buffer[] = [];
      let size = 0;
      for await (const piece of exchange(request, reader, false)) {
        pieces.push(piece);
        size += piece.length;
        if (size > replyLimit)
          throw new TransportError('broken', `the answer at ${path} is larger than 256 MB`);
      }
      return { status: reader.head?.status ?? 0, body: Buffer.concat(pieces).toString('utf8') };
    },
    async stream(request) {
      const reader = new ReplyReader();
      const chunks = exchange(request, reader, true);
      await chunks.next();
      return { status: reader.head?.status ?? 0, chunks };
    },
  };
}

/**
 * The socket's bytes as they come. Written out instead of the stream's own iterator, which reports a reset where
 * data was still waiting to be read.
 */
async function* read(
  socket: Socket,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): AsyncGenerator<Buffer, void> {
  const waiting: Buffer[] = [];
  let ended: { error?: unknown } | undefined;
  let wake = () => {};
  // The daemon may close while we still write: what it had answered before is given out first.
  const finish = (error?: unknown) => {
    ended ??= error === undefined ? {} : { error };
    wake();
  };
  const abort = () => finish(signal?.reason);
  socket.on('data', (piece: Buffer) => {
    waiting.push(piece);
    if (waiting.length > 64) socket.pause();
    wake();
  });
  socket.on('end', () => finish());
  socket.on('close', () => finish());
  socket.on('error', finish);
  socket.setTimeout(timeoutMs, () => {
    finish(new TransportError('timeout', `no answer within ${timeoutMs / 1000} s`));
  });
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      const piece = waiting.shift();
      if (piece) {
        yield piece;
      } else if (ended) {
        if ('error' in ended) throw ended.error;
        return;
      } else {
        socket.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function encodeRequest(request: TransportRequest, token: string | undefined): Promise<Buffer> {
  const { method, path, body = '' } = request;
  const isText = typeof body === 'string';
  const bytes = isText ? Buffer.from(body) : Buffer.from(await body.arrayBuffer());
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close'];
  if (token !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(token)) throw new TransportError('denied', 'CODEPIPER_TOKEN is not a token');
    lines.push(`Authorization: Bearer ${token}`);
  }
  if (request.body !== undefined) lines.push(`Content-Type: ${isText ? 'application/json' : body.type}`);
  if (method !== 'GET') lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

function toTransportError(error: unknown, path: string, { signal }: TransportRequest): unknown {
  if (error instanceof TransportError || (signal?.aborted && error === signal.reason)) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
    case 'ENOTDIR':
    case 'EPROTOTYPE':
      return new TransportError('unreachable', `no answer at ${path}`);
    case 'EACCES':
    case 'EPERM':
      return new TransportError('denied', `${path} belongs to another user`);
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return new TransportError('broken', `the connection to ${path} broke: ${reason}`);
    }
  }
}
