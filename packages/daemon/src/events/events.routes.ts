import { CodepiperError } from '@codepiper/core/errors.ts';
import { eventStreamQuerySchema, socketPaths, streamPaths } from '@codepiper/core/events/event.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { describeProblems } from '../http/problems.ts';
import { openSse, type SseStream } from '../http/sse.ts';
import { closeCodes, type WebSocketConnection, type WebSocketDoor } from '../http/ws.ts';
import type { Log } from '../log/log.ts';
import { type FeedQuery, feedEvents } from './feed.ts';
import type { Ledger } from './ledger.ts';

export interface EventStreamOptions {
  ledger: Ledger;
  log: Log;
  /** Between two signs of life on a quiet connection, in milliseconds. */
  heartbeatMs?: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

const usualHeartbeatMs = 15_000;
const usualStallMs = 30_000;

/**
 * Mounts `GET /events/stream`: ledger events as server-sent events, each with its id. A reader goes on after
 * `Last-Event-ID` (or `?since=`).
 */
export function mountEventStream(app: FastifyInstance, options: EventStreamOptions): void {
  const { ledger, log, heartbeatMs = usualHeartbeatMs, stallMs = usualStallMs } = options;
  const open = new Set<SseStream>();
  // Before the server waits for requests to end: these would not.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.close();
  });

  app.get(streamPaths.events, async (request, reply) => {
    const query = readQuery(request.query, request.headers['last-event-id']);
    let stream: SseStream | undefined;
    try {
      await feedEvents(ledger, query, () => {
        const opened = openSse(reply, { heartbeatMs, stallMs });
        stream = opened;
        open.add(opened);
        return {
          closed: opened.closed,
          send: (event) => opened.send(`id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`),
        };
      });
    } catch (error) {
      if (!stream) throw error;
      // The answer has begun; the reader comes back with its last id.
      log.warn({ err: error }, 'an event stream failed');
    } finally {
      stream?.close();
      if (stream) open.delete(stream);
    }
  });
}

/**
 * Mounts `GET /events/ws`: the same over a WebSocket. The first frame is `{ type: 'hello', version, lastId }`, with the
 * id of the newest event there is; each that follows is an event.
 */
export function mountEventSocket(
  app: FastifyInstance,
  options: EventStreamOptions & { door: WebSocketDoor },
): void {
  const { ledger, log, door, heartbeatMs = usualHeartbeatMs, stallMs = usualStallMs } = options;
  app.get(socketPaths.events, async (request, reply) => {
    const query = readQuery(request.query);
    let socket: WebSocketConnection | undefined;
    try {
      await feedEvents(ledger, query, async (lastId) => {
        const opened = door.open(request, reply, { heartbeatMs, stallMs });
        socket = opened;
        await opened.send(JSON.stringify({ type: 'hello', version: 1, lastId }));
        return { closed: opened.closed, send: (event) => opened.send(JSON.stringify(event)) };
      });
    } catch (error) {
      if (!socket) throw error;
      log.warn({ err: error }, 'an event socket failed');
      socket.close(closeCodes.failed, 'a fault of codepiper; come back with your last event');
    }
  });
}

function readQuery(query: unknown, lastEventId?: string | string[]): FeedQuery {
  const resumed = lastEventId === undefined ? {} : { since: lastEventId };
  const result = eventStreamQuerySchema.safeParse({ ...(query as object), ...resumed });
  if (result.success) return result.data;
  const problems = describeProblems('query', eventStreamQuerySchema, result.error.issues);
  throw new CodepiperError('invalid_request', problems.join('; '), { problems });
}
