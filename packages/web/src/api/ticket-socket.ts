import type { WebSocketLike } from '@codepiper/client/terminal-link.ts';
import { client } from './client.ts';

const neverOpened = 1006;

/**
 * A WebSocket to the daemon. No page can give one a header, so it is opened with a ticket: asked for first, used once,
 * and never part of the address.
 */
export class TicketSocket implements WebSocketLike {
  readonly #listeners = new EventTarget();
  readonly #closed = new AbortController();
  #socket: WebSocket | null = null;
  #binaryType: BinaryType = 'arraybuffer';

  /** @param path below `/api` */
  constructor(path: string) {
    void this.#open(path).catch((error: unknown) => this.#fail(error));
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type;
    if (this.#socket) this.#socket.binaryType = type;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get readyState(): number {
    if (this.#socket) return this.#socket.readyState;
    return this.#closed.signal.aborted ? WebSocket.CLOSED : WebSocket.CONNECTING;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#closed.abort();
    this.#socket?.close(code, reason);
  }

  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.addEventListener(type, (event) => listener(event as never));
  }

  async #open(path: string): Promise<void> {
    const { signal } = this.#closed;
    const { ticket } = await client.request('POST', '/auth/tickets', { signal });
    if (signal.aborted) return;
    const address = new URL(`/api${path}`, location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, ['codepiper', `ticket.${ticket}`]);
    socket.binaryType = this.#binaryType;
    this.#socket = socket;
    socket.addEventListener('open', () => this.#listeners.dispatchEvent(new Event('open')));
    socket.addEventListener('message', ({ data }) =>
      this.#listeners.dispatchEvent(new MessageEvent('message', { data })),
    );
    socket.addEventListener('close', ({ code, reason }) => this.#end(code, reason));
  }

  #fail(error: unknown): void {
    if (this.#closed.signal.aborted) return;
    this.#end(neverOpened, error instanceof Error ? error.message : String(error));
  }

  #end(code: number, reason: string): void {
    this.#closed.abort();
    this.#listeners.dispatchEvent(new CloseEvent('close', { code, reason }));
  }
}
