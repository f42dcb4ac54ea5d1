import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import {
  conversationPaths,
  entryStreamQuerySchema,
} from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readInput } from '../http/mount.ts';
import { openSse, type SseStream } from '../http/sse.ts';
import type { Log } from '../log/log.ts';
import { type EntrySources, feedEntries } from './entry-feed.ts';

export interface ConversationStreamOptions extends EntrySources {
  sessions: {
    /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
    get(ref: string): Promise<{ id: string }>;
  };
  log: Log;
  /** Between two comments that keep the connection open, in milliseconds. */
  heartbeatMs?: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

const endpoint = { params: z.strictObject({ id: sessionRefSchema }), query: entryStreamQuerySchema };
type Params = z.output<typeof endpoint.params>;
type Query = z.output<typeof endpoint.query>;

/**
 * Mounts `GET /sessions/:id/conversation/stream`: entries of the session's conversations as they are stored, as
 * server-sent events with their ids. A reader goes on after `Last-Event-ID` (or `?since=`); no entry is lost or doubled
 * between the past and the present, for both are read by one cursor. A session that goes on in another conversation
 * goes on here.
 */
export function mountConversationStream(app: FastifyInstance, options: ConversationStreamOptions): void {
  const { sessions, log, heartbeatMs = 15_000, stallMs = 30_000 } = options;
  const open = new Set<SseStream>();
  // Before the server waits for requests to end: these would not.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.close();
  });

  app.get(conversationPaths.sessionStream, async (request, reply) => {
    const lastId = request.headers['last-event-id'];
    const resumed = lastId === undefined ? {} : { since: lastId };
    const input = readInput(endpoint, {
      params: request.params,
      query: { ...(request.query as object), ...resumed },
      body: undefined,
    });
    // They were read by the schemas above.
    const query = input.query as Query;
    const { id: session } = await sessions.get((input.params as Params).id);
    let stream: SseStream | undefined;
    try {
      await feedEntries(options, { ...query, session }, () => {
        const opened = openSse(reply, { heartbeatMs, stallMs });
        stream = opened;
        open.add(opened);
        return {
          closed: opened.closed,
          send: (entry) => opened.send(`event: entry\nid: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`),
        };
      });
    } catch (error) {
      if (!stream) throw error;
      // The answer has begun; the reader comes back with its last id.
      log.warn({ err: error }, 'a conversation stream failed');
    } finally {
      stream?.close();
      if (stream) open.delete(stream);
    }
  });
}
