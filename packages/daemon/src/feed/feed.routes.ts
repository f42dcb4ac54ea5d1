import { CodepiperError } from '@codepiper/core/errors.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import {
  type FeedMessage,
  type FeedRequest,
  feedPaths,
  feedRequestSchema,
} from '@codepiper/core/feed/feed.ts';
import type { FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { FastifyInstance } from 'fastify';
import { closeCodes, type WebSocketConnection, type WebSocketDoor } from '../http/ws.ts';
import type { Log } from '../log/log.ts';

/** Who reads one topic. */
export interface TopicReader<Item> {
  /** Aborted when the reader has gone, or wants no more of it. */
  readonly closed: AbortSignal;
  /** Resolves when there is room for the next; false when the reader has gone. */
  send(item: Item): Promise<boolean>;
}

type Subscription = Extract<FeedRequest, { type: 'subscribe' }>;
type Query<Topic> = Extract<Subscription['to'], { topic: Topic }>;

/** Where the topics come from. Each runs until its reader is gone. */
export interface FeedSources {
  /** Id of the newest fact. */
  lastId(): Promise<number>;
  events(query: Query<'events'>, reader: TopicReader<LedgerEvent>): Promise<void>;
  fleet(reader: TopicReader<FleetEvent>): Promise<void>;
  /** Rejects with `session_not_found` and its kin. */
  conversation(query: Query<'conversation'>, reader: TopicReader<Entry>): Promise<void>;
}

export interface FeedOptions {
  sources: FeedSources;
  log: Log;
  door: WebSocketDoor;
  /** Between two signs of life on a quiet connection, in milliseconds. */
  heartbeatMs?: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

const usualHeartbeatMs = 15_000;
const usualStallMs = 30_000;
/** Topics of one connection at a time. */
const mostTopics = 32;

/**
 * Mounts `GET /feed/ws`: topics over one WebSocket, for pages, which have few connections. The first frame is `hello`
 * with the id of the newest fact. What a reader has not taken waits where it is stored.
 */
export function mountFeed(app: FastifyInstance, options: FeedOptions): void {
  const { sources, log, door, heartbeatMs = usualHeartbeatMs, stallMs = usualStallMs } = options;
  app.get(feedPaths.socket, async (request, reply) => {
    const lastId = await sources.lastId();
    let topics: Topics | undefined;
    const socket = door.open(request, reply, {
      heartbeatMs,
      stallMs,
      onText: (text) => topics?.receive(text),
    });
    topics = new Topics(socket, sources, log);
    // A page hears no pings: it has to be told that the connection lives.
    const beat = setInterval(() => topics.beat(), heartbeatMs);
    beat.unref();
    socket.closed.addEventListener('abort', () => clearInterval(beat));
    await socket.send(JSON.stringify({ type: 'hello', version: 1, lastId } satisfies FeedMessage));
  });
}

/** The topics of one connection. */
class Topics {
  readonly #socket: WebSocketConnection;
  readonly #sources: FeedSources;
  readonly #log: Log;
  readonly #open = new Map<number, AbortController>();

  constructor(socket: WebSocketConnection, sources: FeedSources, log: Log) {
    this.#socket = socket;
    this.#sources = sources;
    this.#log = log;
  }

  beat(): void {
    if (this.#socket.buffered === 0) this.#tell({ type: 'pong' });
  }

  receive(text: string): void {
    const request = readRequest(text);
    if (request === null) {
      this.#socket.close(closeCodes.notAllowed, 'this is no request of the feed');
    } else if (request.type === 'ping') {
      this.#tell({ type: 'pong' });
    } else if (request.type === 'unsubscribe') {
      this.#open.get(request.id)?.abort();
      this.#open.delete(request.id);
    } else if (this.#open.has(request.id) || this.#open.size >= mostTopics) {
      const message = `One connection has ${mostTopics} topics at most, each with a number of its own.`;
      this.#tell({ type: 'error', id: request.id, code: 'invalid_request', message });
    } else {
      void this.#run(request);
    }
  }

  async #run({ id, to }: Subscription): Promise<void> {
    const ended = new AbortController();
    this.#open.set(id, ended);
    const closed = AbortSignal.any([ended.signal, this.#socket.closed]);
    const reader = <Item>(wrap: (item: Item) => FeedMessage): TopicReader<Item> => ({
      closed,
      send: async (item) => !closed.aborted && (await this.#send(wrap(item))) && !closed.aborted,
    });
    try {
      if (to.topic === 'events') {
        await this.#sources.events(
          to,
          reader((event) => ({ type: 'event', id, event })),
        );
      } else if (to.topic === 'fleet') {
        await this.#sources.fleet(reader((fleet) => ({ type: 'fleet', id, fleet })));
      } else {
        await this.#sources.conversation(
          to,
          reader((entry) => ({ type: 'entry', id, entry })),
        );
      }
    } catch (error) {
      if (closed.aborted) return;
      if (!(error instanceof CodepiperError)) this.#log.warn({ err: error }, 'a topic of the feed failed');
      const { code, message } =
        error instanceof CodepiperError
          ? error
          : { code: 'internal', message: 'A fault of codepiper ended this topic; the log has the details.' };
      this.#tell({ type: 'error', id, code, message });
    } finally {
      if (this.#open.get(id) === ended) this.#open.delete(id);
    }
  }

  #send(message: FeedMessage): Promise<boolean> {
    return this.#socket.send(JSON.stringify(message));
  }

  #tell(message: FeedMessage): void {
    this.#socket.post(JSON.stringify(message));
  }
}

function readRequest(text: string): FeedRequest | null {
  try {
    return feedRequestSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
