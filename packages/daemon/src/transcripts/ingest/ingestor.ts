import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { committedBy } from './committed.ts';
import { isDamage } from './damaged.ts';
import { newestTranscripts } from './find-transcripts.ts';
import { Following } from './following.ts';
import { type Import, Imports } from './imports.ts';
import type { Ingest, Pass, Step } from './ingest.ts';
import type { Followed, FromIngest } from './messages.ts';
import { Problems } from './problems.ts';
import { Stalled } from './stalled.ts';
import { type Work, WorkQueue } from './work-queue.ts';

export interface IngestorParts {
  ingest: Ingest;
  formats: Readonly<Record<string, TranscriptFormat>>;
  env: Readonly<Record<string, string>>;
  sweepMs: number;
  /** What was pruned comes back with an import when it is not older than this, in milliseconds; null: however old. */
  keepMs?: number | null;
  /** The database turns out to be damaged. */
  damaged?: (error: Error) => void;
  tell: (message: FromIngest) => void;
}

/** How long the thread works before it hears what others say, in milliseconds. */
const sliceMs = 20;
/** How long one transaction with steps of files nobody waits for lasts: a commit costs as much as many rows. */
const batchMs: Readonly<Record<Pass, number>> = { usage: 100, content: 50 };
/** Files that are made known in one transaction. */
const filesAtOnce = 32;
/** Steps that are stored one by one after some that were stored together failed. */
const carefulSteps = 100;

/**
 * Decides what is read when: followed files as soon as they change, before all others; newer ones before older ones;
 * usage before content. Works in small pieces, and only when there is something to read.
 */
export class Ingestor implements AsyncDisposable {
  readonly #parts: IngestorParts;
  readonly #queue = new WorkQueue();
  readonly #following: Following;
  readonly #imports: Imports;
  readonly #stalled: Stalled;
  readonly #problems: Problems;
  readonly #running: Promise<void>;
  #wake: () => void = () => undefined;
  #idle: (() => void)[] = [];
  #stopped = false;
  #careful = 0;
  /** Whether more was stored than single lines since the journal was emptied. */
  #isLarge = false;

