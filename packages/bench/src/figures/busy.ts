import { setTimeout as sleep } from 'node:timers/promises';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { attachBare } from '../bare-client.ts';
import { openHouse } from '../bench-house.ts';
import type { Figure } from '../figure.ts';
import { threadsCpuMs } from '../process-stat.ts';

/** How long is looked at, and how long it may come to its pace before, in milliseconds. */
const windowMs = 20_000;
const settleMs = 20_000;

/** Prints lines at 1 MB/s, for ever. */
const program = `
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

/** What a session costs the daemon that prints all the time, is recorded as by default, and that nobody watches. */
export const busy: Figure = {
  name: 'busy',
  async measure() {
    const ours = await cpuOfDaemon();
    const floor = await cpuOfBare();
    return [
      {
        figure: 'a session at 1 MB/s that is recorded and not watched: CPU of the daemon',
        ours,
        floor: floor.percent,
        floorOf: 'bare control client, kept nowhere',
        ratio: ours / floor.percent,
        unit: '%',
        target: { of: 'ours', max: 3 },
        runs: 1,
        note: `all its threads, over ${windowMs / 1000} s at ${(floor.rate / 1e6).toFixed(2)} MB/s; tmux itself not counted`,
      },
    ];
  },
};

async function cpuOfDaemon(): Promise<number> {
  await using house = await openHouse(1, {}, [process.execPath, '-e', program]);
  return await cpuOf(house.daemonPid ?? 0);
}

async function cpuOfBare(): Promise<{ percent: number; rate: number }> {
  await using server = scratchTmux();
  await server.start('busy', [process.execPath, '-e', program], { cwd: '/', env: process.env });
  await using bare = await attachBare(server.socketName, 'busy');
  let length = 0;
  bare.onChunk = (chunk) => {
    length += chunk.length;
  };
  const percent = await cpuOf(process.pid, () => {
    length = 0;
  });
  return { percent, rate: (length / windowMs) * 1000 };
}

/** What a process needs while some seconds pass, in percent of a core. */
async function cpuOf(pid: number, onBegin = () => {}): Promise<number> {
  await sleep(settleMs);
  onBegin();
  const [started, before] = [performance.now(), threadsCpuMs(pid)];
  await sleep(windowMs);
  return ((threadsCpuMs(pid) - before) / (performance.now() - started)) * 100;
}
