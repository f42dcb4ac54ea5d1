import type { FeedMessage, FeedTopic, feedPaths } from '@codepiper/core/feed/feed.ts';
import { TicketSocket } from './ticket-socket.ts';

/** Written out, for the schemas beside it stay out of the page; the type says when it is another. */
const path: (typeof feedPaths)['socket'] = '/feed/ws';
const firstRetryMs = 250;
const longestRetryMs = 8_000;
/** The daemon sends something at least every 15 s; a connection that was silent for longer is made again. */
const silentMs = 40_000;
/** How soon a connection has to say something when the page or the network is back. */
const probeMs = 600;

export type FeedState = 'connecting' | 'live' | 'reconnecting';

/** What is subscribed to. `topic` is asked for each time a connection begins: it says where to go on. */
export interface FeedSubscription {
  topic(): FeedTopic;
  onMessage(message: FeedMessage): void;
}

/**
 * The one live feed of the page: topics over one WebSocket that comes back by itself, each where it was. A page that
 * slept looks at its connection when it wakes, and has a new one within a second if that is dead.
 */
export class Feed {
  readonly #topics = new Map<number, FeedSubscription>();
  readonly #listeners = new Set<() => void>();
  #state: FeedState = 'connecting';
  #socket: TicketSocket | null = null;
  #isOpen = false;
  #isEnabled = false;
  #attempt = 0;
  #nextId = 1;
  #lastId = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #watch: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    window.addEventListener('online', () => this.wake());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.wake();
    });
  }

  readonly state = (): FeedState => this.#state;

  /** Id of the newest fact when the connection began. */
  get lastId(): number {
    return this.#lastId;
  }

  readonly onState = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether there is anybody signed in to connect for. */
  enable(isEnabled: boolean): void {
    if (this.#isEnabled === isEnabled) return;
    this.#isEnabled = isEnabled;
    if (isEnabled) this.#connect();
    else this.#drop();
  }

  /** The result ends it. */
  subscribe(subscription: FeedSubscription): () => void {
    const id = this.#nextId++;
    this.#topics.set(id, subscription);
    if (this.#isOpen) this.#ask(id, subscription);
    return () => {
      this.#topics.delete(id);
      if (this.#isOpen) this.#socket?.send(JSON.stringify({ type: 'unsubscribe', id }));
    };
  }

  /** The network or the page is back. */
  wake(): void {
    if (!this.#isEnabled) return;
    if (this.#retry !== null) {
      this.#attempt = 0;
      this.#connect();
    } else if (this.#isOpen) {
      this.#socket?.send(JSON.stringify({ type: 'ping' }));
      this.#expect(probeMs);
    }
  }

  #connect(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const socket = new TicketSocket(path);
    this.#socket = socket;
    const isOurs = () => this.#socket === socket;
    this.#expect(silentMs);
    socket.addEventListener('message', ({ data }) => {
      if (isOurs() && typeof data === 'string') this.#receive(JSON.parse(data) as FeedMessage);
    });
    socket.addEventListener('close', () => {
      if (isOurs()) this.#lost();
    });
  }

  #receive(message: FeedMessage): void {
    this.#expect(silentMs);
    if (message.type === 'hello') {
      this.#isOpen = true;
      this.#lastId = message.lastId;
      this.#attempt = 0;
      this.#setState('live');
      for (const [id, subscription] of this.#topics) this.#ask(id, subscription);
      return;
    }
    if (message.type === 'pong') return;
    this.#topics.get(message.id)?.onMessage(message);
  }

  #ask(id: number, subscription: FeedSubscription): void {
    this.#socket?.send(JSON.stringify({ type: 'subscribe', id, to: subscription.topic() }));
  }

  #expect(ms: number): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), ms);
  }

  #lost(): void {
    this.#drop();
    if (!this.#isEnabled) return;
    this.#setState('reconnecting');
    const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#attempt, 10));
    this.#attempt++;
    this.#retry = setTimeout(() => this.#connect(), longest * (0.5 + Math.random() / 2));
  }

  #drop(): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#watch = null;
    this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    socket?.close();
  }

  #setState(state: FeedState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const feed = new Feed();
