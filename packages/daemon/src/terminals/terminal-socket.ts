import { CodepiperError, type ErrorCode } from '@codepiper/core/errors.ts';
import { decodeViewerFrame, encodeFrame, FrameError } from '@codepiper/core/terminals/frames.ts';
import {
  parseViewerMessage,
  type ServerMessage,
  type ViewerMessage,
  wireVersion,
} from '@codepiper/core/terminals/messages.ts';
import { closeCodes, type WebSocketConnection } from '../http/ws.ts';
import type { Log } from '../log/log.ts';
import { asReplacedError } from '../platform/replaced.ts';
import { mostWindow } from './link-meter.ts';
import type { SharedTerminals } from './shared-terminal.ts';
import { Subscription, type SubscriptionWire } from './terminal-subscription.ts';
import type { TerminalsService } from './terminals.service.ts';
import type { TicketGrant } from './tickets.ts';

/** Subscriptions of one connection, and sessions that are being looked for. */
const mostChannels = 256;
/** Who has not said hello by then is closed, in milliseconds. */
const helloMs = 10_000;
/** Longest reason that a WebSocket can be closed with, in bytes. */
const longestReason = 123;

type Hello = Extract<ViewerMessage, { type: 'hello' }>;
type Subscribe = Extract<ViewerMessage, { type: 'subscribe' }>;

export interface TerminalSocketOptions {
  socket: WebSocketConnection;
  terminals: Pick<TerminalsService, 'watch'>;
  shared: SharedTerminals;
  /** What the connection is bound to; null for the session and role that each subscription names. */
  grant: TicketGrant | null;
  /** @throws CodepiperError `forbidden` when whoever connects runs inside a session */
  requirePerson(): Promise<void>;
  heartbeatMs: number;
  log: Log;
}

/** A channel whose session is being looked for. */
interface Opening {
  isGone: boolean;
}

/** One connection of a viewer: what it says, in order, and its subscriptions. */
export class TerminalSocket {
  readonly #o: TerminalSocketOptions;
  readonly #channels = new Map<number, Opening | Subscription>();
  readonly #wire: SubscriptionWire;
  #hello: Hello | null = null;
  /** Sessions that are being looked for, also for channels that were given up meanwhile. */
  #opening = 0;
  /** A heartbeat is owed as soon as what waits has left. */
  #owesHeartbeat = false;

