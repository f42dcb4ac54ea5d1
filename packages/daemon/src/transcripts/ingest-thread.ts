import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromIngest, IngestWorkerData, ToIngest } from './ingest/messages.ts';

/** The thread that reads transcripts, as its owner sees it. */
export interface IngestThread extends AsyncDisposable {
  send(message: ToIngest): void;
}

export interface IngestThreadParts {
  data: IngestWorkerData;
  heard: (message: FromIngest) => void;
  /** It ended by itself. */
  failed: (error: Error) => void;
}

/** How long it has to finish what it does when it is to stop, in milliseconds. */
const stopMs = 5000;

/** Starts the thread. */
export function startIngestThread({ data, heard, failed }: IngestThreadParts): IngestThread {
  const file = program();
  const worker = new Worker(file, {
    workerData: data,
    name: 'codepiper-ingest',
    // As every program of a checkout is run.
    ...(file.endsWith('.ts') && { execArgv: ['--conditions=source', '--experimental-strip-types'] }),
  });
  let stopping = false;
  let failure: Error | null = null;
  const ended = new Promise<void>((resolve) => {
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', (code) => {
      resolve();
      if (!stopping) failed(failure ?? new Error(`the thread ended with ${code}`));
    });
  });
  worker.on('message', heard);
  return {
    send: (message) => worker.postMessage(message),
    async [Symbol.asyncDispose]() {
      stopping = true;
      worker.postMessage({ type: 'stop' } satisfies ToIngest);
      const late = setTimeout(() => void worker.terminate(), stopMs);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Beside the bundle it is a program of its own; in a checkout it is run from its source. */
function program(): string {
  const bundled = fileURLToPath(new URL('./ingest-worker.cjs', import.meta.url));
  return existsSync(bundled) ? bundled : fileURLToPath(new URL('./ingest/ingest-worker.ts', import.meta.url));
}
