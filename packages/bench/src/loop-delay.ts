import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { percentile99 } from './pairs.ts';

/**
 * Loaded into the daemon before its own code. While a connection to its socket is open it looks every millisecond how
 * long ago the last look was, and how much of that the kernel let the daemon wait for a core; then it tells.
 */
const probe = `
const { readFileSync } = require('node:fs');
const waited = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
const now = () => ({ at: performance.now(), waited: waited() });

function watch(socket) {
  const looks = [];
  let last = now();
  const timer = setInterval(() => {
    const here = now();
    looks.push({ delay: here.at - last.at, waited: here.waited - last.waited });
    last = here;
  }, 1);
  socket.on('error', () => {}).resume().write(' ');
  socket.on('end', () => {
    clearInterval(timer);
    socket.end(JSON.stringify(looks));
  });
}

if (require('node:worker_threads').isMainThread) {
  require('node:net').createServer({ allowHalfOpen: true }, watch).listen(process.env.BENCH_LOOP).unref();
}
`;

/** One look at the event loop. In milliseconds. */
export interface Look {
  /** Since the last one; a millisecond where nothing keeps the loop. */
  delay: number;
  /** What of it the process could have run in, had there been a core for it. */
  waited: number;
}

/** The event loop of a node that is started with `env`. Linux only. */
export class LoopProbe {
  readonly env: Readonly<Record<string, string>>;
  readonly #socket: string;

  private constructor(file: string, socket: string) {
    this.#socket = socket;
    this.env = { NODE_OPTIONS: `--require=${file}`, BENCH_LOOP: socket };
  }

  /** Writes what is needed into a folder whose path has no spaces; `name`: another for each node. */
  static async prepare(folder: string, name: string): Promise<LoopProbe> {
    const file = join(folder, 'loop.cjs');
    await writeFile(file, probe);
    return new LoopProbe(file, join(folder, name));
  }

  /** The looks while `work` goes on. */
  async during(work: () => Promise<void>): Promise<Look[]> {
    const socket = connect({ path: this.#socket, allowHalfOpen: true });
    try {
      await new Promise((resolve, reject) => socket.once('readable', resolve).once('error', reject));
      await work();
      socket.end();
      return (await json(socket)) as Look[];
    } finally {
      socket.destroy();
    }
  }
}

/** A node that does nothing: its event loop is late by what the machine does to anybody's. */
export async function idleLoop(folder: string) {
  const loop = await LoopProbe.prepare(folder, 'idle');
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 2 ** 30); console.log("ready")'], {
    env: { ...process.env, ...loop.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(idle.stdout, 'data');
  return {
    loop,
    async [Symbol.asyncDispose]() {
      const ended = once(idle, 'exit');
      idle.kill();
      await ended;
    },
  };
}

/** In milliseconds: the delay that 99 of 100 looks did not find longer, and the same without waiting for a core. */
export function delaysOf(looks: readonly Look[]): { all: number; own: number; longestOwn: number } {
  const own = looks.map(({ delay, waited }) => delay - waited);
  return {
    all: percentile99(looks.map(({ delay }) => delay)),
    own: percentile99(own),
    longestOwn: Math.max(...own),
  };
}
