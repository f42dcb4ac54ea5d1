import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryWatcher } from './registry-watcher.ts';

let temp: TempDir;
let folder: string;
let watcher: RegistryWatcher;
let told: string[];
beforeEach(async () => {
  temp = await makeTempDir();
  folder = join(temp.path, 'registry');
  watcher = new RegistryWatcher();
  told = [];
});
afterEach(async () => {
  watcher[Symbol.dispose]();
  await temp[Symbol.asyncDispose]();
});

const follow = (name: string) => watcher.watch(folder, name, () => told.push(name));

describe('files of a registry', () => {
  it('are told of at once, the second of a folder too: they may have been written long before', () => {
    mkdirSync(folder);
    follow('1.json');
    expect(told).toEqual(['1.json']);
    follow('2.json');
    expect(told).toEqual(['1.json', '2.json']);
  });

  it('are told of when they change, each to its own listener', async () => {
    mkdirSync(folder);
    follow('1.json');
    const stop = follow('2.json');
    told = [];
    writeFileSync(join(folder, '2.json'), '{}');
    await waitFor('the change', () => told.includes('2.json'));
    stop();
    told = [];
    writeFileSync(join(folder, '2.json'), '{"a":1}');
    writeFileSync(join(folder, '1.json'), '{}');
    await waitFor('the other change', () => told.includes('1.json'));
    expect(told).not.toContain('2.json');
  });

  it('are told of once their folder is made', async () => {
    follow('1.json');
    expect(told).toEqual([]);
    mkdirSync(folder);
    writeFileSync(join(folder, '1.json'), '{}');
    await waitFor('the folder to be found', () => told.includes('1.json'));
  });
});