  constructor(parts: IngestorParts) {
    this.#parts = parts;
    this.#problems = new Problems(parts.tell);
    this.#imports = new Imports({ totals: () => parts.ingest.store.totals(), tell: parts.tell });
    this.#following = new Following({
      ...parts,
      changed: (file) => this.#add(file, true),
      problem: (path, code) => this.#problems.note(path, code),
    });
    this.#stalled = new Stalled(parts.sweepMs, (file) => this.#add(file, this.#following.has(file)));
    this.#running = this.#run();
  }

  follow(followed: Followed): void {
    this.#following.follow(followed);
  }

  unfollow(sessionId: string): void {
    for (const file of this.#following.unfollow(sessionId)) this.#add(file, false);
  }

  /** Brings in all transcripts below the directories; those of one provider, or of all. */
  async import(id: number, provider: string | null, directories: readonly string[] | null): Promise<void> {
    const { formats, env } = this.#parts;
    const files = newestTranscripts({ formats, env, provider, directories }, (path, code) =>
      this.#problems.note(path, code),
    );
    const work = this.#imports.begin(id);
    for (let first = 0; first < files.length && !this.#stopped; first += filesAtOnce) {
      const some = files.slice(first, first + filesAtOnce);
      for (const [index, known] of this.#register(some).entries()) {
        const file = some[index];
        if (known !== null && file) this.#take(work, known, file);
      }
      await breathe();
    }
    this.#imports.listed(work);
    this.#wake();
  }

  /** Has files read that an earlier database knew. Returns when all of them are known. */
  restore(files: Iterable<{ path: string; provider: string }>): void {
    const all = [...files];
    for (let first = 0; first < all.length; first += filesAtOnce) {
      for (const known of this.#register(all.slice(first, first + filesAtOnce))) {
        if (known !== null) this.#add(known, false);
      }
    }
  }

  /** The rows of files; null for one that cannot be read, or not be stored. */
  #register(files: readonly { path: string; provider: string }[]): (number | null)[] {
    const { ingest } = this.#parts;
    const register = ({ path, provider }: { path: string; provider: string }) => {
      const known = ingest.register(path, provider);
      if (typeof known === 'number') return known;
      this.#problems.note(path, known);
      return null;
    };
    try {
      return ingest.store.transact(() => files.map(register));
    } catch {
      return files.map((file) => {
        try {
          return register(file);
        } catch (error) {
          this.#failed(null, file.path, error);
          return null;
        }
      });
    }
  }

  #take(work: Import, known: number, file: { path: string; size: number }): void {
    const { ingest, keepMs = null } = this.#parts;
    if (work.left.has(known)) return;
    try {
      for (const other of ingest.reviveKept(known, keepMs)) this.#add(other, false);
      const { usage_offset: usageBytes = 0, content_offset: contentBytes = 0 } =
        ingest.store.files.byId(known) ?? {};
      this.#imports.add(work, known, { size: file.size, usageBytes, contentBytes });
      this.#add(known, false);
    } catch (error) {
      this.#failed(null, file.path, error);
    }
  }

  follows(file: number): boolean {
    return this.#following.has(file);
  }

  /** Resolves when nothing is left to read. */
  async idle(): Promise<void> {
    if (this.#queue.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stalled[Symbol.dispose]();
    this.#following[Symbol.dispose]();
    this.#wake();
    await this.#running;
  }

  #add(file: number, live: boolean): void {
    this.#queue.add(file, live);
    this.#wake();
  }

  async #run(): Promise<void> {
    let since = performance.now();
    let isMerged = true;
    while (!this.#stopped) {
      const next = this.#next();
      isMerged = isMerged && next?.pass !== 'content';
      if (!next && !isMerged) {
        isMerged = !this.#merge();
        if (isMerged && this.#isLarge) this.#shrink();
        await breathe();
        continue;
      }
      if (!next) {
        if (this.#queue.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        since = performance.now();
        continue;
      }
      if (next.live || this.#careful > 0) this.#one(next);
      else this.#many();
      if (performance.now() - since >= sliceMs) {
        await breathe();
        since = performance.now();
      }
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Content waits until the usage of all files is known, of those too that an import is still looking for. */
  #next(): Work | null {
    return this.#queue.next(this.#imports.isListing);
  }

  /** Tidies the index while nothing else is to be done; false when it is tidy, or cannot be tidied now. */
  #merge(): boolean {
    const { store } = this.#parts.ingest;
    try {
      return store.transact(() => store.mergeIndex());
    } catch {
      return false;
    }
  }

  /** After much was brought in: what was written to the journal goes to its place. */
  #shrink(): void {
    this.#isLarge = false;
    try {
      this.#parts.ingest.store.shrinkJournal();
    } catch (error) {
      this.#failed(null, null, error);
    }
  }

  #one(next: Work): void {
    this.#careful = Math.max(0, this.#careful - 1);
    try {
      this.#after(next, this.#parts.ingest.step(next.file, next.pass));
    } catch (error) {
      this.#failed(next.file, this.#pathOf(next.file), error);
    }
  }

  /**
   * Steps of files nobody waits for, in one transaction: each that is committed alone costs as much as what it
   * stores. When one fails all are undone, and done again one by one.
   */
  #many(): void {
    const { ingest } = this.#parts;
    this.#isLarge = true;
    const began = performance.now();
    const done: { work: Work; step: Step }[] = [];
    try {
      ingest.store.transact(() => {
        for (;;) {
          const work = this.#next();
          const spent = performance.now() - began;
          if (!work || work.live || (done.length > 0 && spent >= batchMs[work.pass])) break;
          const step = ingest.step(work.file, work.pass);
          done.push({ work, step });
          if (step.bytes === 0) this.#queue.done(work.file, work.pass);
        }
      });
    } catch {
      this.#careful = carefulSteps;
      for (const { work } of done) this.#queue.add(work.file, false);
      return;
    }
    for (const { work, step } of done) this.#after(work, step);
  }

  #after(next: Work, step: Step): void {
    const { file, pass, live } = next;
    if (step.bytes === 0) this.#queue.done(file, pass);
    for (const again of step.again) {
      const stays = live && this.#following.replaced(file, again);
      this.#add(again, stays);
    }
    if (step.unreadable !== null) {
      this.#problems.note(this.#pathOf(file), step.unreadable);
      this.#stall(file);
    }
    const committed = committedBy(step, this.#parts.ingest.store);
    if (committed) this.#parts.tell({ type: 'committed', ...committed });
    this.#imports.note(file, pass, step.bytes);
  }

  /** Null as well when the database cannot say it. */
  #pathOf(file: number): string | null {
    try {
      return this.#parts.ingest.store.files.byId(file)?.path ?? null;
    } catch {
      return null;
    }
  }

  #failed(file: number | null, path: string | null, error: unknown): void {
    if (isDamage(error)) this.#parts.damaged?.(error);
    const code = (error as { code?: unknown }).code;
    this.#problems.note(path, typeof code === 'string' ? code : 'FAILED', error);
    if (file !== null) this.#stall(file);
  }

  /** Sets a file aside until the next try, so that it does not stand in the way of others. */
  #stall(file: number): void {
    this.#queue.drop(file);
    this.#stalled.add(file);
    this.#imports.leave(file);
  }
}

/** Lets messages and events in. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