  constructor(options: TerminalSocketOptions) {
    this.#o = options;
    const { socket, heartbeatMs } = options;
    this.#wire = {
      frame: (frame, { compress } = { compress: false }) => socket.post(encodeFrame(frame), { compress }),
      tell: (message) => this.#tell(message),
      get isFull() {
        return socket.buffered > mostWindow;
      },
    };
    const greeting = setTimeout(() => {
      if (!this.#hello) this.#fault('invalid_request', `No hello came within ${helloMs / 1000} seconds.`);
    }, helloMs).unref();
    const heartbeat = setInterval(() => {
      // One that reads nothing needs no more to read.
      if (this.#hello && socket.buffered === 0) this.#tell({ type: 'heartbeat' });
    }, heartbeatMs).unref();
    socket.closed.addEventListener('abort', () => {
      clearTimeout(greeting);
      clearInterval(heartbeat);
      for (const channel of this.#channels.values()) this.#close(channel);
      this.#channels.clear();
    });
  }

  takeText(text: string): void {
    this.#guard(() => this.#take(parseViewerMessage(text)));
  }

  takeFrame(bytes: Uint8Array): void {
    this.#guard(() => {
      const frame = decodeViewerFrame(bytes);
      if (!this.#hello) throw new FrameError('malformed', 'The first message is a hello.');
      const channel = this.#channels.get(frame.channel);
      if (channel instanceof Subscription) {
        if (frame.type === 'ack') channel.acknowledge(frame.received);
        else channel.receive(frame);
      } else if (frame.type !== 'ack') {
        // It may have been sent before the viewer heard that its subscription ended.
        const message = `Channel ${frame.channel} is not subscribed: nothing was typed.`;
        this.#tellError('invalid_request', message, { channel: frame.channel, n: frame.n });
      }
    });
  }

  /** All that was posted has left. */
  drained(): void {
    if (this.#owesHeartbeat) this.#tell({ type: 'heartbeat' });
    this.#owesHeartbeat = false;
    for (const channel of [...this.#channels.values()]) {
      if (channel instanceof Subscription && !this.#wire.isFull) channel.drained();
    }
  }

  #take(message: ViewerMessage): void {
    if (message.type === 'hello') {
      this.#greet(message);
      return;
    }
    if (!this.#hello) throw new FrameError('malformed', 'The first message is a hello.');
    if (message.type === 'heartbeat') {
      // One answer for all that were sent before it could be.
      if (this.#wire.isFull) this.#owesHeartbeat = true;
      else this.#tell({ type: 'heartbeat' });
      return;
    }
    if (message.type === 'subscribe') {
      this.#subscribe(message, this.#hello);
      return;
    }
    const { channel: number } = message;
    const channel = this.#channels.get(number);
    if (message.type === 'unsubscribe') {
      if (!channel) return; // the daemon ended it first
      this.#channels.delete(number);
      this.#close(channel);
      this.#tell({ type: 'unsubscribed', channel: number, reason: 'as the viewer asked' });
    } else if (!(channel instanceof Subscription)) {
      const text = `Channel ${number} is not subscribed: its size is nobody's.`;
      this.#tellError('invalid_request', text, { channel: number });
    } else if (message.action === 'take') channel.takeSize({ cols: message.cols, rows: message.rows });
    else channel.releaseSize();
  }

  #greet(hello: Hello): void {
    if (this.#hello) throw new FrameError('malformed', 'There is one hello, and it was said.');
    if (hello.version !== wireVersion) {
      const message = `The viewer speaks version ${hello.version} of the terminal's wire, this daemon version ${wireVersion}: update the older of the two.`;
      this.#fault('unsupported', message);
      return;
    }
    this.#hello = hello;
    this.#tell({ type: 'hello', version: wireVersion, features: [], heartbeatMs: this.#o.heartbeatMs });
  }

  #subscribe(message: Subscribe, hello: Hello): void {
    const { channel } = message;
    if (this.#channels.has(channel)) {
      const text = `Channel ${channel} is in use: unsubscribe from it first, or take another number.`;
      this.#tellError('invalid_request', text, { channel });
      return;
    }
    if (this.#channels.size >= mostChannels || this.#opening >= mostChannels) {
      const text = `This connection has ${mostChannels} channels, the most there may be: unsubscribe from one, or open another connection.`;
      this.#refuse(channel, new CodepiperError('invalid_request', text));
      return;
    }
    const opening: Opening = { isGone: false };
    this.#channels.set(channel, opening);
    this.#opening++;
    this.#open(message, hello, opening)
      .catch((error: unknown) => {
        if (opening.isGone) return;
        this.#channels.delete(channel);
        this.#refuse(channel, error);
      })
      .finally(() => this.#opening--);
  }

  async #open(message: Subscribe, { client, label }: Hello, opening: Opening): Promise<void> {
    const { channel, session, lines, epoch, seq } = message;
    const { grant, terminals, shared } = this.#o;
    const role = grant?.role === 'follow' ? 'follow' : message.role;
    if (role === 'typist') await this.#o.requirePerson();
    const watched = await terminals.watch(grant?.sessionId ?? session, { lines });
    try {
      const { id, name } = watched.record;
      if (grant && !id.startsWith(session) && name !== session) {
        throw new CodepiperError('forbidden', 'The ticket of this connection is for another session.');
      }
      if (opening.isGone) {
        watched[Symbol.dispose]();
        return;
      }
      const resume = epoch === undefined || seq === undefined ? null : { epoch, seq };
      const options = { wire: this.#wire, channel, client, label, role, watched, lines, resume };
      const subscription = new Subscription({
        ...options,
        shared: shared.of(watched),
        onClosed: () => this.#channels.delete(channel),
      });
      this.#channels.set(channel, subscription);
    } catch (error) {
      watched[Symbol.dispose]();
      throw error;
    }
  }

  #refuse(channel: number, error: unknown): void {
    const known = error instanceof CodepiperError ? error : asReplacedError(error);
    if (!known) this.#o.log.error({ err: error }, 'a subscription faulted');
    const message = known?.message ?? 'A fault of codepiper; see `codepiper daemon logs`.';
    this.#tellError(known?.code ?? 'internal', message, { channel });
    this.#tell({ type: 'unsubscribed', channel, reason: message });
  }

  #close(channel: Opening | Subscription): void {
    if (channel instanceof Subscription) channel.close();
    else channel.isGone = true;
  }

  /** Whatever the other side sends, nothing but its own connection ends of it. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (error instanceof FrameError) this.#fault('invalid_request', error.message);
      else {
        this.#o.log.error({ err: error }, 'a terminal socket faulted');
        this.#fault('internal', 'A fault of codepiper; see `codepiper daemon logs`.');
      }
    }
  }

  #fault(code: ErrorCode, message: string): void {
    this.#tellError(code, message);
    const closeCode = code === 'internal' ? closeCodes.failed : closeCodes.notAllowed;
    this.#o.socket.close(closeCode, cut(message, longestReason));
  }

  #tellError(code: ErrorCode, message: string, about: { channel?: number; n?: number } = {}): void {
    this.#tell({ type: 'error', ...about, code, message });
  }

  #tell(message: ServerMessage): void {
    this.#o.socket.post(JSON.stringify(message));
  }
}

/** The beginning of a text, in so many bytes of UTF-8. */
function cut(text: string, bytes: number): string {
  let shorter = text;
  while (Buffer.byteLength(shorter) > bytes) shorter = shorter.slice(0, -1);
  return shorter;
}
