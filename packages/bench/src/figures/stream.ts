import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTmux } from '@codepiper/daemon/tmux/create-tmux.ts';
import type { PaneEvent, PaneInfo, Tmux } from '@codepiper/daemon/tmux/tmux.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import type { Figure } from '../figure.ts';
import { endMark, numberedLines } from '../numbered-lines.ts';
import { measurePairs } from '../pairs.ts';
import { readProcess } from '../process-stat.ts';

const megabyte = 1e6;
const totalBytes = 50 * megabyte;
/** A run takes seconds, so there are few of them. */
const mostRuns = 5;
const busySeconds = 10;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Prints lines at 1 MB/s, for ever. */
const busy = `
let number = 0;
const started = performance.now();
setInterval(() => {
  let text = '';
  while (number * 100 < (performance.now() - started) * 1000) {
    text += ('\\x1b[3' + (number % 8) + 'm' + number + '\\x1b[0m ').padEnd(98, 'agent output ') + '\\r\\n';
    number++;
  }
  process.stdout.write(text);
}, 10);
`;

/** What a pane prints, from the program through tmux to a reader in the daemon's process. */
export const stream: Figure = {
  name: 'stream',
  async measure({ runs }) {
    await using folder = await makeTempDir();
    await using server = scratchTmux();
    const { socketName } = server;
    await using tmux = await createTmux({ socketName, home: folder.path, env: process.env, log: quiet });

    const lines = numberedLines(totalBytes);
    const file = join(folder.path, 'lines');
    await writeFile(file, lines);
    const hash = createHash('sha256').update(lines).digest('hex');
    const script = 'stty raw -echo; while [ "$(head -c1)" ]; do cat "$0"; done';
    const size = { cols: 120, rows: 40 };
    const pane = await tmux.createPane({ sessionName: 'flood', ...size, argv: ['sh', '-c', script, file] });

    let pieces = 0;
    const flood = await measurePairs(
      Math.min(runs, mostRuns),
      async () => {
        const run = await readStream(tmux, pane);
        if (run.hash !== hash) throw new Error('what was read is not what was printed');
        pieces = run.pieces;
        return run.ms;
      },
      () => readBare(tmux, pane, socketName),
      1,
    );
    await tmux.killSession(pane.sessionName);

    const argv = [process.execPath, '-e', busy];
    const busyPane = await tmux.createPane({ sessionName: 'busy', ...size, argv });
    const ours = await cpuOfStream(tmux, busyPane);
    const floor = await cpuOfBare(busyPane, socketName);
    return [
      {
        figure: '50 MB of numbered output to a reader in the daemon',
        ...flood,
        floorOf: 'bare control client',
        unit: 'ms',
        target: { of: 'ratio', max: 1.2 },
        note: `every byte was the one that was printed; ${pieces} pieces`,
      },
      {
        figure: 'CPU for one session at 1 MB/s, read and dropped',
        ours: ours.percent,
        floor: floor.percent,
        floorOf: 'bare control client',
        ratio: ours.percent / floor.percent,
        unit: '%',
        target: { of: 'ours', max: 3 },
        runs: 1,
        note: `over ${busySeconds} s at ${(ours.rate / megabyte).toFixed(2)} MB/s; tmux itself not counted`,
      },
    ];
  },
};

/** From the key that starts the program's output to the last of its bytes, in milliseconds. */
async function readStream(tmux: Tmux, pane: PaneInfo) {
  await using followed = tmux.stream(pane.paneId, { history: 0 });
  const events = followed[Symbol.asyncIterator]();
  await events.next();
  const hash = createHash('sha256');
  let pieces = 0;
  let tail = '';
  const started = performance.now();
  await tmux.pressKeys(pane.paneId, ['x']);
  const read: Uint8Array[] = [];
  while (!tail.endsWith(endMark)) {
    const bytes = bytesOf(await events.next());
    read.push(bytes);
    tail = (tail + Buffer.from(bytes.subarray(-endMark.length)).toString('latin1')).slice(-endMark.length);
    pieces++;
  }
  const ms = performance.now() - started;
  for (const bytes of read) hash.update(bytes);
  return { ms, pieces, hash: hash.digest('hex') };
}

function bytesOf(next: IteratorResult<PaneEvent>): Uint8Array {
  if (next.done || next.value.type !== 'bytes') {
    throw new Error(`the stream had a gap: ${next.done ? 'no more' : next.value.type}`);
  }
  return next.value.bytes;
}

/** The same by a control client whose output is looked at for the end alone. */
async function readBare(tmux: Tmux, pane: PaneInfo, socketName: string): Promise<number> {
  const mark = endMark.replace('\x1b', '\\033').replace('\x07', '\\007');
  const ended = Promise.withResolvers<number>();
  let tail = '';
  await using _client = await attachBare(pane, socketName, (chunk) => {
    const seam = tail + chunk.toString('latin1', 0, mark.length);
    tail = chunk.toString('latin1', Math.max(0, chunk.length - mark.length));
    if (chunk.includes(mark) || seam.includes(mark)) ended.resolve(performance.now());
  });
  const started = performance.now();
  await tmux.pressKeys(pane.paneId, ['x']);
  return (await ended.promise) - started;
}

async function attachBare(
  pane: PaneInfo,
  socketName: string,
  onChunk: (chunk: Buffer) => void,
): Promise<AsyncDisposable> {
  const args = ['-u', '-L', socketName, '-C', 'attach-session', '-t', pane.sessionName];
  const client = spawn('tmux', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const attached = Promise.withResolvers<void>();
  client.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('%session-changed')) attached.resolve();
    onChunk(chunk);
  });
  await attached.promise;
  return {
    async [Symbol.asyncDispose]() {
      client.stdin.end('detach-client\n');
      await once(client, 'close');
    },
  };
}

async function cpuOfStream(tmux: Tmux, pane: PaneInfo): Promise<{ percent: number; rate: number }> {
  await using followed = tmux.stream(pane.paneId, { history: 0 });
  const events = followed[Symbol.asyncIterator]();
  await events.next();
  return await cpuWhile(async (isOver) => {
    let length = 0;
    while (!isOver()) length += bytesOf(await events.next()).length;
    return length;
  });
}

async function cpuOfBare(pane: PaneInfo, socketName: string): Promise<{ percent: number; rate: number }> {
  let length = 0;
  await using _client = await attachBare(pane, socketName, (chunk) => {
    length += chunk.length;
  });
  return await cpuWhile(async () => {
    length = 0;
    await sleep(busySeconds * 1000);
    return length;
  });
}

/** What this process needs while it reads for some seconds, in percent of a core, and how much it reads a second. */
async function cpuWhile(read: (isOver: () => boolean) => Promise<number>) {
  const started = performance.now();
  const before = cpuMs();
  const length = await read(() => performance.now() - started >= busySeconds * 1000);
  const spent = performance.now() - started;
  return { percent: ((cpuMs() - before) / spent) * 100, rate: (length / spent) * 1000 };
}

function cpuMs(): number {
  return readProcess(process.pid)?.cpuMs ?? 0;
}
