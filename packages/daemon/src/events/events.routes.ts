import { CodepiperError } from '@codepiper/core/errors.ts';
import { streamPaths } from '@codepiper/core/events/event.endpoints.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { describeProblems } from '../http/problems.ts';
import { openSse, type SseStream } from '../http/sse.ts';
import type { Log } from '../log/log.ts';
import type { Ledger } from './ledger.ts';

export interface EventStreamOptions {
  ledger: Ledger;
  log: Log;
  /** Between two comments that keep the connection open, in milliseconds. */
  heartbeatMs?: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

const querySchema = z.strictObject({
  /** Only events of this session; its whole id. */
  session: z.uuid().optional(),
  /** Events after this id; those after the request when absent. */
  since: z.coerce.number().int().min(0).optional(),
});

/** Events read at a time; what a reader has not taken waits in the ledger, not in memory. */
const batchSize = 200;

/**
 * Mounts `GET /events/stream`: ledger events as server-sent events, each with its id. A reader goes on after
 * `Last-Event-ID` (or `?since=`); no event is lost or doubled between the past and the present, for both are read
 * from the ledger by one cursor.
 */
export function mountEventStream(app: FastifyInstance, options: EventStreamOptions): void {
  const { ledger, log, heartbeatMs = 15_000, stallMs = 30_000 } = options;
  const open = new Set<SseStream>();
  // Before the server waits for requests to end: these would not.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.close();
  });

  app.get(streamPaths.events, async (request, reply) => {
    const { session, since } = readQuery(request.query, request.headers['last-event-id']);
    const wake = wakeable();
    const stopListening = ledger.listen((events) => {
      if (session === undefined || events.some((event) => event.sessionId === session)) wake.ring();
    });
    let stream: SseStream | undefined;
    try {
      let cursor = since ?? (await ledger.lastId());
      stream = openSse(reply, { heartbeatMs, stallMs });
      open.add(stream);
      stream.closed.addEventListener('abort', wake.ring);
      while (!stream.closed.aborted) {
        const events = await readAfter(ledger, cursor, session);
        for (const event of events) {
          if (!(await stream.send(`id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`))) break;
          cursor = event.id;
        }
        if (events.length < batchSize) await wake.wait();
      }
    } catch (error) {
      if (!stream) throw error;
      // The answer has begun; the reader comes back with its last id.
      log.warn({ err: error }, 'an event stream failed');
    } finally {
      stopListening();
      stream?.close();
      if (stream) open.delete(stream);
    }
  });
}

async function readAfter(
  ledger: Ledger,
  cursor: number,
  sessionId: string | undefined,
): Promise<LedgerEvent[]> {
  if (sessionId === undefined) return ledger.since(cursor, batchSize);
  const { events } = await ledger.list({ sessionId, since: cursor, limit: batchSize });
  return events;
}

function readQuery(
  query: unknown,
  lastEventId: string | string[] | undefined,
): { session?: string | undefined; since?: number | undefined } {
  const resumed = lastEventId === undefined ? {} : { since: lastEventId };
  const result = querySchema.safeParse({ ...(query as object), ...resumed });
  if (result.success) return result.data;
  const problems = describeProblems('query', querySchema, result.error.issues);
  throw new CodepiperError('invalid_request', problems.join('; '), { problems });
}

/** A bell that remembers being rung while nobody waited. */
function wakeable(): { ring(): void; wait(): Promise<void> } {
  let rung = false;
  let resume: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      resume?.();
    },
    async wait() {
      if (!rung) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      rung = false;
      resume = undefined;
    },
  };
}
