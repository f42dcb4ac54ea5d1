import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Called with the name of what changed in the directory; null when anything may have. */
export type OnChange = (name: string | null) => void;

interface Watched {
  watcher: FSWatcher | null;
  /** The nearest directory above that is there, watched until this one is. */
  waiting: FSWatcher | null;
  onChange: OnChange;
}

/**
 * Watches directories, those too that are not there yet. Costs nothing while nothing happens; what the file system
 * does not tell is for the sweep.
 */
export class DirectoryWatches implements Disposable {
  readonly #watched = new Map<string, Watched>();

  watch(directory: string, onChange: OnChange): void {
    if (this.#watched.has(directory)) return;
    this.#watched.set(directory, { watcher: null, waiting: null, onChange });
    this.#open(directory);
  }

  unwatch(directory: string): void {
    const entry = this.#watched.get(directory);
    entry?.watcher?.close();
    entry?.waiting?.close();
    this.#watched.delete(directory);
  }

  /** Tries again what could not be watched. */
  retry(): void {
    for (const [directory, entry] of this.#watched) if (!entry.watcher) this.#open(directory);
  }

  get directories(): string[] {
    return [...this.#watched.keys()];
  }

  [Symbol.dispose](): void {
    for (const directory of this.directories) this.unwatch(directory);
  }

  #open(directory: string): void {
    const entry = this.#watched.get(directory);
    if (!entry || entry.watcher) return;
    entry.watcher = tryWatch(directory, (event, name) => {
      entry.onChange(name);
      // The directory itself went away, or its name did.
      if (event === 'rename' && name !== null && directory.endsWith(`/${name}`)) this.#reopen(directory);
    });
    if (entry.watcher) {
      entry.waiting?.close();
      entry.waiting = null;
      entry.watcher.on('error', () => this.#reopen(directory));
      // What came to be before the watch.
      entry.onChange(null);
      return;
    }
    this.#wait(directory, entry);
  }

  #reopen(directory: string): void {
    const entry = this.#watched.get(directory);
    entry?.watcher?.close();
    if (entry) entry.watcher = null;
    this.#open(directory);
  }

  #wait(directory: string, entry: Watched): void {
    entry.waiting?.close();
    entry.waiting = null;
    for (let above = dirname(directory); ; above = dirname(above)) {
      entry.waiting = tryWatch(above, () => this.#open(directory));
      entry.waiting?.on('error', () => undefined);
      if (entry.waiting || above === dirname(above)) return;
    }
  }
}

function tryWatch(
  directory: string,
  onEvent: (event: string, name: string | null) => void,
): FSWatcher | null {
  try {
    return watch(directory, onEvent);
  } catch {
    return null;
  }
}
