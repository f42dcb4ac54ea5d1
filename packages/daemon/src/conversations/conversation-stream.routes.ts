import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import {
  conversationPaths,
  entryStreamQuerySchema,
} from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Ask } from '../db/transcripts/reader.ts';
import { readInput } from '../http/mount.ts';
import { openSse, type SseStream } from '../http/sse.ts';
import type { Log } from '../log/log.ts';
import { createBell } from '../platform/bell.ts';
import type { CommittedListener } from '../transcripts/transcripts.service.ts';
import type { ConversationQueries } from './conversations.ts';

export interface ConversationStreamOptions {
  queries: {
    ask: Ask<ConversationQueries>;
    /** Keeps the thread that answers until the disposer is called. */
    hold(): () => void;
  };
  transcripts: {
    /** Hears of what was stored. Returns a disposer. */
    listen(listener: CommittedListener): () => void;
  };
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

/** Entries read at a time; what a reader has not taken waits in the database, not in memory. */
const batchSize = 100;

/**
 * Mounts `GET /sessions/:id/conversation/stream`: entries of the session's conversations as they are stored, as
 * server-sent events with their ids. A reader goes on after `Last-Event-ID` (or `?since=`); no entry is lost or doubled
 * between the past and the present, for both are read by one cursor. A session that goes on in another conversation
 * goes on here.
 */
export function mountConversationStream(app: FastifyInstance, options: ConversationStreamOptions): void {
  const { queries, transcripts, sessions, log, heartbeatMs = 15_000, stallMs = 30_000 } = options;
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
    const { since, ...filter } = input.query as Query;
    const { id: session } = await sessions.get((input.params as Params).id);
    const wake = createBell();
    const ours = new Ours(session);
    const stopListening = transcripts.listen((committed) => {
      if (ours.mayHave(committed)) wake.ring();
    });
    const letGo = queries.hold();
    let stream: SseStream | undefined;
    try {
      let cursor = since ?? (await queries.ask('newestEntry', {}));
      stream = openSse(reply, { heartbeatMs, stallMs });
      open.add(stream);
      stream.closed.addEventListener('abort', wake.ring);
      while (!stream.closed.aborted) {
        const page = await queries.ask('newSessionEntries', {
          session,
          query: { ...filter, since: cursor, limit: batchSize },
        });
        ours.learn(page.conversations);
        for (const entry of page.entries) {
          if (!(await stream.send(`event: entry\nid: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`)))
            break;
        }
        cursor = page.through;
        if (!page.hasMore) await wake.wait();
      }
    } catch (error) {
      if (!stream) throw error;
      // The answer has begun; the reader comes back with its last id.
      log.warn({ err: error }, 'a conversation stream failed');
    } finally {
      stopListening();
      letGo();
      stream?.close();
      if (stream) open.delete(stream);
    }
  });
}

type Committed = Parameters<CommittedListener>[0];

/** Which conversations are a session's: those of agents that its agents started are known only when they were read. */
class Ours {
  readonly #session: string;
  readonly #mine = new Set<number>();
  readonly #others = new Set<number>();

  constructor(session: string) {
    this.#session = session;
  }

  mayHave({ conversation, sessionIds, entries }: Committed): boolean {
    if (sessionIds.includes(this.#session) || this.#mine.has(conversation)) return true;
    if (entries === 0 || this.#others.has(conversation)) return false;
    // Looked at once; whose it is stands in its first lines.
    this.#others.add(conversation);
    return true;
  }

  learn(conversations: readonly { id: number }[]): void {
    for (const { id } of conversations) {
      this.#mine.add(id);
      this.#others.delete(id);
    }
  }
}
