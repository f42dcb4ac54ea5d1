import type { PaneState } from '../tmux/pane-state.ts';
import type { PackedRows } from './screen/above.ts';
import { Screen } from './screen/screen.ts';

/** A run is what a screen is from one picture to the next. What is said of one that is not known is ignored. */
export type ToScreens =
  | { type: 'restore'; run: number; scrollback: number; state: PaneState; above: PackedRows }
  | { type: 'write'; run: number; bytes: Uint8Array }
  | { type: 'resize'; run: number; cols: number; rows: number; cost: number }
  | { type: 'snapshot'; run: number; ask: number; lines: number; maxBytes: number | null }
  | { type: 'drop'; run: number }
  | { type: 'stop' };

export type FromScreens =
  /** The thread has started. */
  | { type: 'ready' }
  /** So much of what was sent waits no longer; told of much at once. */
  | { type: 'parsed'; run: number; cost: number }
  | { type: 'snapshot'; ask: number; cols: number; rows: number; bytes: Uint8Array<ArrayBuffer> }
  /** The screen no longer has so many lines. */
  | { type: 'short'; ask: number }
  /** The emulator failed, and the run is over. */
  | { type: 'failed'; run: number; reason: string };

type Work = Extract<ToScreens, { type: 'restore' | 'write' | 'resize' | 'snapshot' }>;

/** Bytes that are parsed at once: one to four milliseconds. */
const slice = 1 << 15;
/** Lines of history that are laid out for one screen: a megabyte and a half of cells in a pane of 120 columns. */
const laidOut = 1_000;
/** How much is parsed before its owner is told. */
const tellAfter = 1 << 18;
/** Bytes of a short line of history, and how often a snapshot is made shorter before it goes without any history. */
const shortLine = 32;
const maxTries = 4;

interface Run {
  screen: Screen | null;
  readonly work: Work[];
  /** Bytes of the first piece of work that are parsed. */
  done: number;
  /** Bytes in line. */
  waiting: number;
  snapshots: number;
  /** Parsed and not told. */
  untold: number;
}

/**
 * The screens of the thread, and what is to be done for them. Each gets a slice in turn, so that a flood in one holds
 * nobody up; those from which a snapshot is wanted come first, the one that has least to do for it before the others.
 */
export class ScreenThread implements Disposable {
  readonly #runs = new Map<number, Run>();
  /** Runs with work, the one whose turn it is first. */
  readonly #busy = new Set<number>();
  readonly #tell: (message: FromScreens) => void;

  constructor(tell: (message: FromScreens) => void) {
    this.#tell = tell;
  }

  /** Whether there is anything to do. */
  get isBusy(): boolean {
    return this.#busy.size > 0;
  }

  take(message: Work | { type: 'drop'; run: number }): void {
    const { run: id } = message;
    if (message.type === 'drop') {
      this.#runs.get(id)?.screen?.[Symbol.dispose]();
      this.#runs.delete(id);
      this.#busy.delete(id);
      return;
    }
    if (message.type === 'restore') {
      this.#runs.set(id, { screen: null, work: [], done: 0, waiting: 0, snapshots: 0, untold: 0 });
    }
    const run = this.#runs.get(id);
    if (!run) return;
    run.work.push(message);
    if (message.type === 'write') run.waiting += message.bytes.length;
    if (message.type === 'snapshot') run.snapshots++;
    this.#busy.add(id);
  }

  /** Does a little of what is to be done. */
  step(): void {
    const id = this.#next();
    const run = id === undefined ? undefined : this.#runs.get(id);
    if (id === undefined || !run) return;
    this.#busy.delete(id);
    try {
      this.#work(id, run);
    } catch (error) {
      this.take({ type: 'drop', run: id });
      this.#tell({ type: 'failed', run: id, reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (run.work.length > 0) this.#busy.add(id);
  }

  [Symbol.dispose](): void {
    for (const run of [...this.#runs.keys()]) this.take({ type: 'drop', run });
  }

  #next(): number | undefined {
    let [chosen] = this.#busy;
    let least = Number.POSITIVE_INFINITY;
    for (const id of this.#busy) {
      const run = this.#runs.get(id);
      if (!run || run.snapshots === 0 || run.waiting >= least) continue;
      chosen = id;
      least = run.waiting;
    }
    return chosen;
  }

  #work(id: number, run: Run): void {
    const [first] = run.work;
    if (!first) return;
    const isDone = first.type === 'write' ? this.#write(id, run, first.bytes) : this.#run(id, run, first);
    if (!isDone) return;
    run.work.shift();
    run.done = 0;
  }

  #write(id: number, run: Run, bytes: Uint8Array): boolean {
    const part = bytes.subarray(run.done, run.done + slice);
    run.screen?.write(part);
    run.done += part.length;
    run.waiting -= part.length;
    this.#count(id, run, part.length);
    return run.done >= bytes.length;
  }

  #run(id: number, run: Run, work: Exclude<Work, { type: 'write' }>): true {
    if (work.type === 'restore') {
      const { state, above, scrollback } = work;
      run.screen = new Screen({ cols: state.cols, rows: state.rows, scrollback, laidOut });
      run.screen.restore(state, above);
    } else if (work.type === 'resize') {
      run.screen?.resize(work.cols, work.rows);
      this.#count(id, run, work.cost);
    } else if (run.screen) {
      run.snapshots--;
      // Where the size decides, fewer lines will do.
      if (work.maxBytes === null && run.screen.isShortOf(work.lines)) {
        this.#tell({ type: 'short', ask: work.ask });
        return true;
      }
      const { cols, rows, data } = takeSnapshot(run.screen, work.lines, work.maxBytes);
      this.#tell({ type: 'snapshot', ask: work.ask, cols, rows, bytes: data });
    }
    return true;
  }

  #count(id: number, run: Run, cost: number): void {
    run.untold += cost;
    if (run.untold < tellAfter) return;
    this.#tell({ type: 'parsed', run: id, cost: run.untold });
    run.untold = 0;
  }
}

/** With as many lines as fit, about. */
function takeSnapshot(
  screen: Screen,
  lines: number,
  maxBytes: number | null,
): ReturnType<Screen['snapshot']> {
  if (maxBytes === null) return screen.snapshot({ lines });
  const bare = screen.snapshot({ lines: 0 });
  let most = Math.min(lines, Math.floor((maxBytes - bare.data.length) / shortLine));
  for (let tries = 0; tries < maxTries && most > 0; tries++) {
    const snapshot = screen.snapshot({ lines: most });
    if (snapshot.data.length <= maxBytes) return snapshot;
    const share = (maxBytes - bare.data.length) / (snapshot.data.length - bare.data.length);
    most = Math.floor(most * share * 0.9);
  }
  return bare;
}
