import { spawnSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { canChooseSlices } from '@codepiper/testkit/slices.ts';
import { expect, test } from 'vitest';

const subject = JSON.stringify(join(import.meta.dirname, 'slices.ts'));
const script = `
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { getPriority } = require('node:os');
const sliceIn = (text) => Number(/se\\.slice\\s*:\\s*(\\d+)/.exec(text)?.[1]);
const mine = () => sliceIn(readFileSync('/proc/self/sched', 'utf8'));
const { takeShortSlices } = require(${subject});
const before = { slice: mine(), priority: getPriority() };
takeShortSlices().then((taken) => {
  const child = sliceIn(execFileSync('cat', ['/proc/self/sched'], { encoding: 'utf8' }));
  process.stdout.write(JSON.stringify({ before, taken, after: { slice: mine(), priority: getPriority() }, child }));
});
`;

interface Outcome {
  before: { slice: number; priority: number };
  taken: boolean;
  after: { slice: number; priority: number };
  child: number;
}

function take(under: readonly string[] = []): Outcome {
  const node = ['--conditions=source', '--experimental-strip-types', '-e', script];
  const [program = '', ...args] = [...under, process.execPath, ...node];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Outcome;
}

const works = canChooseSlices();

test.runIf(works)('a thread asks for short stretches, for itself alone, and keeps its priority', () => {
  const { before, taken, after, child } = take(['nice', '-n', '3']);
  expect(taken).toBe(true);
  expect(before.priority).toBe(Math.min(getPriority() + 3, 19));
  expect(after).toEqual({ slice: 100_000, priority: before.priority });
  expect(before.slice).toBeGreaterThan(after.slice);
  expect(child).toBe(before.slice);
});

test.runIf(works)('who was started to go behind all others does', () => {
  const { before, taken, after } = take(['chrt', '--idle', '0']);
  expect(taken).toBe(false);
  expect(after).toEqual(before);
});
