import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const subject = JSON.stringify(join(import.meta.dirname, 'engine-threads.ts'));
const script = `
const { readdirSync, readFileSync } = require('node:fs');
const { getPriority } = require('node:os');
const priorities = () => Object.fromEntries(readdirSync('/proc/self/task').map((thread) => [
  readFileSync('/proc/self/task/' + thread + '/comm', 'utf8').trim() + ' ' + thread,
  getPriority(Number(thread)),
]));
const before = priorities();
const { putEngineThreadsBehind } = require(${subject});
putEngineThreadsBehind();
putEngineThreadsBehind();
process.stdout.write(JSON.stringify({ before, after: priorities() }));
`;

// Node 22 gives its threads no names.
const isNamed = process.platform === 'linux' && Number(process.versions.node.split('.')[0]) >= 24;

test.runIf(isNamed)('the engine’s threads go behind, and nothing else does', () => {
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=source', '--experimental-strip-types', '-e', script],
    { encoding: 'utf8' },
  );
  const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', Record<string, number>>;
  const moved = Object.keys(before).filter((thread) => after[thread] !== before[thread]);
  expect(moved.length).toBeGreaterThan(0);
  expect(moved.map((thread) => thread.split(' ')[0])).toEqual(moved.map(() => 'V8Worker'));
  expect(moved.map((thread) => after[thread])).toEqual(
    moved.map((thread) => Math.min((before[thread] ?? 0) + 10, 19)),
  );
  expect(Object.keys(before).filter((thread) => thread.startsWith('V8Worker'))).toEqual(moved);
});
