import { type FSWatcher, watch } from 'node:fs';

/** How long until a folder that is not there yet is looked for again, in milliseconds. */
const retryMs = 250;

/**
 * Watches folders in which agents keep a file about each of their processes. One watch per folder, shared; a folder
 * that does not exist is looked for until it does, because it is the agent's to make.
 */
export class RegistryWatcher implements Disposable {
  readonly #folders = new Map<string, { watcher: FSWatcher | null; listeners: Map<string, () => void> }>();
  #retry: NodeJS.Timeout | null = null;

  /** Calls `onChange` whenever the file may have changed, and when it may be there already. Returns a disposer. */
  watch(folder: string, fileName: string, onChange: () => void): () => void {
    let entry = this.#folders.get(folder);
    if (!entry) {
      entry = { watcher: null, listeners: new Map() };
      this.#folders.set(folder, entry);
    }
    entry.listeners.set(fileName, onChange);
    if (entry.watcher) onChange();
    else this.#open(folder);
    return () => {
      entry.listeners.delete(fileName);
      if (entry.listeners.size > 0) return;
      entry.watcher?.close();
      this.#folders.delete(folder);
    };
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#folders.values()) watcher?.close();
    this.#folders.clear();
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #open(folder: string): void {
    const entry = this.#folders.get(folder);
    if (!entry || entry.watcher) return;
    try {
      entry.watcher = watch(folder, (_event, name) => {
        if (name === null) for (const listener of entry.listeners.values()) listener();
        else entry.listeners.get(name)?.();
      });
      entry.watcher.on('error', () => {
        entry.watcher?.close();
        entry.watcher = null;
        this.#scheduleRetry();
      });
      for (const listener of entry.listeners.values()) listener();
    } catch {
      this.#scheduleRetry();
    }
  }

  #scheduleRetry(): void {
    if (this.#retry) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      for (const folder of this.#folders.keys()) this.#open(folder);
    }, retryMs);
  }
}
