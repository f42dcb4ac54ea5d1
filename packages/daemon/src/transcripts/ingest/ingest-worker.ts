import { parentPort, workerData } from 'node:worker_threads';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { openTranscriptsDb, openTranscriptsReader } from '../../db/transcripts/open.ts';
import { systemClock } from '../../platform/clock.ts';
import { Resources } from '../../platform/resources.ts';
import { verifyTranscripts } from '../verify.ts';
import { Archive } from './archive.ts';
import { Ingest } from './ingest.ts';
import { Ingestor } from './ingestor.ts';
import type { FromIngest, IngestWorkerData, ToIngest } from './messages.ts';

/** The thread that reads transcripts: the one writer of their database. Ends when it is told to stop. */
async function work(port: NonNullable<typeof parentPort>, data: IngestWorkerData): Promise<void> {
  await using resources = new Resources();
  const tell = (message: FromIngest) => port.postMessage(message);
  const db = openTranscriptsDb(data.databasePath);
  resources.defer(() => db.close());
  const formats = transcriptFormats;
  const ingest = new Ingest({ db, formats, archive: new Archive(data.archiveDirectory), clock: systemClock });
  const { env, sweepMs } = data;
  const ingestor = resources.use(new Ingestor({ ingest, formats, env, sweepMs, tell }));

  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const refuse = (id: number) => (error: unknown) =>
    tell({ type: 'refused', id, message: error instanceof Error ? error.message : String(error) });
  port.on('message', (message: ToIngest) => {
    if (message.type === 'follow') ingestor.follow(message);
    else if (message.type === 'unfollow') ingestor.unfollow(message.sessionId);
    else if (message.type === 'import') {
      void ingestor.import(message.id, message.provider, message.directories).catch(refuse(message.id));
    } else if (message.type === 'verify') void verify(message.id).catch(refuse(message.id));
    else stop();
  });

  async function verify(id: number): Promise<void> {
    await ingestor.idle();
    const reader = openTranscriptsReader(data.databasePath);
    try {
      const result = await verifyTranscripts(reader, formats, async (done, all) => {
        tell({ type: 'verifying', id, done, all });
        await new Promise((resolve) => setImmediate(resolve));
      });
      tell({ type: 'verified', id, result });
    } finally {
      reader.close();
    }
  }

  await stopped;
  port.close();
}

// A failure is an unhandled rejection, which the thread's owner hears of as its error.
if (parentPort) void work(parentPort, workerData as IngestWorkerData);
