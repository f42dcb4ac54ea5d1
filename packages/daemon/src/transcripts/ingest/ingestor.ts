import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { findTranscripts } from './find-transcripts.ts';
import { Following } from './following.ts';
import type { Ingest, Step } from './ingest.ts';
import type { Followed, FromIngest, ImportProgress } from './messages.ts';
import { type Work, WorkQueue } from './work-queue.ts';

export interface IngestorParts {
  ingest: Ingest;
  formats: Readonly<Record<string, TranscriptFormat>>;
  env: Readonly<Record<string, string>>;
  sweepMs: number;
  tell: (message: FromIngest) => void;
}

/** How long the thread works before it hears what others say, in milliseconds. */
const sliceMs = 20;
/** Steps that are stored one by one after some that were stored together failed. */
const carefulSteps = 100;
const progressMs = 200;

interface Import extends ImportProgress {
  id: number;
  left: Set<number>;
  toldAt: number;
}

/**
 * Decides what is read when: followed files as soon as they change, before all others; newer ones before older ones;
 * usage before content. Works in small pieces, and only when there is something to read.
 */
export class Ingestor implements AsyncDisposable {
  readonly #parts: IngestorParts;
  readonly #queue = new WorkQueue();
  readonly #following: Following;
  readonly #imports = new Set<Import>();
  /** Files that could not be read, or stored; tried again with every sweep. */
  readonly #stalled = new Set<number>();
  readonly #told = new Set<string>();
  readonly #running: Promise<void>;
  #wake: () => void = () => undefined;
  #idle: (() => void)[] = [];
  #stopped = false;
  #careful = 0;
  #retry: NodeJS.Timeout | null = null;

  constructor(parts: IngestorParts) {
    this.#parts = parts;
    this.#following = new Following({
      ...parts,
      changed: (file) => this.#add(file, true),
      problem: (path, code) => this.#problem(path, code),
    });
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
    const { ingest, formats, env } = this.#parts;
    const found = Object.entries(formats)
      .filter(([name]) => provider === null || name === provider)
      .flatMap(([name, format]) =>
        (directories ?? format.roots(env)).flatMap((directory) =>
          [...findTranscripts(directory, format, (path, code) => this.#problem(path, code))].map((file) => ({
            ...file,
            provider: name,
          })),
        ),
      );
    const files = [...new Map(found.map((file) => [file.path, file])).values()];
    files.sort((a, b) => b.modified - a.modified);
    const work: Import = {
      ...{ id, files: 0, usageBytes: 0, contentBytes: 0, allBytes: 0 },
      left: new Set(),
      toldAt: 0,
    };
    this.#imports.add(work);
    let since = performance.now();
    for (const file of files) {
      if (performance.now() - since > sliceMs) {
        await breathe();
        since = performance.now();
      }
      if (this.#stopped) return;
      try {
        const known = ingest.register(file.path, file.provider);
        if (typeof known === 'string') {
          this.#problem(file.path, known);
          continue;
        }
        const row = ingest.store.fileById(known);
        work.left.add(known);
        work.files += 1;
        work.allBytes += file.size;
        work.usageBytes += row?.usage_offset ?? 0;
        work.contentBytes += row?.content_offset ?? 0;
        this.#add(known, false);
      } catch (error) {
        this.#failed(null, file.path, error);
      }
    }
    this.#progress(work, true);
  }

  /** Resolves when nothing is left to read. */
  async idle(): Promise<void> {
    if (this.#queue.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#retry) clearTimeout(this.#retry);
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
    while (!this.#stopped) {
      const next = this.#queue.next();
      if (!next) {
        for (const resolve of this.#idle.splice(0)) resolve();
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

  #one(next: Work): void {
    this.#careful = Math.max(0, this.#careful - 1);
    try {
      this.#after(next, this.#parts.ingest.step(next.file, next.pass));
    } catch (error) {
      this.#failed(next.file, this.#parts.ingest.store.fileById(next.file)?.path ?? null, error);
    }
  }

  /**
   * Steps of files nobody waits for, in one transaction as long as a slice: each that is committed alone costs as
   * much as what it stores. When one fails all are undone, and done again one by one.
   */
  #many(): void {
    const { ingest } = this.#parts;
    const began = performance.now();
    const done: { work: Work; step: Step }[] = [];
    try {
      ingest.store.transact(() => {
        while (done.length === 0 || performance.now() - began < sliceMs) {
          const work = this.#queue.next();
          if (!work || work.live) break;
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
      this.#problem(this.#parts.ingest.store.fileById(file)?.path ?? null, step.unreadable);
      this.#stall(file);
    }
    if (step.entries > 0 || step.responses > 0) this.#committed(step);
    for (const work of this.#imports) {
      if (!work.left.has(file)) continue;
      work[pass === 'usage' ? 'usageBytes' : 'contentBytes'] += step.bytes;
      if (pass === 'content' && step.bytes === 0) work.left.delete(file);
      this.#progress(work, false);
    }
  }

  #committed(step: Step): void {
    const { store } = this.#parts.ingest;
    const sessionIds = store.sessionsOf(step.conversation);
    // Nobody looks at what belongs to no session while it is brought in.
    if (sessionIds.length === 0) return;
    const named = store.conversationName(step.conversation);
    if (!named) return;
    const { conversation, entries, responses } = step;
    this.#parts.tell({
      ...{ type: 'committed', conversation, ...named, sessionIds, entries, responses },
      lastEntry: store.lastEntry(),
    });
  }

  #progress(work: Import, now: boolean): void {
    const { left, toldAt: _, ...progress } = work;
    if (left.size === 0) {
      this.#imports.delete(work);
      this.#parts.tell({ type: 'imported', ...progress });
    } else if (now || performance.now() - work.toldAt >= progressMs) {
      work.toldAt = performance.now();
      this.#parts.tell({ type: 'progress', ...progress });
    }
  }

  #failed(file: number | null, path: string | null, error: unknown): void {
    const code = (error as { code?: unknown }).code;
    this.#problem(path, typeof code === 'string' ? code : 'FAILED', error);
    if (file !== null) this.#stall(file);
  }

  /** Sets a file aside until the next try, so that it does not stand in the way of others. */
  #stall(file: number): void {
    this.#queue.drop(file);
    this.#stalled.add(file);
    for (const work of this.#imports) {
      if (work.left.delete(file)) this.#progress(work, false);
    }
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      const again = [...this.#stalled];
      this.#stalled.clear();
      for (const one of again) this.#add(one, this.#following.has(one));
    }, this.#parts.sweepMs).unref();
  }

  /** Told once for each file and cause. */
  #problem(path: string | null, code: string, error?: unknown): void {
    const name = `${path} ${code}`;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const why = error instanceof Error ? error.message : code;
    this.#parts.tell({ type: 'problem', path, code, message: `${path ?? 'transcripts'}: ${why}` });
  }
}

/** Lets messages and events in. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
