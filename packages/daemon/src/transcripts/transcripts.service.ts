import { join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { startThread, type Thread } from '../platform/thread.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type {
  Committed,
  Followed,
  FromIngest,
  ImportProgress,
  IngestWorkerData,
  ToIngest,
} from './ingest/messages.ts';
import type { Verification } from './verify.ts';

export interface TranscriptsOptions {
  ledger: Pick<Ledger, 'listen'>;
  sessions: {
    list(): Promise<SessionRecord[]>;
    get(id: string): Promise<SessionRecord | null>;
  };
  home: string;
  /** Where the agents keep their files by default. */
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  /** Test seam, in milliseconds. */
  sweepMs?: number;
}

export type CommittedListener = (committed: Committed) => void;

/** Until the thread is started again after it failed, in milliseconds. */
const restartMs = 5000;

const endings = ['session.ended', 'session.removed'];
/** After these a session may be in another conversation. */
const beginnings = [
  'session.created',
  'session.started',
  'session.adopted',
  'session.resumed',
  'session.conversation',
];

interface Request<Result, Told> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
  told: (progress: Told) => void;
}

/**
 * Has the transcripts of sessions read by a thread of its own, and says which are whose. The thread is started when
 * there is something to read.
 */
export class TranscriptsService implements AsyncDisposable {
  readonly #o: TranscriptsOptions;
  readonly #listeners = new Set<CommittedListener>();
  readonly #imports = new Map<number, Request<ImportProgress, ImportProgress>>();
  readonly #verifications = new Map<number, Request<Verification, { done: number; all: number }>>();
  /** What the thread has to be told again when it is started again. */
  readonly #followed = new Map<string, Followed[]>();
  readonly #changed = new Set<string>();
  #looking: Promise<void> | null = null;
  #starting: Promise<void> | null = null;
  #thread: Thread<ToIngest> | null = null;
  #stopListening: () => void = () => undefined;
  #restart: NodeJS.Timeout | null = null;
  #stopped = false;
  #lastId = 0;

  constructor(options: TranscriptsOptions) {
    this.#o = options;
  }

  get databasePath(): string {
    return join(this.#o.home, homeFiles.transcripts);
  }

  /** Follows the sessions there are, and from now on those that come. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    this.#stopListening = this.#o.ledger.listen((events) => {
      for (const { sessionId, type } of events) {
        if (sessionId === null) continue;
        const pathless = this.#followed.get(sessionId)?.every((one) => one.path === null) ?? false;
        if (pathless || beginnings.includes(type) || endings.includes(type)) this.#look(sessionId);
      }
    });
    for (const record of await this.#o.sessions.list()) this.#take(record);
  }

  /** Hears of what was stored for the conversations of sessions. Returns a disposer. */
  listen(listener: CommittedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Brings in transcripts of agents that codepiper did not start: below the directories, or all there are. */
  import(
    from: { provider: string | null; directories: readonly string[] | null },
    told: (progress: ImportProgress) => void = () => undefined,
  ): Promise<ImportProgress> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      this.#imports.set(id, { resolve, reject, told });
      this.#send({ type: 'import', id, ...from });
    });
  }

  /** Reads all files again and compares. */
  verify(told: (progress: { done: number; all: number }) => void = () => undefined): Promise<Verification> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      this.#verifications.set(id, { resolve, reject, told });
      this.#send({ type: 'verify', id });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    if (this.#restart) clearTimeout(this.#restart);
    await this.#starting?.catch(() => undefined);
    await this.#looking;
    await this.#thread?.[Symbol.asyncDispose]();
    this.#thread = null;
    this.#rejectAll(new Error('The daemon stops.'));
  }

  /** Reads the session's row soon, once for many events. */
  #look(sessionId: string): void {
    this.#changed.add(sessionId);
    this.#looking ??= this.#lookAll()
      .catch((error) => this.#o.log.error({ err: error }, 'the sessions could not be read'))
      .finally(() => {
        this.#looking = null;
      });
  }

  async #lookAll(): Promise<void> {
    while (this.#changed.size > 0 && !this.#stopped) {
      for (const id of [...this.#changed]) {
        this.#changed.delete(id);
        const record = await this.#o.sessions.get(id);
        if (record) this.#take(record);
        else this.#leave(id);
      }
    }
  }

  #take(record: SessionRecord): void {
    const { id: sessionId, provider, transcriptPath: path } = record;
    const conversationId = record.conversation.id;
    if (path !== null || conversationId !== null) {
      const followed: Followed = { sessionId, provider, path, conversationId };
      const before = this.#followed.get(sessionId) ?? [];
      const known = before.some((one) => one.path === path && one.conversationId === conversationId);
      if (!known) {
        this.#followed.set(sessionId, [...before, followed]);
        this.#send({ type: 'follow', ...followed });
      }
    }
    if (!isLive(record.status)) this.#leave(sessionId);
  }

  #leave(sessionId: string): void {
    if (this.#followed.delete(sessionId)) this.#send({ type: 'unfollow', sessionId });
  }

  #send(message: ToIngest): void {
    if (this.#stopped) return;
    if (!this.#thread) {
      if (this.#restart && (message.type === 'follow' || message.type === 'unfollow')) return;
      this.#startThread();
      if (message.type === 'follow') return;
    }
    this.#thread?.send(message);
  }

  #startThread(): void {
    const { home, env, log, sweepMs = 10_000 } = this.#o;
    const known = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const data: IngestWorkerData = {
      databasePath: this.databasePath,
      archiveDirectory: join(home, homeFiles.archive),
      env: Object.fromEntries(known),
      sweepMs,
    };
    this.#thread = startThread<ToIngest, FromIngest>({
      program: 'ingest-worker',
      source: join(import.meta.dirname, 'ingest/ingest-worker.ts'),
      data,
      stop: { type: 'stop' },
      heard: (message) => this.#heard(message),
      failed: (error) => {
        log.error({ err: error }, 'the reading of transcripts failed; it is tried again');
        this.#thread = null;
        this.#rejectAll(error);
        if (this.#stopped || this.#restart) return;
        this.#restart = setTimeout(() => {
          this.#restart = null;
          if (this.#followed.size > 0 && !this.#thread) this.#startThread();
        }, restartMs).unref();
      },
    });
    for (const followed of [...this.#followed.values()].flat()) {
      this.#thread.send({ type: 'follow', ...followed });
    }
  }

  #heard(message: FromIngest): void {
    switch (message.type) {
      case 'committed':
        for (const listener of [...this.#listeners]) listener(message);
        break;
      case 'progress':
        this.#imports.get(message.id)?.told(message);
        break;
      case 'imported':
        this.#imports.get(message.id)?.resolve(message);
        this.#imports.delete(message.id);
        break;
      case 'verifying':
        this.#verifications.get(message.id)?.told(message);
        break;
      case 'verified':
        this.#verifications.get(message.id)?.resolve(message.result);
        this.#verifications.delete(message.id);
        break;
      case 'refused': {
        const error = new Error(message.message);
        this.#imports.get(message.id)?.reject(error);
        this.#verifications.get(message.id)?.reject(error);
        this.#imports.delete(message.id);
        this.#verifications.delete(message.id);
        break;
      }
      case 'problem':
        this.#o.log.warn({ path: message.path, code: message.code }, message.message);
        break;
    }
  }

  #rejectAll(error: Error): void {
    for (const request of [...this.#imports.values(), ...this.#verifications.values()]) request.reject(error);
    this.#imports.clear();
    this.#verifications.clear();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
