import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Period } from '@codepiper/core/analytics/periods.ts';
import { shippedPrices } from '@codepiper/core/analytics/prices.data.ts';
import { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { analyticsQueries } from './analytics/analytics.ts';
import { readPriceFile } from './analytics/price-file.ts';
import { usageOfSession } from './analytics/usage.store.ts';
import { auditQueries } from './audit/audit.queries.ts';
import { readAuditKey } from './audit/audit-key.ts';
import { createRedaction } from './audit/redaction.ts';
import { conversationsById } from './conversations/conversations.store.ts';
import { conversationQueries } from './conversations/conversations.ts';
import { entriesWithoutText } from './conversations/entries.ts';
import { exportQueries } from './conversations/export.ts';
import { asStorageError } from './db/errors.ts';
import { openMainReader, openReader } from './db/transcripts/open.ts';
import type { FromQueries, QueryWorkerData, ToQueries } from './db/transcripts/query-thread.ts';
import type { Queries, QueryContext } from './db/transcripts/reader.ts';
import { fleetQueries } from './fleet/said.ts';
import { Resources } from './platform/resources.ts';
import { searchQueries } from './search/search.ts';
import { statusQueries } from './transcripts/status.ts';

const ever: Period = { since: null, until: null, timezone: 'UTC' };

/** Everything that is asked of transcripts.db, by name. */
const queries = {
  ...analyticsQueries,
  ...auditQueries,
  ...conversationQueries,
  ...exportQueries((context, conversations) =>
    analyticsQueries.tokensByModel(context, { conversations, period: ever }),
  ),
  ...fleetQueries(({ db, prices }) => {
    const book = prices();
    return (session) => usageOfSession(db, session, book);
  }),
  ...searchQueries({ entries: entriesWithoutText, conversations: conversationsById }),
  ...statusQueries,
} as const satisfies Queries;
export type TranscriptQueries = typeof queries;

/**
 * The thread that reads transcripts.db, and the composition root of it: no question that takes long is answered by the
 * thread that serves hooks and terminals. Ends when it is told to stop.
 */
async function work(port: NonNullable<typeof parentPort>, data: QueryWorkerData): Promise<void> {
  await using resources = new Resources();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const { context, renew } = createContext(data, resources);
  port.on('message', (message: ToQueries) => {
    if (message.type === 'stop') stop();
    else void answer(message).then((reply) => port.postMessage(reply));
  });

  async function answer({ id, name, args }: Extract<ToQueries, { type: 'ask' }>): Promise<FromQueries> {
    try {
      const query = (queries as Queries)[name];
      if (!query) throw new Error(`nobody knows the query ${name}`);
      renew();
      return { id, result: await query(context, args) };
    } catch (error) {
      const known = error instanceof CodepiperError ? error : asStorageError(error);
      const message = error instanceof Error ? error.message : String(error);
      if (known === null) return { id, code: null, message, details: undefined };
      return { id, code: known.code, message: known.message, details: known.details };
    }
  }

  await stopped;
  port.close();
}

function createContext(
  data: QueryWorkerData,
  resources: Resources,
): { context: QueryContext; renew: () => void } {
  let opened: number | null = null;
  let db: ReturnType<typeof openReader> | null = null;
  let main: ReturnType<typeof openMainReader> | null = null;
  let redact: ((text: string) => string) | null = null;
  const inode = () => statSync(data.transcripts, { throwIfNoEntry: false })?.ino ?? null;
  // Before anything was read there is no file; what is asked meanwhile is answered from an empty one. One that was
  // damaged is replaced by another.
  const renew = () => {
    if (db === null || inode() === opened) return;
    db[Symbol.dispose]();
    db = null;
  };
  resources.defer(() => db?.[Symbol.dispose]());
  const context: QueryContext = {
    get db() {
      if (db === null) {
        opened = inode();
        db = openReader(data.transcripts);
      }
      return db;
    },
    main() {
      if (data.main === ':memory:') {
        throw new CodepiperError(
          'unsupported',
          'The database is in memory: there is nothing to read for others.',
        );
      }
      main ??= resources.use(openMainReader(data.main));
      return main;
    },
    // Read each time: what a person corrects counts at once.
    prices: () => new PriceBook(shippedPrices, readPriceFile(data.prices)),
    formats: transcriptFormats,
    files: { main: data.main, auditKey: data.auditKey },
    redact(text) {
      redact ??= redactionOf(data.auditKey);
      return redact(text);
    },
  };
  return { context, renew };
}

/** The same marks as in the audit trail, so that one secret is known again. */
function redactionOf(path: string): (text: string) => string {
  const key = readAuditKey(path);
  return createRedaction((secret) => key?.mark(secret) ?? '').text;
}

// A failure is an unhandled rejection, which the thread's owner hears of as its error.
if (parentPort) void work(parentPort, workerData as QueryWorkerData);
