import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the room for short-lived objects at the size it has: a megabyte at first, and up to eight when a large program
 * was loaded. By itself it grows to 32 with the first burst of work (starting fifty sessions takes 12 MB of it) and stays
 * so for as long as the daemon idles. The engine reads this setting whenever it would grow; threads have their own
 * (`startThread`).
 *
 * So small a room is collected by its own thread alone: four of them take a core from who waits, where there are two (of
 * 4,000 keys 133 took over 2 ms to their echo, and 102 with one).
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}

/** How long freed memory may gather, in milliseconds. */
const usualGatherMs = 10_000;

/**
 * Gives memory that native code has freed back to the system. glibc keeps it by itself, for each thread: 13 MB in a daemon
 * that has started fifty sessions. Costs no timer where nothing happens.
 */
export class FreedMemory implements Disposable {
  readonly #giveBack: () => void;
  readonly #gatherMs: number;
  #timer: NodeJS.Timeout | null = null;

  /** @param giveBack of `loadGiveBack` */
  constructor(giveBack: () => void, gatherMs = usualGatherMs) {
    this.#giveBack = giveBack;
    this.#gatherMs = gatherMs;
  }

  /** Something was done. What it has freed, and what follows until then, is given back soon. */
  worked(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#giveBack();
    }, this.#gatherMs).unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}

/** The call that gives freed memory back, made in a thread; it does nothing where the C library is another one. */
export async function loadGiveBack(): Promise<() => void> {
  if (process.platform !== 'linux') return () => undefined;
  const { default: koffi } = await import('koffi');
  try {
    const trim = koffi.load(null).func('int malloc_trim(size_t pad)');
    return () => trim.async(0, () => undefined);
  } catch {
    // musl has none, and keeps little.
    return () => undefined;
  }
}
