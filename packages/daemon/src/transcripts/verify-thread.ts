import { join } from 'node:path';
import { startThread, type Thread } from '../platform/thread.ts';
import type { Verification } from './verify.ts';

export interface VerifyWorkerData {
  databasePath: string;
}

/** It is to end, whether it is done or not. */
export type ToVerify = { type: 'stop' };
export type FromVerify =
  | { type: 'verifying'; done: number; all: number }
  | { type: 'verified'; result: Verification };

/** Files compared, of all. */
export interface VerifyProgress {
  done: number;
  all: number;
}

/** Verifies in threads of their own, so that nothing waits for it. */
export class VerifyThreads implements AsyncDisposable {
  readonly #running = new Map<Thread<ToVerify>, (error: Error) => void>();
  #ended: Promise<void> = Promise.resolve();

  /** Compares what is stored now with the files. Rejects when the threads are disposed of. */
  async run(databasePath: string, told: (progress: VerifyProgress) => void): Promise<Verification> {
    const { promise, resolve, reject } = Promise.withResolvers<Verification>();
    const data: VerifyWorkerData = { databasePath };
    const thread = startThread<ToVerify, FromVerify>({
      program: 'verify-worker',
      source: join(import.meta.dirname, 'verify-worker.ts'),
      data,
      stop: { type: 'stop' },
      heard: (message) => {
        if (message.type === 'verified') resolve(message.result);
        else told(message);
      },
      failed: reject,
    });
    this.#running.set(thread, reject);
    try {
      return await promise;
    } finally {
      this.#running.delete(thread);
      this.#ended = Promise.all([this.#ended, thread[Symbol.asyncDispose]()]).then(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running];
    await Promise.all(running.map(([thread]) => thread[Symbol.asyncDispose]()));
    for (const [, reject] of running) reject(new Error('The daemon stops.'));
    await this.#ended;
  }
}
