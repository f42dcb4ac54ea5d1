import type { ServerFrame } from '@codepiper/core/terminals/frames.ts';
import { decodeServerFrame } from '@codepiper/core/terminals/frames.ts';
import type {
  wireVersion as coreWireVersion,
  ServerMessage,
  ViewerMessage,
} from '@codepiper/core/terminals/messages.ts';
import { InputQueue } from './input-queue.ts';
import { LinkChannel, type Wire } from './terminal-channel.ts';
import type {
  LinkTimers,
  TerminalChannel,
  TerminalOpenOptions,
  TerminalSink,
  WebSocketLike,
} from './terminal-sink.ts';

export type * from './terminal-sink.ts';

/** Written out, for the schemas beside it (and zod) stay out of the program; the type says when it is another. */
const wireVersion: typeof coreWireVersion = 1;

/** No hello after this long: the connection is given up, in milliseconds. */
const helloMs = 10_000;
const firstRetryMs = 250;
const longestRetryMs = 8_000;
/** A connection that lived this long was a good one: the next is tried soon again. */
const goodAfterMs = 5_000;
/** So many times nothing was heard between two looks, and the connection is gone: after three to four heartbeats. */
const mostMissed = 4;
/** How soon a connection that is checked by `wake` has to show that it lives, in milliseconds. */
const defaultProbeMs = 4_000;

/** closed: for good, by `close()` or because the daemon does not talk to us; `reason` says why, for people. */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'closed';

export interface TerminalLinkOptions {
  /** Starts one connection. What it throws counts as a connection that failed. */
  connect(): WebSocketLike;
  /** Made up once, 8 to 64 letters, digits, - and _: what is typed is numbered under it. */
  clientId: string;
  /** How other viewers see this one, e.g. "laptop". One line. */
  label?: string;
  onState?(state: LinkState, reason?: string): void;
  /** How soon a connection that is checked by `wake` has to show that it lives, in milliseconds; 4000 without it. */
  probeMs?: number;
  timers?: LinkTimers;
  /** From 0 to 1. */
  random?(): number;
}

interface Connection {
  socket: WebSocketLike;
  /** The daemon said hello: `heartbeatMs` of it. */
  heartbeatMs: number | null;
  openedAt: number;
  missed: number;
  stopTimer(): void;
}

/**
 * One connection to the daemon for any number of terminals. It is made with the first channel, made again whenever it
 * is lost, and every channel then goes on where it was.
 */
export class TerminalLink {
  readonly #o: TerminalLinkOptions;
  readonly #timers: LinkTimers;
  readonly #random: () => number;
  readonly #channels = new Map<number, LinkChannel>();
  /** By session, for the life of the link: numbers go on when a channel is closed and opened again. */
  readonly #inputs = new Map<string, InputQueue>();
  #nextChannel = 0;
  #state: LinkState = 'connecting';
  #connection: Connection | null = null;
  #stopRetry: (() => void) | null = null;
  #attempt = 0;
  /** What the daemon said about the connection before it closed it. */
  #lastError: string | null = null;

