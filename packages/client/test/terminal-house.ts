import { decodeViewerFrame, encodeFrame, type ServerFrame } from '@codepiper/core/terminals/frames.ts';
import {
  parseViewerMessage,
  type ServerMessage,
  type ViewerMessage,
} from '@codepiper/core/terminals/messages.ts';
import type { LinkTimers, TerminalSink, WebSocketLike } from '../src/terminal-link.ts';

/** A clock that only goes when it is told to. */
export class ManualTimers implements LinkTimers {
  #now = 0;
  #due: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + ms, call };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((one) => one !== entry);
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
  }
}

interface Listeners {
  open: (() => void)[];
  error: (() => void)[];
  message: ((event: { data: unknown }) => void)[];
  close: ((event: { code: number; reason: string }) => void)[];
}

/** Both ends of one connection; what is sent lies in a queue until it is delivered, and is lost when it drops. */
export class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  readyState = 0;
  readonly bufferedAmount = 0;
  readonly toServer: (string | Uint8Array)[] = [];
  readonly toClient: (string | Uint8Array)[] = [];
  readonly #listeners: Listeners = { open: [], error: [], message: [], close: [] };
  readonly #daemon: FakeDaemon;

  constructor(daemon: FakeDaemon) {
    this.#daemon = daemon;
  }

  addEventListener<K extends keyof Listeners>(type: K, listener: Listeners[K][number]): void {
    (this.#listeners[type] as Listeners[K][number][]).push(listener);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new Error('sent before it was open');
    if (this.readyState === 1) this.toServer.push(data);
  }

  close(): void {
    this.readyState = 3;
  }

  accept(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    for (const listener of this.#listeners.open) listener();
  }

  /** The network is gone, with all that was under way. */
  drop(reason = ''): void {
    this.readyState = 3;
    this.toClient.length = 0;
    this.toServer.length = 0;
    for (const listener of this.#listeners.close) listener({ code: 1006, reason });
  }

  deliverToServer(): boolean {
    const data = this.toServer.shift();
    if (data === undefined) return false;
    if (typeof data === 'string') this.#daemon.message(this, parseViewerMessage(data));
    else this.#daemon.frame(this, data);
    return true;
  }

  deliverToClient(): boolean {
    const data = this.toClient.shift();
    if (data === undefined) return false;
    const copy = typeof data === 'string' ? data : data.slice().buffer;
    for (const listener of this.#listeners.message) listener({ data: copy });
    return true;
  }

  tell(message: ServerMessage): void {
    this.toClient.push(JSON.stringify(message));
  }

  give(frame: ServerFrame): void {
    this.toClient.push(encodeFrame(frame));
  }
}

interface Subscribed {
  socket: FakeSocket;
  channel: number;
  client: string;
  sent: number;
  acknowledged: number;
}

/**
 * A daemon with one session, as the wire's documents say it. A terminal is the text of all that happened to it, so
 * that a byte too many, too few or in the wrong place shows.
 */
export class FakeDaemon {
  readonly sockets: FakeSocket[] = [];
  readonly typed: string[] = [];
  readonly subscribes: Extract<ViewerMessage, { type: 'subscribe' }>[] = [];
  readonly acks: number[] = [];
  readonly sizes: string[] = [];
  heartbeatMs = 1000;
  cols = 80;
  rows = 24;
  text = '';
  /** Bytes of a snapshot's piece. */
  pieceBytes = 1000;
  #epoch = 7;
  /** The stream of this epoch: each character one place, a resize as well. */
  #log: ({ type: 'bytes'; text: string } | { type: 'resize'; cols: number; rows: number })[] = [];
  readonly #clients = new Map<FakeSocket, string>();
  #taken = new Map<string, number>();
  #paste = '';
  #subscribed: Subscribed | null = null;

  readonly connect = (): FakeSocket => {
    const socket = new FakeSocket(this);
    this.sockets.push(socket);
    return socket;
  };

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('nobody connected');
    return last;
  }

  /** Everything under way arrives, in both directions, until nothing is. */
  settle(): void {
    const { socket } = this;
    socket.accept();
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      while (socket.deliverToServer()) isBusy = true;
      while (socket.deliverToClient()) isBusy = true;
    }
  }

  print(text: string): void {
    this.text += text;
    const seq = this.#end;
    for (const character of text) this.#log.push({ type: 'bytes', text: character });
    this.#give({ type: 'output', seq, bytes: bytesOf(text) }, 16 + text.length);
  }

  resize(cols: number, rows: number): void {
    const seq = this.#end;
    [this.cols, this.rows] = [cols, rows];
    this.text += `<${cols}x${rows}>`;
    this.#log.push({ type: 'resize', cols, rows });
    this.#give({ type: 'resize', seq, cols, rows }, 20);
  }

  /** The past is not known any more. */
  rebuild(): void {
    this.#epoch++;
    this.#log = [];
    if (this.#subscribed) this.#snapshot(this.#subscribed);
  }

  /** The viewer has fallen behind. */
  skip(): void {
    if (this.#subscribed) this.#snapshot(this.#subscribed);
  }

  /** The daemon was started again: it knows no client. */
  restart(): void {
    this.#taken = new Map();
    this.#epoch += 100;
    this.#log = [];
  }

  end(): void {
    this.#give({ type: 'ended', seq: this.#end }, 0);
  }

  message(socket: FakeSocket, message: ViewerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#clients.set(socket, message.client);
        socket.tell({ type: 'hello', version: 1, features: [], heartbeatMs: this.heartbeatMs });
        break;
      case 'heartbeat':
        socket.tell({ type: 'heartbeat' });
        break;
      case 'subscribe':
        this.#subscribe(socket, message);
        break;
      case 'size':
        this.sizes.push(message.action === 'take' ? `${message.cols}x${message.rows}` : 'release');
        break;
      case 'unsubscribe':
        this.#subscribed = null;
    }
  }

  frame(socket: FakeSocket, data: Uint8Array): void {
    const frame = decodeViewerFrame(data);
    const mine = this.#subscribed;
    if (!mine || mine.socket !== socket || frame.channel !== mine.channel) return;
    if (frame.type === 'ack') {
      if (frame.received > mine.sent) throw new Error(`${frame.received} of ${mine.sent} acknowledged`);
      mine.acknowledged = frame.received;
      this.acks.push(frame.received);
      return;
    }
    const isWhole = frame.type !== 'paste' || frame.last;
    const piece = frame.type === 'keys' ? frame.keys.join('+') : new TextDecoder().decode(frame.bytes);
    this.#paste += piece;
    if (!isWhole) return;
    const text = this.#paste;
    this.#paste = '';
    const taken = this.#taken.get(mine.client) ?? 0;
    if (frame.n > taken + 1) throw new Error(`input ${frame.n} came behind ${taken}`);
    if (frame.n === taken + 1) {
      this.#taken.set(mine.client, frame.n);
      this.typed.push(`${frame.type}:${text}`);
    }
    socket.give({ type: 'inputAck', channel: frame.channel, n: Math.max(taken, frame.n) });
  }

  /** Bytes of frames that were sent and not acknowledged. */
  get unacknowledged(): number {
    return this.#subscribed ? this.#subscribed.sent - this.#subscribed.acknowledged : 0;
  }

  get #end(): number {
    return this.#log.length;
  }

  #subscribe(socket: FakeSocket, message: Extract<ViewerMessage, { type: 'subscribe' }>): void {
    this.subscribes.push(message);
    this.#paste = '';
    const client = this.#clients.get(socket) ?? '';
    const { channel, role, epoch, seq } = message;
    const settled = this.#taken.get(client) ?? null;
    if (settled === null) this.#taken.set(client, 0);
    const mine: Subscribed = { socket, channel, client, sent: 0, acknowledged: 0 };
    this.#subscribed = mine;
    socket.tell({ type: 'subscribed', channel, session: '0123456789abcdef', role, settled });
    if (epoch !== this.#epoch || seq === undefined || seq > this.#end) {
      this.#snapshot(mine);
      return;
    }
    this.#log.slice(seq).forEach((one, index) => {
      const at = { seq: seq + index };
      if (one.type === 'bytes') this.#give({ type: 'output', ...at, bytes: bytesOf(one.text) }, 17);
      else this.#give({ ...one, ...at }, 20);
    });
  }

  #snapshot(mine: Subscribed): void {
    const bytes = bytesOf(this.text);
    const { cols, rows, pieceBytes } = this;
    for (let at = 0, last = false; !last; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      last = at + pieceBytes >= bytes.length;
      const place = { channel: mine.channel, epoch: this.#epoch, seq: this.#end };
      mine.sent += 20 + piece.length;
      mine.socket.give({ type: 'snapshot', ...place, cols, rows, first: at === 0, last, bytes: piece });
    }
  }

  #give(frame: Unplaced, length: number): void {
    const mine = this.#subscribed;
    if (!mine) return;
    mine.sent += length;
    mine.socket.give({ ...frame, channel: mine.channel, epoch: this.#epoch });
  }
}

