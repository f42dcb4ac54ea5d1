import { parentPort, workerData } from 'node:worker_threads';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { systemClock } from '../../platform/clock.ts';
import { Resources } from '../../platform/resources.ts';
import { Archive } from './archive.ts';
import { moveAside, openOrReplace } from './damaged.ts';
import { Ingest } from './ingest.ts';
import { Ingestor } from './ingestor.ts';
import type { FromIngest, IngestWorkerData, ToIngest } from './messages.ts';
import { Pruning } from './prune.ts';
import { archivedTranscripts } from './restore.ts';

/** The thread that reads transcripts: the one writer of their database. Ends when it is told to stop. */
async function work(port: NonNullable<typeof parentPort>, data: IngestWorkerData): Promise<void> {
  await using resources = new Resources();
  const tell = (message: FromIngest) => port.postMessage(message);
  const replaced = (movedTo: string, { message }: Error) => tell({ type: 'damaged', movedTo, message });
  const db = openOrReplace(data.databasePath, systemClock.now, replaced);
  resources.defer(() => db.close());
  const formats = transcriptFormats;
  const archive = new Archive(data.archiveDirectory);
  const ingest = new Ingest({ db, formats, archive, clock: systemClock });
  const { env, sweepMs, keepMs } = data;
  const { promise: stopped, resolve: stop, reject: damaged } = Promise.withResolvers<void>();
  const ingestor = resources.use(
    new Ingestor({ ingest, formats, env, sweepMs, keepMs, tell, damaged: replaceDamaged }),
  );
  if (!ingest.store.isRestored) {
    ingestor.restore(archivedTranscripts(archive, formats));
    ingest.store.setRestored();
  }

  /** The thread that is started next makes a new one. */
  function replaceDamaged(error: Error): void {
    if (!db.open) return;
    db.close();
    replaced(moveAside(data.databasePath, systemClock.now()), error);
    damaged(error);
  }

  const isStopped = new AbortController();
  const refuse = (id: number) => (error: unknown) =>
    tell({ type: 'refused', id, message: error instanceof Error ? error.message : String(error) });
  port.on('message', (message: ToIngest) => {
    if (message.type === 'follow') ingestor.follow(message);
    else if (message.type === 'unfollow') ingestor.unfollow(message.sessionId);
    else if (message.type === 'import') {
      void ingestor.import(message.id, message.provider, message.directories).catch(refuse(message.id));
    } else if (message.type === 'settle') void settle(message.id).catch(refuse(message.id));
    else if (message.type === 'prune') void prune(message.live).catch(notPruned);
    else stop();
  });

  async function settle(id: number): Promise<void> {
    await ingestor.idle();
    tell({ type: 'settled', id });
  }

  function notPruned(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    tell({
      type: 'problem',
      path: null,
      code: 'FAILED',
      message: `old conversations were not removed: ${why}`,
    });
  }

  async function prune(live: readonly string[]): Promise<void> {
    if (keepMs === null) return;
    await ingestor.idle();
    const pruning = new Pruning({ db, archive, follows: (file) => ingestor.follows(file) });
    const pruned = await pruning.run({ now: systemClock.now(), keepMs, live }, isStopped.signal);
    tell({ type: 'pruned', ...pruned });
  }

  await stopped;
  isStopped.abort();
  port.close();
}

// A failure is an unhandled rejection, which the thread's owner hears of as its error.
if (parentPort) void work(parentPort, workerData as IngestWorkerData);
