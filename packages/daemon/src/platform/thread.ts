import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A thread with a program of its own, as its owner sees it. Disposing of it lets it finish what it does. */
export interface Thread<In> extends AsyncDisposable {
  /** @param transfer what of the message becomes the thread's own, without a copy */
  send(message: In, transfer?: readonly ArrayBuffer[]): void;
}

export interface ThreadOptions<In, Out> {
  /** `<program>.cjs` lies beside the bundle; in a checkout `source` is run. */
  program: string;
  source: string;
  data: unknown;
  heard: (message: Out) => void;
  /** It ended by itself. */
  failed: (error: Error) => void;
  /** What tells it to stop. */
  stop: In;
}

/** How long it has to finish what it does when it is to stop, in milliseconds. */
const stopMs = 5000;

/**
 * Room for short-lived objects, in MB. Node's own choice lets a thread that has read much keep 20 MB more, and is not quicker
 * (measured while 80 MB of transcripts were brought in).
 */
const youngMb = 4;

/** Starts a thread. */
export function startThread<In, Out>(options: ThreadOptions<In, Out>): Thread<In> {
  const { program, source, data, heard, failed, stop } = options;
  const bundled = join(import.meta.dirname, `${program}.cjs`);
  const isBundled = existsSync(bundled);
  const worker = new Worker(isBundled ? bundled : source, {
    workerData: data,
    name: program,
    stdout: true,
    stderr: true,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    // As every program of a checkout is run.
    ...(!isBundled && { execArgv: ['--conditions=source', '--experimental-strip-types'] }),
  });
  // Warnings of Node and the like. On this process's own output, whose reader may be gone, they would end the daemon.
  worker.stdout.resume();
  worker.stderr.resume();
  let stopping = false;
  let failure: Error | null = null;
  const ended = new Promise<void>((resolve) => {
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', (code) => {
      resolve();
      if (!stopping) failed(failure ?? new Error(`the thread ${program} ended with ${code}`));
    });
  });
  worker.on('message', heard);
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    async [Symbol.asyncDispose]() {
      stopping = true;
      worker.postMessage(stop);
      const late = setTimeout(() => void worker.terminate(), stopMs);
      await ended;
      clearTimeout(late);
    },
  };
}