type Unplaced =
  | { type: 'output'; seq: number; bytes: Uint8Array }
  | { type: 'resize'; seq: number; cols: number; rows: number }
  | { type: 'ended'; seq: number };

/** Draws as `FakeDaemon` says it; slow when told so. */
export class FakeSink implements TerminalSink {
  text = '';
  shownSize = '';
  calls: string[] = [];
  problems: string[] = [];
  isEnded = false;
  /** Whether `write` takes time; what waits is let go by `parse`. */
  isSlow = false;
  #waiting: (() => void)[] = [];

  reset({ cols, rows }: { cols: number; rows: number }): void {
    this.calls.push(`reset ${cols}x${rows}`);
    this.text = '';
    this.shownSize = `${cols}x${rows}`;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    const text = new TextDecoder().decode(bytes);
    this.calls.push(`write ${text}`);
    const done = () => {
      this.text += text;
    };
    if (!this.isSlow) return done();
    return new Promise<void>((resolve) => {
      this.#waiting.push(() => {
        done();
        resolve();
      });
    });
  }

  snapshotDone(): void {
    this.calls.push('snapshot done');
  }

  resize({ cols, rows }: { cols: number; rows: number }): void {
    this.calls.push(`resize ${cols}x${rows}`);
    this.text += `<${cols}x${rows}>`;
    this.shownSize = `${cols}x${rows}`;
  }

  ended(): void {
    this.isEnded = true;
  }

  error({ message }: { message: string }): void {
    this.problems.push(message);
  }

  get isWriting(): boolean {
    return this.#waiting.length > 0;
  }

  /** One write is done. */
  async parse(): Promise<void> {
    this.#waiting.shift()?.();
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
