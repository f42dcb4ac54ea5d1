import { CodepiperError } from '@codepiper/core/errors.ts';
import { superseded } from './approval-state.ts';
import type { AskAnswer } from './asking.ts';

interface HandedOut {
  answer: AskAnswer;
  delivered(): Promise<void>;
}

/** One hook that waits. */
export class Waiter {
  /** The approval it waits with; null until that is known. */
  approvalId: string | null = null;
  readonly answer: Promise<HandedOut>;
  /** Settles when the hook has its answer, or will not get one. */
  readonly left: Promise<void>;
  readonly #resolve: (value: HandedOut) => void;
  readonly #reject: (error: unknown) => void;
  readonly #leave: () => void;
  #state: 'waiting' | 'answering' | 'gone' = 'waiting';

  constructor() {
    const answer = Promise.withResolvers<HandedOut>();
    const left = Promise.withResolvers<void>();
    this.answer = answer.promise;
    // Who waits hears it; a hook that hung up before its approval was stored has nobody left to.
    this.answer.catch(() => undefined);
    this.left = left.promise;
    this.#resolve = answer.resolve;
    this.#reject = answer.reject;
    this.#leave = left.resolve;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Gives the answer out, once. `delivered` notes that it arrived. */
  give(answer: AskAnswer, delivered: () => Promise<void>): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'answering';
    this.#resolve({
      answer,
      delivered: async () => {
        if (this.#state !== 'answering') return;
        await delivered();
        this.#end();
      },
    });
  }

  /** The hook hung up, or failed. */
  abandon(error: unknown): void {
    this.#reject(error);
    this.#end();
  }

  /** Another hook with the same request took its place. */
  replace(): void {
    this.#resolve({ answer: superseded, delivered: async () => undefined });
    this.#end();
  }

  #end(): void {
    this.#state = 'gone';
    this.#leave();
  }
}

/** The hooks that wait, one for each binding. */
export class Waiters {
  readonly #waiters = new Map<string, Waiter>();

  /**
   * Takes the place of a binding. One that waits there already is told that it lost it; one that is being given its
   * answer is waited for, so that no answer goes out twice.
   *
   * @param onLeave the hook hung up while it waited
   */
  async enter(key: string, signal: AbortSignal, onLeave: (waiter: Waiter) => void): Promise<Waiter> {
    for (let before = this.#waiters.get(key); before && !before.isWaiting; before = this.#waiters.get(key)) {
      await settledOrAborted(before.left, signal);
    }
    if (signal.aborted) throw stoppedWaiting();
    this.#waiters.get(key)?.replace();
    const waiter = new Waiter();
    this.#waiters.set(key, waiter);
    const stop = () => {
      const wasWaiting = waiter.isWaiting;
      waiter.abandon(stoppedWaiting());
      if (wasWaiting) onLeave(waiter);
    };
    signal.addEventListener('abort', stop);
    void waiter.left.then(() => {
      signal.removeEventListener('abort', stop);
      if (this.#waiters.get(key) === waiter) this.#waiters.delete(key);
    });
    return waiter;
  }

  /** The hook that waits for this approval. */
  find(key: string, approvalId: string): Waiter | null {
    const waiter = this.#waiters.get(key);
    return waiter?.approvalId === approvalId && waiter.isWaiting ? waiter : null;
  }
}

/** What a hook hears that hung up, or whose daemon stops. */
export function stoppedWaiting(): CodepiperError {
  return new CodepiperError('shutting_down', 'Nobody waits for the answer any more.');
}

async function settledOrAborted(left: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw stoppedWaiting();
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => aborted.resolve(), { once: true });
  await Promise.race([left, aborted.promise]);
  if (signal.aborted) throw stoppedWaiting();
}
