import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Log } from '../log/log.ts';
import { startThread, type Thread } from '../platform/thread.ts';
import type { RestedRecorder } from './recorder.ts';
import type { RecordingData } from './recording-program.ts';
import type { Answers, FromRecordings, Question, ToRecordings } from './thread-messages.ts';

export interface RecordingThreadOptions {
  data: Omit<RecordingData, 'rested'>;
  log: Log;
  /** A recording cannot be written, and was closed. */
  onFailed: (session: string, code: string | null, message: string) => void;
  /** The thread died; what it was given may not be on the disk. */
  onLost: () => void;
  idleMs?: number;
}

/** How long it stays when nothing is printed and nobody reads, in milliseconds. */
const defaultIdleMs = 10_000;

interface Asked {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/**
 * The thread of recordings as its owner sees it: there while something is written or read. Quiet sessions need none: it
 * ends, and the next one goes on where it left off.
 */
export class RecordingThread implements AsyncDisposable {
  readonly #o: RecordingThreadOptions;
  readonly #asked = new Map<number, Asked>();
  #thread: Thread<ToRecordings> | null = null;
  /** Resolves when no thread is ending that has files open. */
  #ending: Promise<void> = Promise.resolve();
  /** What is said while one ends is for the next. */
  #held: Parameters<Thread<ToRecordings>['send']>[] | null = null;
  /** Where the last thread left off, by session; the next one is given it. */
  #rested: ReadonlyMap<string, RestedRecorder> = new Map();
  #onRested: (recorders: ReadonlyMap<string, RestedRecorder>) => void = () => undefined;
  #idle: NodeJS.Timeout | null = null;
  #holds = 0;
  #lastId = 0;
  #waiting = 0;
  /** The largest memory of a batch that came back. */
  #spare: ArrayBuffer | null = null;
  #stopped = false;

  constructor(options: RecordingThreadOptions) {
    this.#o = options;
  }

  /** Bytes of batches that are not written yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Hands over what was recorded; the memory of `bytes` goes with it. */
  write(
    batch: Omit<Extract<ToRecordings, { type: 'batch' }>, 'type'> & { bytes: Uint8Array<ArrayBuffer> },
  ): void {
    if (this.#stopped) return;
    this.#waiting += batch.bytes.length;
    this.#send({ type: 'batch', ...batch }, [batch.bytes.buffer]);
  }

  /**
   * Memory for a batch of so many bytes, with whatever was in it before. What a busy session prints would otherwise have
   * the engine look through all it holds every few seconds.
   */
  takeMemory(size: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    if (spare === null || spare.byteLength < size) return Buffer.allocUnsafeSlow(size);
    this.#spare = null;
    return new Uint8Array(spare);
  }

  close(session: string): void {
    if (this.#thread || this.#held || this.#rested.has(session)) this.#send({ type: 'close', session });
  }

  /** @throws CodepiperError `internal` when the thread fails, `shutting_down` */
  ask<T extends Question['type']>(question: Extract<Question, { type: T }>): Promise<Answers[T]> {
    if (this.#stopped) return Promise.reject(new CodepiperError('shutting_down', 'The daemon is stopping.'));
    const id = ++this.#lastId;
    return new Promise<Answers[T]>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#send({ type: 'ask', id, question });
    });
  }

  /** Keeps the thread until the disposer is called: what is being read is there only. */
  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holds--;
      isHeld = false;
      this.#endWhenIdle();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#idle) clearTimeout(this.#idle);
    // It may be followed by another one, for what came meanwhile.
    await this.#ending;
    const thread = this.#thread;
    this.#thread = null;
    await thread?.[Symbol.asyncDispose]();
    this.#rejectAll(new CodepiperError('shutting_down', 'The daemon is stopping.'));
  }

  #send(...said: Parameters<Thread<ToRecordings>['send']>): void {
    if (this.#held) {
      this.#held.push(said);
      return;
    }
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    this.#thread ??= this.#start();
    this.#thread.send(...said);
  }

  #start(): Thread<ToRecordings> {
    const thread: Thread<ToRecordings> = startThread<ToRecordings, FromRecordings>({
      program: 'recording-worker',
      source: join(import.meta.dirname, '../recording-worker.ts'),
      data: { ...this.#o.data, rested: this.#rested },
      stop: { type: 'stop' },
      heard: (message) => this.#heard(message),
      failed: (error) => {
        if (this.#thread !== thread) return;
        this.#thread = null;
        this.#waiting = 0;
        this.#o.log.error({ err: error }, 'the thread of recordings failed');
        this.#rejectAll(
          new CodepiperError(
            'internal',
            `The thread of recordings failed: ${error.message}. Ask again; codepiper daemon logs has more.`,
          ),
        );
        this.#o.onLost();
      },
    });
    this.#rested = new Map();
    return thread;
  }

  /** Ends the thread; what it is told meanwhile is for the next one, which must not open what this one has open. */
  #rest(thread: Thread<ToRecordings>): void {
    this.#thread = null;
    this.#spare = null;
    this.#held = [];
    let isRested = false;
    this.#onRested = (recorders) => {
      this.#rested = recorders;
      isRested = true;
    };
    thread.send({ type: 'rest' });
    this.#ending = Promise.resolve(thread[Symbol.asyncDispose]()).then(() => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const said of held) this.#send(...said);
      if (!isRested) this.#o.onLost();
    });
  }

  #heard(message: FromRecordings): void {
    if (message.type === 'written') {
      this.#waiting = Math.max(0, this.#waiting - message.bytes);
      if (message.memory.byteLength > (this.#spare?.byteLength ?? 0)) this.#spare = message.memory;
    } else if (message.type === 'rested') this.#onRested(message.recorders);
    else if (message.type === 'failed') this.#o.onFailed(message.session, message.code, message.message);
    else {
      const asked = this.#asked.get(message.id);
      this.#asked.delete(message.id);
      if (message.type === 'error') asked?.reject(new Error(message.message));
      // The thread answers each question with what it asks for.
      else asked?.resolve(message.result as never);
    }
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.#holds > 0 || this.#asked.size > 0 || this.#waiting > 0 || !this.#thread || this.#idle) return;
    if (this.#stopped) return;
    this.#idle = setTimeout(() => {
      this.#idle = null;
      if (this.#thread) this.#rest(this.#thread);
    }, this.#o.idleMs ?? defaultIdleMs);
    this.#idle.unref();
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