  constructor(options: TerminalLinkOptions) {
    this.#o = options;
    this.#timers = options.timers ?? realTimers;
    this.#random = options.random ?? Math.random;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** @param session always the same name of it: input is numbered by it */
  open(session: string, sink: TerminalSink, options: TerminalOpenOptions): TerminalChannel {
    const number = this.#freeNumber();
    const input = this.#inputs.get(session) ?? new InputQueue();
    this.#inputs.set(session, input);
    const channel = new LinkChannel({
      number,
      session,
      sink,
      input,
      timers: this.#timers,
      ...options,
      onClosed: () => this.#channels.delete(number),
    });
    this.#channels.set(number, channel);
    if (this.#state === 'closed') channel.refuse({ code: 'internal', message: 'The link is closed.' });
    else if (this.#connection === null && this.#stopRetry === null) this.#connect();
    else if (this.#isGreeted) channel.connected(this.#wire());
    return channel;
  }

  /** The network or the page is back: a connection that is waited for is tried now, one that seems fine is checked. */
  wake(): void {
    if (this.#stopRetry) {
      this.#stopRetry();
      this.#stopRetry = null;
      this.#attempt = 0;
      this.#connect();
    } else if (this.#connection && this.#isGreeted) {
      this.#connection.missed = mostMissed - 1;
      this.#watch(this.#connection, this.#o.probeMs ?? defaultProbeMs);
      this.#send({ type: 'heartbeat' });
    }
  }

  /** Closes all channels. */
  close(): void {
    this.#end(undefined);
  }

  get #isGreeted(): boolean {
    return this.#connection !== null && this.#connection.heartbeatMs !== null;
  }

  #connect(): void {
    let socket: WebSocketLike;
    try {
      socket = this.#o.connect();
    } catch (error) {
      this.#retry(error instanceof Error ? error.message : String(error));
      return;
    }
    socket.binaryType = 'arraybuffer';
    const connection: Connection = {
      socket,
      heartbeatMs: null,
      openedAt: this.#timers.now(),
      missed: 0,
      stopTimer: () => {},
    };
    this.#connection = connection;
    this.#lastError = null;
    const isCurrent = () => this.#connection === connection;
    connection.stopTimer = this.#timers.after(helloMs, () => {
      if (isCurrent()) this.#lost('the daemon did not answer');
    });
    socket.addEventListener('open', () => {
      if (!isCurrent()) return;
      const { clientId: client, label } = this.#o;
      const hello = { type: 'hello', version: wireVersion, client, features: [], label } as const;
      socket.send(JSON.stringify(hello));
    });
    socket.addEventListener('message', ({ data }) => {
      if (!isCurrent()) return;
      connection.missed = 0;
      try {
        this.#receive(connection, data);
      } catch (error) {
        // Whatever it was, what we have is no longer known to be what the daemon has.
        for (const channel of this.#channels.values()) channel.forgetPlace();
        this.#lost(error instanceof Error ? error.message : String(error));
      }
    });
    // It says nothing; `close` follows.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ reason }) => {
      if (isCurrent()) this.#lost(this.#lastError ?? (reason || 'the connection broke'));
    });
  }

  #receive(connection: Connection, data: unknown): void {
    if (typeof data === 'string') {
      this.#message(connection, parseMessage(data));
      return;
    }
    if (!(data instanceof ArrayBuffer)) throw new Error('the daemon sent what is neither text nor bytes');
    const frame: ServerFrame = decodeServerFrame(new Uint8Array(data));
    this.#channels.get(frame.channel)?.frame(frame);
  }

  #message(connection: Connection, message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        if (message.version !== wireVersion) {
          this.#end(
            `The daemon speaks version ${message.version} of the terminal, this program version ${wireVersion}: update the older one.`,
          );
          return;
        }
        if (connection.heartbeatMs !== null) return;
        connection.heartbeatMs = message.heartbeatMs;
        this.#watch(connection);
        this.#setState('live');
        for (const channel of [...this.#channels.values()]) channel.connected(this.#wire());
        return;
      case 'error':
        if (message.channel === undefined) {
          this.#lastError = message.message;
          // Who is refused before the greeting will be refused again.
          if (connection.heartbeatMs === null && message.code !== 'shutting_down') this.#end(message.message);
          return;
        }
        this.#channels.get(message.channel)?.message(message);
        return;
      default:
        // A newer daemon may say more.
        if ('channel' in message) this.#channels.get(message.channel)?.message(message);
    }
  }

  /** Counts beats, not time: a page that slept has one missed beat, and then reads what came meanwhile. */
  #watch(connection: Connection, ms = connection.heartbeatMs ?? helloMs): void {
    connection.stopTimer();
    connection.stopTimer = this.#timers.after(ms, () => {
      if (this.#connection !== connection) return;
      connection.missed++;
      if (connection.missed >= mostMissed) this.#lost('nothing was heard from the daemon');
      else this.#watch(connection);
    });
  }

  #wire(): Wire {
    const { socket } = this.#connection ?? {};
    return {
      send: (data) => {
        if (this.#connection?.socket === socket) socket?.send(data);
      },
    };
  }

  #send(message: ViewerMessage): void {
    this.#connection?.socket.send(JSON.stringify(message));
  }

  #lost(reason: string): void {
    const wasGood = this.#isGreeted && this.#timers.now() - (this.#connection?.openedAt ?? 0) >= goodAfterMs;
    if (wasGood) this.#attempt = 0;
    this.#drop();
    for (const channel of [...this.#channels.values()]) channel.lost();
    if (this.#channels.size === 0) {
      // Nobody needs it now; the next channel connects.
      this.#setState('connecting');
      return;
    }
    this.#retry(reason);
  }

  #retry(reason: string): void {
    this.#setState('reconnecting', reason);
    if (this.#state !== 'reconnecting') return;
    const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#attempt, 10));
    this.#attempt++;
    this.#stopRetry?.();
    this.#stopRetry = this.#timers.after(longest * (0.5 + this.#random() / 2), () => {
      this.#stopRetry = null;
      this.#connect();
    });
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.stopTimer();
    connection?.socket.close();
  }

  #end(reason: string | undefined): void {
    if (this.#state === 'closed') return;
    this.#stopRetry?.();
    this.#stopRetry = null;
    const channels = [...this.#channels.values()];
    if (reason === undefined) for (const channel of channels) channel.close();
    this.#drop();
    this.#setState('closed', reason);
    if (reason !== undefined)
      for (const channel of channels) channel.refuse({ code: 'internal', message: reason });
  }

  #setState(state: LinkState, reason?: string): void {
    if (this.#state === state && reason === undefined) return;
    this.#state = state;
    this.#o.onState?.(state, reason);
  }

  #freeNumber(): number {
    while (this.#channels.has(this.#nextChannel)) this.#nextChannel = (this.#nextChannel + 1) & 0xffff;
    const number = this.#nextChannel;
    this.#nextChannel = (number + 1) & 0xffff;
    return number;
  }
}

/** The daemon wrote it by the schema of its type. @throws Error when it is no message at all */
function parseMessage(text: string): ServerMessage {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    throw new Error('the daemon sent a message without a type');
  }
  return value as ServerMessage;
}

const realTimers: LinkTimers = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
