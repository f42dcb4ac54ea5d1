import type { WebSocketLike } from '@codepiper/client/terminal-link.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connect } from './connection.ts';

/** Greets, and then answers as long as it lives. */
class Socket implements WebSocketLike {
  binaryType: BinaryType = 'arraybuffer';
  bufferedAmount = 0;
  readyState = 1;
  isDead = false;
  readonly #events = new EventTarget();

  send(data: string | Uint8Array): void {
    const { type } = JSON.parse(String(data)) as { type: string };
    if (type === 'hello') this.#tell({ type, version: 1, features: [], heartbeatMs: 15_000 });
    else if (type === 'heartbeat') this.#tell({ type });
  }

  close(): void {}

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#events.addEventListener(type, (event) => listener(event as never));
  }

  open(): void {
    this.#events.dispatchEvent(new Event('open'));
  }

  #tell(message: object): void {
    if (!this.isDead)
      this.#events.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
}

const wakePage = () => document.dispatchEvent(new Event('visibilitychange'));
const nowhere = { reset() {}, write() {}, resize() {}, ended() {} };
const sockets: Socket[] = [];

function live() {
  const connection = connect(() => {
    const socket = new Socket();
    sockets.push(socket);
    return socket;
  });
  connection.link.open('review', nowhere, { lines: 100, role: 'follow' });
  sockets[0]?.open();
  expect(connection.state()).toBe('live');
  return connection;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  sockets.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('is made again within a second of waking, when it has died in the sleep', () => {
  const { state } = live();
  for (const socket of sockets) socket.isDead = true;
  wakePage();
  vi.advanceTimersByTime(900);
  expect(sockets).toHaveLength(2);
  sockets[1]?.open();
  expect(state()).toBe('live');
});

it('stays when it answers', () => {
  const { state } = live();
  wakePage();
  vi.advanceTimersByTime(5_000);
  expect(sockets).toHaveLength(1);
  expect(state()).toBe('live');
});
