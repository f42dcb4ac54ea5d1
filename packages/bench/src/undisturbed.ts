import { getPriority, setPriority } from 'node:os';
import { garbageCollector } from '@codepiper/testkit/garbage.ts';

/** What goes before the machine's other processes; others have 0. Taken where it is allowed. */
const firstInLine = -15;

/**
 * Keeps what is not measured out of a figure whose tail is single milliseconds: from now on this process, and what it starts
 * (the daemon, tmux and its programs: both sides alike), goes before other processes, which hold a core for 4 ms now and
 * then. Disposing of it gives that back.
 */
export class Undisturbed implements Disposable {
  readonly #priority = getPriority();
  readonly #collect = garbageCollector();
  /** For the report; null where nothing kept it from being so. */
  readonly note: string | null;

  constructor() {
    this.note = prioritise(firstInLine)
      ? null
      : 'not allowed to go before other processes: their work is in it';
  }

  /** Collects this process's own garbage; called in a pause, it does not fall into what is measured. */
  collectGarbage(): void {
    this.#collect({ type: 'minor' });
  }

  [Symbol.dispose](): void {
    prioritise(this.#priority);
  }
}

function prioritise(priority: number): boolean {
  try {
    setPriority(priority);
    return true;
  } catch {
    return false;
  }
}
