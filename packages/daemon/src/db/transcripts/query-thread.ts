import { join } from 'node:path';
import { CodepiperError, type ErrorCode } from '@codepiper/core/errors.ts';
import type { Log } from '../../log/log.ts';
import { startThread, type Thread } from '../../platform/thread.ts';
import type { Ask, Queries } from './reader.ts';

/** What the thread that reads is started with. */
export interface QueryWorkerData {
  /** transcripts.db; it need not exist. */
  transcripts: string;
  /** codepiper's own database, or `:memory:`. */
  main: string;
  /** The user's own prices; the file need not exist. */
  prices: string;
  /** Key that secrets are marked with. */
  auditKey: string;
}

export type ToQueries = { type: 'ask'; id: number; name: string; args: unknown } | { type: 'stop' };
export type FromQueries =
  | { id: number; result: unknown }
  | { id: number; code: ErrorCode | null; message: string; details: Record<string, unknown> | undefined };

export interface QueryThreadOptions {
  data: QueryWorkerData;
  log: Log;
}

/** How long it stays without being asked, in milliseconds. */
const idleMs = 30_000;

interface Asked {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** The thread that reads transcripts.db: started when it is asked something, ended when nobody has asked for a while. */
export class QueryThread<Q extends Queries> implements AsyncDisposable {
  readonly #o: QueryThreadOptions;
  readonly #asked = new Map<number, Asked>();
  #thread: Thread<ToQueries> | null = null;
  #ending: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | null = null;
  #lastId = 0;
  #holds = 0;
  #stopped = false;

  constructor(options: QueryThreadOptions) {
    this.#o = options;
  }

  readonly ask: Ask<Q> = (name, args) => {
    if (this.#stopped) return Promise.reject(new CodepiperError('shutting_down', 'The daemon is stopping.'));
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start();
      this.#thread.send({ type: 'ask', id, name: String(name), args });
      // Nothing is answered before this turn of the loop ends.
      this.#asked.set(id, { resolve: resolve as Asked['resolve'], reject });
    });
  };

  /** Starts the thread and keeps it until the disposer is called: for those who will ask and must not wait then. */
  hold(): () => void {
    if (!this.#stopped) this.#thread ??= this.#start();
    this.#holds += 1;
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      this.#endWhenIdle();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#idle) clearTimeout(this.#idle);
    await this.#end();
    this.#rejectAll(new CodepiperError('shutting_down', 'The daemon is stopping.'));
  }

  #start(): Thread<ToQueries> {
    const thread: Thread<ToQueries> = startThread<ToQueries, FromQueries>({
      program: 'query-worker',
      source: join(import.meta.dirname, '../../query-worker.ts'),
      data: this.#o.data,
      stop: { type: 'stop' },
      heard: (message) => this.#heard(message),
      failed: (error) => {
        if (this.#thread !== thread) return;
        this.#thread = null;
        this.#o.log.error({ err: error }, 'the thread that reads transcripts failed');
        this.#rejectAll(
          new CodepiperError(
            'internal',
            `The thread that reads transcripts failed: ${error.message}. Ask again; codepiper daemon logs has more.`,
          ),
        );
      },
    });
    return thread;
  }

  #heard(message: FromQueries): void {
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    this.#endWhenIdle();
    if (!asked) return;
    if ('result' in message) asked.resolve(message.result);
    else if (message.code === null) asked.reject(new Error(message.message));
    else asked.reject(new CodepiperError(message.code, message.message, message.details));
  }

  #endWhenIdle(): void {
    if (this.#asked.size > 0 || this.#holds > 0 || this.#stopped) return;
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
  }

  #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    if (thread) {
      const before = this.#ending;
      this.#ending = Promise.all([before, thread[Symbol.asyncDispose]()]).then(() => undefined);
    }
    return this.#ending;
  }

  #rejectAll(error: Error): void {
    for (const asked of this.#asked.values()) asked.reject(error);
    this.#asked.clear();
  }
}
