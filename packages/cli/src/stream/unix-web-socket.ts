import { connect } from 'node:net';
import type { WebSocketLike } from '@codepiper/client/terminal-link.ts';
import { terminalPaths } from '@codepiper/core/terminals/terminal.endpoints.ts';
import { WebSocket } from 'ws';

/** The daemon has this long to answer the handshake, in milliseconds. */
const handshakeMs = 10_000;
/** And so long to answer our goodbye; then the connection is cut, for the program waits for it. */
const goodbyeMs = 500;
/** Of an answer that is no WebSocket, in characters. */
const mostBody = 10_000;

export interface UnixWebSocketOptions {
  /** Path of the daemon's socket. */
  socket: string;
  /** Sent as a bearer token. */
  token?: string | undefined;
  /** Told when the daemon refuses for good, with the reason for people. */
  onRefused(message: string): void;
}

/** One connection to the live terminals, over the daemon's Unix socket. */
export function connectUnix({ socket: path, token, onRefused }: UnixWebSocketOptions): WebSocketLike {
  const ws = new ShortGoodbye(`ws://localhost${terminalPaths.socket}`, {
    createConnection: () => connect({ path }),
    handshakeTimeout: handshakeMs,
    // Nothing is won on a socket of this machine, and a keystroke would wait for it.
    perMessageDeflate: false,
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
  });
  // `close` follows, and says all that is of use.
  ws.on('error', () => {});
  ws.on('unexpected-response', (request, response) => {
    const status = response.statusCode ?? 0;
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      if (body.length < mostBody) body += piece;
    });
    response.on('close', () => {
      // What a daemon says that is stopping, or has trouble, will be another thing next time.
      if (status >= 400 && status < 500) onRefused(refusalOf(status, body));
      ws.terminate();
      request.destroy();
    });
  });
  return ws;
}

class ShortGoodbye extends WebSocket {
  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    setTimeout(() => this.terminate(), goodbyeMs).unref();
  }
}

function refusalOf(status: number, body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (status !== 404 && typeof value === 'object' && value !== null && 'error' in value) {
      return String(value.error);
    }
  } catch {
    // Not the daemon's words.
  }
  return status === 404
    ? 'The daemon has no live terminal: it is older than this command. Restart it: codepiper daemon restart'
    : `The daemon refused the live terminal with HTTP status ${status}.`;
}
