import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import { createBell } from '../platform/bell.ts';
import type { Ledger } from './ledger.ts';

/** Who reads events as they happen. */
export interface FeedReader {
  /** Aborted when the reader has gone. */
  readonly closed: AbortSignal;
  /** Resolves when there is room for the next; false when the reader has gone. */
  send(event: LedgerEvent): Promise<boolean>;
}

export interface FeedQuery {
  /** Only events of this session; its whole id. */
  session?: string | undefined;
  /** Events after this id; those from now on when absent. */
  since?: number | undefined;
}

/** Events read at a time; what a reader has not taken waits in the ledger, not in memory. */
const batchSize = 200;

/**
 * Sends a reader events until it goes. No event is lost or doubled between the past and the present, for both are read
 * from the ledger by one cursor.
 *
 * @param open begins the answer; it is told the id of the newest event
 */
export async function feedEvents(
  ledger: Ledger,
  { session, since }: FeedQuery,
  open: (lastId: number) => FeedReader | Promise<FeedReader>,
): Promise<void> {
  const bell = createBell();
  const stopListening = ledger.listen((events) => {
    if (session === undefined || events.some((event) => event.sessionId === session)) bell.ring();
  });
  try {
    const lastId = await ledger.lastId();
    // An id that is not there yet is of another ledger, such as the one before a restore: waiting for it would miss all
    // that happens until then.
    let cursor = Math.min(since ?? lastId, lastId);
    const reader = await open(lastId);
    reader.closed.addEventListener('abort', bell.ring);
    while (!reader.closed.aborted) {
      const events = await readAfter(ledger, cursor, session);
      for (const event of events) {
        if (!(await reader.send(event))) break;
        cursor = event.id;
      }
      if (events.length < batchSize && !reader.closed.aborted) await bell.wait();
    }
  } finally {
    stopListening();
  }
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
