import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import { createBell } from '../platform/bell.ts';
import type { CommittedListener } from '../transcripts/transcripts.service.ts';
import type { ConversationQueries } from './conversations.ts';

export interface EntrySources {
  queries: {
    ask: Ask<ConversationQueries>;
    /** Keeps the thread that answers until the disposer is called. */
    hold(): () => void;
  };
  transcripts: {
    /** Hears of what was stored. Returns a disposer. */
    listen(listener: CommittedListener): () => void;
  };
}

/** Who reads entries as they are stored. */
export interface EntryReader {
  /** Aborted when the reader has gone. */
  readonly closed: AbortSignal;
  /** Resolves when there is room for the next; false when the reader has gone. */
  send(entry: Entry): Promise<boolean>;
}

type EntryQuery = Omit<Parameters<ConversationQueries['newSessionEntries']>[1]['query'], 'limit' | 'since'>;

export interface EntryFeedQuery extends EntryQuery {
  /** The session's whole id. */
  session: string;
  /** Entries after this one; those from now on when absent. */
  since?: number | undefined;
}

/** Entries read at a time; what a reader has not taken waits in the database, not in memory. */
const batchSize = 100;

/**
 * Sends a reader the entries of a session's conversations until it goes. None is lost or doubled between the past and
 * the present, for both are read by one cursor. A session that goes on in another conversation goes on here.
 *
 * @param open begins the answer
 */
export async function feedEntries(
  { queries, transcripts }: EntrySources,
  { session, since, ...filter }: EntryFeedQuery,
  open: () => EntryReader,
): Promise<void> {
  const wake = createBell();
  const ours = new Ours(session);
  const stopListening = transcripts.listen((committed) => {
    if (ours.mayHave(committed)) wake.ring();
  });
  const letGo = queries.hold();
  try {
    let cursor = since ?? (await queries.ask('newestEntry', {}));
    const reader = open();
    reader.closed.addEventListener('abort', wake.ring);
    while (!reader.closed.aborted) {
      const page = await queries.ask('newSessionEntries', {
        session,
        query: { ...filter, since: cursor, limit: batchSize },
      });
      ours.learn(page.conversations);
      for (const entry of page.entries) {
        if (!(await reader.send(entry))) break;
      }
      cursor = page.through;
      if (!page.hasMore && !reader.closed.aborted) await wake.wait();
    }
  } finally {
    stopListening();
    letGo();
  }
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
