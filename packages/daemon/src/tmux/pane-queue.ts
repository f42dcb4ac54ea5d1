import type { Size } from './layout.ts';
import type { PaneState } from './pane-state.ts';
import type { PaneEvent } from './tmux.ts';

/** An event in line; a picture has its place before it has been read, and is null when it could not be taken. */
export type QueuedEvent =
  | Exclude<PaneEvent, { state: PaneState }>
  | { type: 'rebuilt' | 'picture'; state: Promise<PaneState | null> };

/** Bytes in line at which the queue is full, and to which it must fall to be no longer. */
const full = 1 << 20;
const drained = full / 2;
/** What an event costs besides its bytes, so that many small ones are bounded too. */
const eventCost = 128;

type Told = IteratorResult<PaneEvent, undefined>;

const over: Told = { done: true, value: undefined };

/** The events of one pane between the connection that brings them and the one reader. */
export class PaneQueue {
  #events: QueuedEvent[] = [];
  #size = 0;
  #isFull = false;
  #isEnded = false;
  #isLeft = false;
  /** As the reader was told it; null before a picture. */
  #told: Size | null = null;
  #wake: (() => void) | null = null;
  readonly #onFull: (isFull: boolean) => void;
  readonly #onWaiting: () => void;
  readonly #onPicture: () => void;

  /**
   * @param onFull told when it becomes full, and when it no longer is
   * @param onWaiting told when the reader waits for something to come
   * @param onPicture told when the reader is given a picture
   */
  constructor(onFull: (isFull: boolean) => void, onWaiting: () => void, onPicture: () => void) {
    this.#onFull = onFull;
    this.#onWaiting = onWaiting;
    this.#onPicture = onPicture;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  push(event: QueuedEvent): void {
    if (this.#isEnded) return;
    this.#events.push(event);
    this.#count(costOf(event));
    this.#wake?.();
  }

  /** Takes back the last events that are pictures, which are out of date before anybody has seen them. */
  dropLastPictures(): void {
    for (let last = this.#events.at(-1); last && 'state' in last; last = this.#events.at(-1)) {
      this.#events.pop();
      this.#count(-eventCost);
    }
  }

  clear(): void {
    this.#events = [];
    this.#count(-this.#size);
  }

  /** The reader gets what is in line, and then nothing more. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /**
   * Hands every event to `take` in the very turn it comes in, where a promise would take as long as all else that is
   * done for a key's echo. Resolves behind the last one; rejects with what `take` throws, and nothing follows.
   */
  each(take: (event: PaneEvent) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const give = (told: Told): boolean => {
      if (!told.done) take(told.value);
      else resolve();
      return told.done !== true;
    };
    const guarded = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        this.#isLeft = true;
        reject(error);
      }
    };
    const giveAll = (): void => {
      this.#wake = null;
      for (let told = this.#pull(); ; told = this.#pull()) {
        if (told instanceof Promise) {
          told.then((come) => guarded(() => give(come) && giveAll()), reject);
          return;
        }
        if (!told) break;
        if (!give(told)) return;
      }
      this.#wake = () => guarded(giveAll);
      this.#onWaiting();
    };
    guarded(giveAll);
    return promise;
  }

  /** For a reader who asks for one event at a time. Written out, as a generator costs as much as the reading. */
  read(): AsyncIterator<PaneEvent> {
    return {
      next: () => {
        const told = this.#pull();
        if (told) return Promise.resolve(told);
        this.#onWaiting();
        return new Promise((resolve) => {
          this.#wake = () => {
            const come = this.#pull();
            if (!come) return;
            this.#wake = null;
            resolve(come);
          };
        });
      },
      return: () => {
        this.#isLeft = true;
        return Promise.resolve(over);
      },
    };
  }

  /** What the reader is told next; null when there is nothing yet. */
  #pull(): Told | Promise<Told> | null {
    while (!this.#isLeft) {
      const event = this.#events.shift();
      if (!event) break;
      this.#count(-costOf(event));
      if ('state' in event) return this.#picture(event);
      if (event.type !== 'ended') {
        const size = this.#told;
        // What comes after a picture that could not be taken has nothing to stand on.
        if (!size) continue;
        if (event.type === 'resize') {
          // tmux tells a layout more than once, and what it told may be in the picture already.
          if (event.cols === size.cols && event.rows === size.rows) continue;
          this.#told = event;
        }
      }
      return { done: false, value: event };
    }
    return this.#isEnded || this.#isLeft ? over : null;
  }

  async #picture(event: Extract<QueuedEvent, { state: unknown }>): Promise<Told> {
    const state = await event.state;
    const { type } = event;
    if (type === 'rebuilt') this.#told = state;
    const size = this.#told;
    if (!state || !size) return await this.read().next(); // another one comes
    if (state.cols !== size.cols || state.rows !== size.rows) {
      // tmux may tell of a new size after the picture that has it.
      const { cols, rows } = state;
      this.#told = { cols, rows };
      this.#events.unshift(event);
      this.#count(costOf(event));
      return { done: false, value: { type: 'resize', cols, rows } };
    }
    this.#onPicture();
    return { done: false, value: { type, state } };
  }

  #count(cost: number): void {
    this.#size += cost;
    const isFull = this.#size > (this.#isFull ? drained : full);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#onFull(isFull);
  }
}

function costOf(event: QueuedEvent): number {
  return eventCost + (event.type === 'bytes' ? event.bytes.length : 0);
}
