import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeEach, expect, it, vi } from 'vitest';
import { endOrphans } from './orphans.ts';

let sleeps: number[] = [];
beforeEach(() => {
  sleeps = [];
});
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    sleeps.push(ms);
    await new Promise((resolve) => setImmediate(resolve));
  },
}));

const log = { info() {}, warn() {} };

it('waits for no client to end by itself when all of them are attached', async () => {
  const stuck = spawn('sleep', ['1000']);
  const ended = once(stuck, 'exit');
  await endOrphans([stuck.pid ?? 0], { log, areAttached: true, listed: async () => [] });
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(sleeps).toEqual([]);
});

it('waits for one that may be on its way, and until tmux has seen the end', async () => {
  const leaving = spawn('cat');
  const ended = once(leaving, 'exit');
  let looks = 0;
  const listed = async () => (++looks < 3 ? [leaving.pid ?? 0] : []);
  const ending = endOrphans([leaving.pid ?? 0], { log, areAttached: false, listed });
  leaving.stdin.end();
  await ending;
  expect(await ended).toEqual([0, null]);
  expect(looks).toBe(3);
});
