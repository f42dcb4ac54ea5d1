import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, test } from 'vitest';
import { FreedMemory } from './memory.ts';

/** Objects that live for a while are what makes the room for young ones grow. */
const busy = `
const kept = [];
for (let n = 0; n < 1e6; n++) kept[n % 1e5] = { n, text: 'x' + n };
const space = require('node:v8').getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
process.stdout.write(String(space.space_size));
`;

function run(script: string): string {
  const args = ['--conditions=source', '--experimental-strip-types', '--expose-gc', '-e', script];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout;
}

function youngSpaceAfter(script: string): number {
  return Number(run(script));
}

const memory = JSON.stringify(join(import.meta.dirname, 'memory.ts'));

test('the room for young objects stays small, which grows by itself', () => {
  const small = youngSpaceAfter(`require(${memory}).keepYoungSpaceSmall();${busy}`);
  expect(small).toBeGreaterThan(0);
  expect(youngSpaceAfter(busy)).toBeGreaterThan(4 * small);
});

/** 100 MB of small pieces that are thrown away, but for one in a hundred, which keeps what is around it. */
const wasteful = `
const { loadGiveBack } = require(${memory});
const kept = [];
(() => {
  const all = Array.from({ length: 5e4 }, () => new Uint8Array(2e3).fill(1));
  for (let n = 0; n < all.length; n += 100) kept.push(all[n]);
})();
gc();
const before = process.memoryUsage.rss();
loadGiveBack().then((giveBack) => {
  const since = Date.now();
  const look = () => {
    const less = before - process.memoryUsage.rss();
    if (less > 3e7 || Date.now() - since > 20_000) return process.stdout.write(String(less));
    giveBack();
    setTimeout(look, 50);
  };
  look();
});
`;

const hasGlibc =
  existsSync('/proc/self/maps') && readFileSync('/proc/self/maps', 'utf8').includes('/libc.so.6');

test.runIf(hasGlibc)('memory that was freed is given back to the system', () => {
  expect(Number(run(wasteful))).toBeGreaterThan(3e7);
});

test('it is given back once for all that is done meanwhile, and not when nothing is', async () => {
  let times = 0;
  using freed = new FreedMemory(() => times++, 20);
  freed.worked();
  freed.worked();
  await waitFor('it to be given back', () => times > 0);
  expect(times).toBe(1);
  freed.worked();
  await waitFor('it to be given back again', () => times > 1);
  freed.worked();
  freed[Symbol.dispose]();
  expect(times).toBe(2);
});
