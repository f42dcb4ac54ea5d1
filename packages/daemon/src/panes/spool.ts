import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log/log.ts';

/** Which start of which session a spool file is about. */
export interface SpoolKey {
  sessionId: string;
  run: number;
}

export interface SpoolFile extends SpoolKey {
  /** File name, unique for ever; facts taken from it carry it so that they are taken once. */
  name: string;
  kind: 'exit' | 'hook';
  /** When it was written, in milliseconds since the epoch. */
  at: number;
  content: string;
}

/** When a file that could not be taken is tried again, in milliseconds. */
const retryMs = 1_000;
/** How often the directory is looked at without a notice, in milliseconds. */
const slowDrainMs = 10_000;
/** Half-written files of writers that died are swept when they are this old, in milliseconds. */
const staleMs = 3_600_000;

const namePattern = /^([0-9a-f-]{36})\.(\d+)\.(exit|hook)(?:-[A-Za-z0-9]+)?$/;

export function spoolKey(key: SpoolKey): string {
  return `${key.sessionId}.${key.run}`;
}

/** A name that is not ours, or half written, is no spool file. */
export function parseSpoolName(name: string): (SpoolKey & { kind: SpoolFile['kind'] }) | null {
  const match = namePattern.exec(name);
  if (!match) return null;
  const [, sessionId, run, kind] = match;
  if (!sessionId || !run || (kind !== 'exit' && kind !== 'hook')) return null;
  return { sessionId, run: Number(run), kind };
}

/**
 * The directory where panes and hooks leave what the daemon must know: exit statuses and hook payloads. A file stays
 * until its handler has stored what it says, so nothing is lost while no daemon runs or when one dies half-way; the
 * handler sees a file again after a crash and must recognise it by its name.
 */
export class Spool implements AsyncDisposable {
  readonly directory: string;
  readonly #log: Log;
  readonly #handle: (file: SpoolFile) => Promise<void>;
  #watcher: FSWatcher | null = null;
  #retry: NodeJS.Timeout | null = null;
  #slow: NodeJS.Timeout | null = null;
  #draining: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: { directory: string; log: Log; handle: (file: SpoolFile) => Promise<void> }) {
    this.directory = options.directory;
    this.#log = options.log;
    this.#handle = options.handle;
  }

  /** Watches from now on; what is there already is taken by the first `drain`. */
  start(): void {
    // Notices of the file system can be lost; a look now and then costs next to nothing.
    this.#slow = setInterval(() => void this.drain(), slowDrainMs).unref();
    this.#watch();
    void this.#sweep();
  }

  /** Takes every file that is there, oldest first. Calls during a run make it look once more. */
  drain(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#draining) {
      this.#again = true;
      return this.#draining;
    }
    this.#draining = this.#run().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  /** The exit status a run left, if it ended. */
  async readExit(key: SpoolKey): Promise<number | null> {
    try {
      return parseExit(await readFile(join(this.directory, `${spoolKey(key)}.exit`), 'utf8'));
    } catch {
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    if (this.#slow) clearInterval(this.#slow);
    this.#watcher?.close();
    await this.#draining;
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.directory, () => void this.drain());
      this.#watcher.on('error', (error) => this.#lost(error));
    } catch (error) {
      this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    this.#log.error(
      { err: error, directory: this.directory },
      'the spool cannot be watched; it is looked at now and then',
    );
    this.#watcher?.close();
    this.#watcher = null;
  }

  async #sweep(): Promise<void> {
    const hidden = (await readdir(this.directory).catch(() => [])).filter((name) => name.startsWith('.'));
    for (const name of hidden) {
      const path = join(this.directory, name);
      const info = await stat(path).catch(() => null);
      if (info && Date.now() - info.mtimeMs > staleMs) await rm(path, { force: true }).catch(() => undefined);
    }
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      void this.drain();
    }, retryMs);
  }

  async #run(): Promise<void> {
    try {
      await this.#takeAll();
    } catch (error) {
      this.#log.error(
        { err: error, directory: this.directory },
        'the spool could not be read; it is tried again',
      );
      this.#retryLater();
    }
  }

  async #takeAll(): Promise<void> {
    if (!this.#watcher && this.#slow) this.#watch();
    do {
      this.#again = false;
      for (const { name, at } of await this.#list()) {
        if (this.#closed) return;
        await this.#take(name, Number(at / 1_000_000n));
        // Database calls never leave the microtask queue: let sockets and timers have their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } while (this.#again && !this.#closed);
  }

  async #list(): Promise<{ name: string; at: bigint }[]> {
    const names = (await readdir(this.directory)).filter((name) => parseSpoolName(name));
    const dated = await Promise.all(
      names.map(async (name) => {
        const info = await stat(join(this.directory, name), { bigint: true }).catch(() => null);
        return info ? { name, at: info.mtimeNs } : null;
      }),
    );
    return dated.filter((entry) => entry !== null).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }

  async #take(name: string, at: number): Promise<void> {
    const parsed = parseSpoolName(name);
    if (!parsed) return;
    const path = join(this.directory, name);
    try {
      const content = await readFile(path, 'utf8');
      await this.#handle({ ...parsed, name, at, content });
      await rm(path, { force: true });
    } catch (error) {
      // The file stays: a full disk or a locked database must not lose it.
      this.#log.error({ err: error, file: name }, 'spool file could not be taken; it is tried again');
      this.#retryLater();
    }
  }
}

/** The status in an exit file: 0 to 255, null when it is none. */
export function parseExit(content: string): number | null {
  const code = Number(content.trim());
  return content.trim() !== '' && Number.isInteger(code) && code >= 0 && code <= 255 ? code : null;
}
