import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';
import { Cable } from './cable.ts';
import { differences } from './screen-sessions.ts';
import { TerminalViewer } from './terminal-viewer.ts';

/** `scripts/soak` does it with 200 MB and a minute. */
const megabytes = Number(process.env.CODEPIPER_STALL_MEGABYTES ?? 24);
const stallMs = Number(process.env.CODEPIPER_STALL_SECONDS ?? 2) * 1000;
const seed = Number(process.env.CODEPIPER_STALL_SEED ?? 1);
/** Brings the heap of the daemon nearer to the size it works with. */
const warmUpBytes = megabytes * 2.5e5;
/**
 * What its memory may grow by after that, in MB. By dozens it comes and goes by itself (`scripts/bench` compares that
 * with no viewer stalling); of the 200 MB of a soak none may wait there.
 */
const mostGrowth = 100;

/** Prints as many bytes as it is told, in lines of all lengths and colours, and says when it is done. */
const flood = String.raw`
const { stdin, stdout } = process;
let [round, state] = [0, ${seed}];
const random = (most) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % most;
stdin.on('data', async (bytes) => {
  round++;
  for (let [line, printed] = [0, 0]; printed < Number(bytes); ) {
    let text = '';
    while (text.length < 65536)
      text += '\x1b[' + (30 + random(8)) + 'm' + ++line + '\x1b[0m ' + '漢字 ünd 😀 '.repeat(random(3)) + 'x'.repeat(random(120)) + '\r\n';
    printed += Buffer.byteLength(text);
    if (!stdout.write(text)) await new Promise((done) => stdout.once('drain', done));
  }
  stdout.write('\x1b[1;44mend of round ' + round + '\x1b[0m ');
});
`;

it('a viewer that stops reading holds up nobody, costs no memory, and has the right screen when it reads again', {
  timeout: 120_000 + 4 * stallMs + megabytes * 1000,
}, async () => {
  await using house = await House.open();
  await using line = await Cable.lay(() => house.socket);
  await using good = await Cable.lay(() => house.socket);
  const file = join(await house.workDirectory(), 'flood.mjs');
  await writeFile(file, flood);
  const busy = await house.create({ provider: 'shell', args: [process.execPath, file] });
  const quiet = await house.create({ provider: 'shell', args: ['sh', '-c', 'stty -echo; exec cat'] });
  using stalled = new TerminalViewer(line.port, busy.id, 'viewer-that-stalls');
  using keen = new TerminalViewer(good.port, busy.id, 'viewer-that-reads');
  using other = new TerminalViewer(good.port, quiet.id, 'viewer-of-another');
  const shows = (viewer: TerminalViewer, text: string) =>
    waitFor(`a viewer to show ${text}`, () => viewer.dump().join('\n').includes(text), {
      timeout: 60_000 + megabytes * 500,
    });
  await waitFor('all to watch', () => [stalled, keen, other].every(({ snapshots }) => snapshots > 0));
  keen.channel.type(`${warmUpBytes}\n`);
  await shows(keen, 'end of round 1');
  await shows(stalled, 'end of round 1');

  const before = await memoryOf(house.daemonPid);
  let most = before;
  line.hold();
  const carried = line.carried;
  keen.channel.type(`${megabytes * 1e6}\n`);
  const started = performance.now();
  // Others type meanwhile, and see it.
  for (let n = 0; performance.now() - started < stallMs || n < 5; n++) {
    other.channel.type(`still here ${n}\n`);
    await shows(other, `still here ${n}`);
    most = Math.max(most, await memoryOf(house.daemonPid));
    await sleep(100);
  }
  await shows(keen, 'end of round 2');
  most = Math.max(most, await memoryOf(house.daemonPid));
  // What was on its way into the cable, and nothing since.
  expect(line.carried - carried).toBeLessThan(2e6);
  expect(stalled.dump().join('\n')).not.toContain('end of round 2');
  expect((most - before) / 1e6).toBeLessThan(mostGrowth);

  line.letGo();
  await shows(stalled, 'end of round 2');
  for (const viewer of [stalled, keen]) {
    await waitFor('a viewer to show what tmux has', async () => {
      const differing = await differences(house, busy.id, () => viewer.shown);
      if (differing.length > 0) throw new Error(differing.join('\n'));
      return true;
    });
    expect(viewer.problems).toEqual([]);
  }
});

/** In bytes. */
async function memoryOf(pid: number | null): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * 1024;
}
