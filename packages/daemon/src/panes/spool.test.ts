import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { parseExit, parseSpoolName, Spool, type SpoolFile } from './spool.ts';

const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

let temp: TempDir;
let directory: string;
let taken: SpoolFile[];
let fails: number;
let spool: Spool;
beforeEach(async () => {
  temp = await makeTempDir();
  directory = join(temp.path, 'spool');
  mkdirSync(directory);
  [taken, fails] = [[], 0];
  spool = new Spool({
    directory,
    log: silentLog,
    handle: async (file) => {
      if (fails-- > 0) throw new Error('the disk is full');
      taken.push(file);
    },
  });
});
afterEach(async () => {
  await spool[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const put = (name: string, content: string, at?: number) => {
  writeFileSync(join(directory, name), content);
  if (at !== undefined) utimesSync(join(directory, name), at, at);
};

describe('the spool', () => {
  it('takes what waited, oldest first, and removes it', async () => {
    put(`${id}.2.exit`, '0\n', 300);
    put(`${id}.2.hook-b`, '{"b":1}', 200);
    put(`${id}.2.hook-a`, '{"a":1}', 100);
    await spool.drain();
    expect(taken.map((file) => file.name)).toEqual([`${id}.2.hook-a`, `${id}.2.hook-b`, `${id}.2.exit`]);
    expect(taken[2]).toMatchObject({ sessionId: id, run: 2, kind: 'exit', content: '0\n', at: 300_000 });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes what comes while it watches', async () => {
    spool.start();
    put(`${id}.1.hook-x`, '{}');
    await waitFor('the file', () => taken.length === 1);
  });

  it('leaves alone what is half written, or not ours', async () => {
    for (const name of ['.hook.abc', `.${id}.1.exit`, 'notes.txt', `${id}.1.exit.tmp`]) put(name, 'x');
    await spool.drain();
    expect(taken).toEqual([]);
    expect(readdirSync(directory)).toHaveLength(4);
  });

  it('sweeps what writers that died left behind, when it is old', async () => {
    put('.hook.old', 'x', Date.now() / 1000 - 7_200);
    put('.hook.new', 'x');
    spool.start();
    await waitFor('the sweep', () => !readdirSync(directory).includes('.hook.old'));
    expect(readdirSync(directory)).toEqual(['.hook.new']);
  });

  it('keeps a file that could not be taken, and tries again by itself', async () => {
    fails = 1;
    put(`${id}.1.exit`, '7');
    await spool.drain();
    expect(taken).toEqual([]);
    expect(readdirSync(directory)).toHaveLength(1);
    await waitFor('the next attempt', () => taken.length === 1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('outlives the loss of its directory', async () => {
    spool.start();
    rmSync(directory, { recursive: true });
    await spool.drain();
    mkdirSync(directory);
    put(`${id}.1.exit`, '1');
    await waitFor('the file', () => taken.length === 1);
  });

  it('reads an exit status without taking it', async () => {
    put(`${id}.3.exit`, '9\n');
    expect(await spool.readExit({ sessionId: id, run: 3 })).toBe(9);
    expect(await spool.readExit({ sessionId: id, run: 4 })).toBeNull();
  });
});

it.each([
  [`${id}.1.exit`, { sessionId: id, run: 1, kind: 'exit' }],
  [`${id}.12.hook-aB3`, { sessionId: id, run: 12, kind: 'hook' }],
  [`${id}.x.exit`, null],
  [`../${id}.1.exit`, null],
  ['', null],
])('the name %s is %o', (name, parsed) => {
  expect(parseSpoolName(name)).toEqual(parsed);
});

it.each([
  ['0\n', 0],
  ['255', 255],
  ['256', null],
  ['-1', null],
  ['', null],
  ['\n', null],
  ['1e2x', null],
])('the exit file %j says %o', (content, code) => {
  expect(parseExit(content)).toBe(code);
});
