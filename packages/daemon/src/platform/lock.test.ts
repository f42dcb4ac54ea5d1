import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acquireLock } from './lock.ts';

let temp: TempDir;
const children: ChildProcess[] = [];
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await temp[Symbol.asyncDispose]();
});

/** A process that tries for the lock once told to, says how it went, and stays. */
const contender = `
  import { acquireLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
  process.stdout.write('ready\\n');
  process.stdin.once('data', () => {
    globalThis.held = acquireLock(process.argv[1]);
    process.stdout.write(globalThis.held ? 'won\\n' : 'lost\\n');
  });
`;

function contend(path: string) {
  const args = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', contender, path];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return {
    child,
    ready: () => waitFor('the contender', () => said.includes('ready')),
    go: () => child.stdin.write('go\n'),
    outcome: () => waitFor('the outcome', () => /won|lost/.exec(said)?.[0]),
  };
}

it('lets exactly one of 20 racing processes win', async () => {
  const path = join(temp.path, 'lock');
  const all = Array.from({ length: 20 }, () => contend(path));
  await Promise.all(all.map((one) => one.ready()));
  for (const one of all) one.go();
  const outcomes = await Promise.all(all.map((one) => one.outcome()));
  expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
  expect(acquireLock(path)).toBeNull();
}, 60_000);

it('is released by kill -9', async () => {
  const path = join(temp.path, 'lock');
  const other = contend(path);
  await other.ready();
  other.go();
  expect(await other.outcome()).toBe('won');
  expect(acquireLock(path)).toBeNull();
  other.child.kill('SIGKILL');
  const lock = await waitFor('the lock', () => acquireLock(path));
  lock[Symbol.dispose]();
});

it('holds against its own process, and is free after disposal', () => {
  const path = join(temp.path, 'lock');
  const first = acquireLock(path);
  expect(first).not.toBeNull();
  expect(acquireLock(path)).toBeNull();
  first?.[Symbol.dispose]();
  expect(readdirSync(temp.path)).toEqual(['lock']);
  const second = acquireLock(path);
  expect(second).not.toBeNull();
  second?.[Symbol.dispose]();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('still holds against others after this process was refused it', async () => {
  const path = join(temp.path, 'lock');
  const lock = acquireLock(path);
  expect(acquireLock(path)).toBeNull();
  const other = contend(path);
  await other.ready();
  other.go();
  expect(await other.outcome()).toBe('lost');
  lock?.[Symbol.dispose]();
});

it('says why when the file cannot be made', () => {
  expect(() => acquireLock(join(temp.path, 'none/lock'))).toThrow('ENOENT');
});
