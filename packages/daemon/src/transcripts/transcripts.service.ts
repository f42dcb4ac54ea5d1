import { constants, existsSync, readdirSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import { openTranscriptsReader } from '../db/transcripts/open.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { startThread, type Thread } from '../platform/thread.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { isUseless } from './ingest/damaged.ts';
import type {
  Committed,
  Followed,
  FromIngest,
  Imported,
  ImportProgress,
  IngestWorkerData,
  Problem,
  ToIngest,
} from './ingest/messages.ts';
import type { Verification } from './verify.ts';
import { type VerifyProgress, VerifyThreads } from './verify-thread.ts';

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
  /** Days after its last word until what was said in a conversation is removed; null: never. */
  keepDays?: number | null;
  /** Test seam, in milliseconds. */
  sweepMs?: number;
}

/** What cannot be read, and why. */
export interface Unreadable {
  file: string;
  error: string;
}

export type CommittedListener = (committed: Committed) => void;

/** Until the thread is started again after it failed, in milliseconds. */
const restartMs = 5000;
const dayMs = 24 * 60 * 60 * 1000;
/** Paths that could not be read are remembered, up to this many. */
const maxProblems = 200;

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
  readonly #imports = new Map<number, Request<Imported, ImportProgress>>();
  readonly #settling = new Map<number, Pick<Request<void, never>, 'resolve' | 'reject'>>();
  readonly #verifying = new VerifyThreads();
  /** What the thread has to be told again when it is started again. */
  readonly #followed = new Map<string, Followed[]>();
  readonly #changed = new Set<string>();
  #looking: Promise<void> | null = null;
  #starting: Promise<void> | null = null;
  #thread: Thread<ToIngest> | null = null;
  #stopListening: () => void = () => undefined;
  #restart: NodeJS.Timeout | null = null;
  #daily: NodeJS.Timeout | null = null;
  readonly #problems = new Map<string, Problem>();
  /** The thread, started again, makes a new database: sessions that are over belong to conversations in it, too. */
  #damaged = false;
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
    // Nobody may have anything to read, and still they may ask.
    if (needsRepair(this.databasePath)) this.#startThread();
    await this.#takeAll();
    if (this.keepDays === null || this.#stopped) return;
    await this.#prune();
    this.#daily = setInterval(() => {
      this.#prune().catch((error) => this.#o.log.error({ err: error }, 'old transcripts were not removed'));
    }, dayMs).unref();
  }

  async #takeAll(): Promise<void> {
    for (const record of await this.#o.sessions.list()) this.#take(record);
  }

  get keepDays(): number | null {
    return this.#o.keepDays ?? null;
  }

  /** Ids of the sessions that live: their conversations are never too old. */
  async liveSessions(): Promise<string[]> {
    return (await this.#o.sessions.list()).filter(({ status }) => isLive(status)).map(({ id }) => id);
  }

  /** Files and directories that could not be read when they were last looked at, and still cannot. */
  async unreadable(): Promise<Unreadable[]> {
    const found: Unreadable[] = damagedBeside(this.databasePath).map((file) => ({
      file,
      error: 'it was damaged, and transcripts.db made anew; remove it when nobody needs it',
    }));
    for (const [path, { code }] of this.#problems) {
      try {
        await access(path, constants.R_OK);
        this.#problems.delete(path);
      } catch (error) {
        const now = (error as NodeJS.ErrnoException).code ?? code;
        if (now === 'ENOENT' || now === 'ENOTDIR') this.#problems.delete(path);
        else found.push({ file: path, error: now === 'EACCES' ? 'permission denied' : now });
      }
    }
    return found;
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
  ): Promise<Imported> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      this.#imports.set(id, { resolve, reject, told });
      this.#send({ type: 'import', id, ...from });
    });
  }

  /** Reads all files again and compares, in a thread of its own; first what is known is read to its end. */
  async verify(told: (progress: VerifyProgress) => void = () => undefined): Promise<Verification> {
    const id = this.#nextId();
    if (this.#stopped) throw new Error('The daemon stops.');
    await new Promise<void>((resolve, reject) => {
      this.#settling.set(id, { resolve, reject });
      this.#send({ type: 'settle', id });
    });
    if (this.#stopped) throw new Error('The daemon stops.');
    return this.#verifying.run(this.databasePath, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    if (this.#restart) clearTimeout(this.#restart);
    if (this.#daily) clearInterval(this.#daily);
    await this.#starting?.catch(() => undefined);
    await this.#looking;
    await Promise.all([this.#verifying[Symbol.asyncDispose](), this.#thread?.[Symbol.asyncDispose]()]);
    this.#thread = null;
    this.#rejectAll(new Error('The daemon stops.'));
  }

  /** Where nothing was ever stored there is nothing to remove, and no thread to start for it. */
  async #prune(): Promise<void> {
    if (!existsSync(this.databasePath)) return;
    this.#send({ type: 'prune', live: await this.liveSessions() });
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
    if (this.#stopped) {
      // Whoever asks now would wait for ever.
      this.#rejectAll(new Error('The daemon stops.'));
      return;
    }
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
      keepMs: this.keepDays === null ? null : this.keepDays * dayMs,
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
          if ((this.#followed.size > 0 || this.#damaged) && !this.#thread) this.#startThread();
          if (this.#damaged)
            void this.#takeAll().catch((cause) =>
              log.error({ err: cause }, 'the sessions could not be read'),
            );
          this.#damaged = false;
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
      case 'settled':
        this.#settling.get(message.id)?.resolve();
        this.#settling.delete(message.id);
        break;
      case 'refused': {
        const error = new Error(message.message);
        this.#imports.get(message.id)?.reject(error);
        this.#settling.get(message.id)?.reject(error);
        this.#imports.delete(message.id);
        this.#settling.delete(message.id);
        break;
      }
      case 'pruned': {
        const { type: _, ...removed } = message;
        const { keepDays } = this;
        if (removed.conversations > 0)
          this.#o.log.info({ keepDays, ...removed }, 'old conversations were removed');
        break;
      }
      case 'damaged':
        this.#o.log.error(
          { movedTo: message.movedTo },
          `the database of transcripts was damaged (${message.message}); it is made anew from the files and the archive`,
        );
        this.#damaged = true;
        break;
      case 'problem':
        if (message.path !== null && this.#problems.size < maxProblems) {
          this.#problems.set(message.path, message);
        }
        this.#o.log.warn({ path: message.path, code: message.code }, message.message);
        break;
    }
  }

  #rejectAll(error: Error): void {
    for (const request of [...this.#imports.values(), ...this.#settling.values()]) request.reject(error);
    this.#imports.clear();
    this.#settling.clear();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** Whether there is a database that cannot be read; the thread replaces it when it starts. */
function needsRepair(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    openTranscriptsReader(path).close();
    return false;
  } catch (error) {
    return isUseless(path, error);
  }
}

/** Databases that were damaged and moved aside. */
function damagedBeside(path: string): string[] {
  const prefix = `${basename(path)}.damaged-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && !/-(?:wal|shm)$/.test(name))
    .map((name) => join(dirname(path), name));
}
