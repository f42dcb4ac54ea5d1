import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';

/** What a daemon holds at one moment. Sizes are in MB, times in milliseconds. */
export interface DaemonFigures {
  rss: number;
  /** Of the main thread, with what can no longer be reached. */
  heap: number;
  /** Outside of the heap. */
  buffers: number;
  descriptors: number;
  /** Of them: connections, of viewers and to programs that it started. */
  sockets: number;
  /** Of them: recordings, each open from the first output of its session to the last. */
  recordings: number;
  threads: number;
  /** Of them: the one that draws screens. */
  screenThreads: number;
  /** Clients of its tmux server. */
  clients: number;
  children: number;
  /** Of GET /health. */
  health: number;
}

/** Whether this machine tells what a process holds. */
export const canBeRead = existsSync('/proc/self/fd');

/**
 * Loaded before the daemon: a file says what the heap of its main thread has, and whenever the file `collect` has another
 * number, unreachable objects are thrown away first. Its other threads have arguments of their own and are left out: what
 * they hold follows what is watched and printed just then, and goes with them.
 */
const reporter = (folder: string) => `
const { threadId } = require('node:worker_threads');
if (process.argv.includes('daemon')) {
  const { existsSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
  const folder = ${JSON.stringify(folder)};
  const file = folder + '/heap-' + threadId + '.json';
  let collected = 0;
  setInterval(() => {
    const asked = existsSync(folder + '/collect') ? Number(readFileSync(folder + '/collect', 'utf8')) : 0;
    if (asked > collected) {
      require('node:v8').setFlagsFromString('--expose-gc');
      require('node:vm').runInNewContext('gc')();
      collected = asked;
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    writeFileSync(file + '.new', JSON.stringify({ heap: heapUsed, buffers: arrayBuffers, collected }));
    renameSync(file + '.new', file);
  }, 500).unref();
  process.on('exit', () => rmSync(file, { force: true }));
}
`;

interface ThreadHeap {
  heap: number;
  buffers: number;
  /** The last request to throw away unreachable objects that it has met. */
  collected: number;
}

/** A house whose daemon can be asked what it holds. Linux only. */
export class MeasuredHouse implements AsyncDisposable {
  readonly house: House;
  readonly #folder: string;
  #asked = 0;
  readonly #owned: AsyncDisposableStack;

  private constructor(house: House, folder: string, owned: AsyncDisposableStack) {
    this.house = house;
    this.#folder = folder;
    this.#owned = owned;
  }

  static async open(): Promise<MeasuredHouse> {
    await using owned = new AsyncDisposableStack();
    const folder = owned.use(await makeTempDir());
    const program = join(folder.path, 'report.cjs');
    await writeFile(program, reporter(folder.path));
    const house = owned.use(await House.build({ env: { NODE_OPTIONS: `--require=${program}` } }));
    // As its users have it.
    delete house.env.CODEPIPER_LOG_LEVEL;
    await house.start();
    return new MeasuredHouse(house, folder.path, owned.move());
  }

  /** Takes all of them once. */
  async look(): Promise<DaemonFigures> {
    const pid = this.house.daemonPid ?? 0;
    const started = performance.now();
    await this.house.http('GET', '/health');
    const health = performance.now() - started;
    const clients = (await this.house.tmux('list-clients', '-F', '#{client_pid}')).split('\n');
    const threads = readdirSync(`/proc/${pid}/task`);
    const read = (path: string) => readOr('', () => readFileSync(`/proc/${pid}/${path}`, 'utf8'));
    const links = readdirSync(`/proc/${pid}/fd`).map((name) =>
      readOr('', () => readlinkSync(`/proc/${pid}/fd/${name}`)),
    );
    const heaps = this.#heaps();
    return {
      rss: Number(/^VmRSS:\s+(\d+)/m.exec(read('status'))?.[1] ?? 0) / 1000,
      heap: sumOf(heaps.map(({ heap }) => heap)) / 1e6,
      buffers: sumOf(heaps.map(({ buffers }) => buffers)) / 1e6,
      descriptors: links.filter((link) => link !== '').length,
      sockets: links.filter((link) => /^socket:/.test(link)).length,
      recordings: links.filter((link) => link.includes('/recordings/')).length,
      threads: threads.length,
      screenThreads: threads.filter((thread) => read(`task/${thread}/comm`).startsWith('screen-worker'))
        .length,
      clients: clients.filter((client) => client !== '').length,
      children: threads.flatMap((thread) => read(`task/${thread}/children`).split(' ').filter(Number)).length,
      health,
    };
  }

  /** What can still be reached in the heap of the main thread, with buffers, in MB. */
  async live(): Promise<number> {
    this.#asked++;
    const file = join(this.#folder, 'collect');
    await writeFile(`${file}.new`, String(this.#asked));
    await rename(`${file}.new`, file);
    const heaps = await waitFor('the daemon to throw away what it can', () => {
      const all = this.#heaps();
      return all.every(({ collected }) => collected === this.#asked) && all;
    });
    return sumOf(heaps.map(({ heap, buffers }) => heap + buffers)) / 1e6;
  }

  #heaps(): ThreadHeap[] {
    return readdirSync(this.#folder)
      .filter((name) => /^heap-\d+\.json$/.test(name))
      .flatMap((name) =>
        readOr<ThreadHeap[]>([], () => [JSON.parse(readFileSync(join(this.#folder, name), 'utf8'))]),
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Calls every second for that long, with the seconds so far. */
export async function everySecond(ms: number, call: (at: number) => Promise<void>): Promise<void> {
  const started = performance.now();
  for (let at = 0; at * 1000 < ms; at = (performance.now() - started) / 1000) {
    await call(at);
    await sleep(Math.max(0, 1000 - (performance.now() - started - at * 1000)));
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

export function median(numbers: readonly number[]): number {
  return percentile(numbers, 0.5);
}

/** @param share from 0 to 1; 0 for none at all */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** What a read of something that may just have gone gives. */
function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
