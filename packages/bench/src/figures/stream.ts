import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTmux } from '@codepiper/daemon/tmux/create-tmux.ts';
import type { PaneInfo, Tmux } from '@codepiper/daemon/tmux/tmux.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { attachBare } from '../bare-client.ts';
import type { Figure } from '../figure.ts';
import { endMark, numberedLines } from '../numbered-lines.ts';
import { measurePairs } from '../pairs.ts';

const megabyte = 1e6;
const totalBytes = 50 * megabyte;
/** A run takes seconds, so there are few of them. */
const mostRuns = 5;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

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

    return [
      {
        figure: '50 MB of numbered output to a reader in the daemon',
        ...flood,
        floorOf: 'bare control client',
        unit: 'ms',
        target: { of: 'ratio', max: 1.2 },
        note: `every byte was the one that was printed; ${pieces} pieces`,
      },
    ];
  },
};

/** From the key that starts the program's output to the last of its bytes, in milliseconds; read as the daemon does. */
async function readStream(tmux: Tmux, pane: PaneInfo) {
  await using followed = tmux.stream(pane.paneId, { history: 0 });
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const read: Uint8Array[] = [];
  let pictures = 0;
  let tail = '';
  const reading = followed.each((event) => {
    if (event.type === 'bytes') {
      read.push(event.bytes);
      const last = Buffer.from(event.bytes.subarray(-endMark.length)).toString('latin1');
      tail = (tail + last).slice(-endMark.length);
      if (tail === endMark) ended.resolve(performance.now());
    } else if (event.type === 'rebuilt' && pictures++ === 0) begun.resolve();
    else throw new Error(`the stream had a gap: ${event.type}`);
  });
  const gap = reading.then(() => Promise.reject(new Error('the stream ended')));
  await Promise.race([begun.promise, gap]);
  const started = performance.now();
  await tmux.pressKeys(pane.paneId, ['x']);
  const ms = (await Promise.race([ended.promise, gap])) - started;
  gap.catch(() => undefined); // It ends with the figure.
  const hash = createHash('sha256');
  for (const bytes of read) hash.update(bytes);
  return { ms, pieces: read.length, hash: hash.digest('hex') };
}

/** The same by a control client whose output is looked at for the end alone. */
async function readBare(tmux: Tmux, pane: PaneInfo, socketName: string): Promise<number> {
  const mark = endMark.replace('\x1b', '\\033').replace('\x07', '\\007');
  const ended = Promise.withResolvers<number>();
  let tail = '';
  await using client = await attachBare(socketName, pane.sessionName);
  client.onChunk = (chunk) => {
    const seam = tail + chunk.toString('latin1', 0, mark.length);
    tail = chunk.toString('latin1', Math.max(0, chunk.length - mark.length));
    if (chunk.includes(mark) || seam.includes(mark)) ended.resolve(performance.now());
  };
  const started = performance.now();
  await tmux.pressKeys(pane.paneId, ['x']);
  return (await ended.promise) - started;
}
