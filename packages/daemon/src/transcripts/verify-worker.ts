import { parentPort, workerData } from 'node:worker_threads';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { openTranscriptsReader } from '../db/transcripts/open.ts';
import { verifyTranscripts } from './verify.ts';
import type { FromVerify, ToVerify, VerifyWorkerData } from './verify-thread.ts';

/** The thread of one verification: what it compares is the database as it is when the thread begins. */
async function work(port: NonNullable<typeof parentPort>, data: VerifyWorkerData): Promise<void> {
  const tell = (message: FromVerify) => port.postMessage(message);
  const stop = new AbortController();
  port.on('message', (_: ToVerify) => stop.abort());
  const db = openTranscriptsReader(data.databasePath);
  try {
    const onVerified = (done: number, all: number) => tell({ type: 'verifying', done, all });
    const result = await verifyTranscripts(db, transcriptFormats, onVerified, stop.signal);
    tell({ type: 'verified', result });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    db.close();
    port.close();
  }
}

// A failure is an unhandled rejection, which the thread's owner hears of as its error.
if (parentPort) void work(parentPort, workerData as VerifyWorkerData);
