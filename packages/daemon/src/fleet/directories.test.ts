import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FleetHouse } from '../../test/fleet-house.ts';
import { Directories } from './directories.ts';
import { FleetStore } from './fleet.store.ts';

let temp: TempDir;
let house: FleetHouse;
let directories: Directories;
const at = (...names: string[]) => join(temp.path, ...names);

beforeEach(async () => {
  temp = await makeTempDir();
  house = await FleetHouse.open();
  directories = new Directories({ store: new FleetStore(house.db), home: temp.path });
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

it('lists folders and links to them, sorted, with those of git', async () => {
  for (const name of ['b10', 'b9', 'A', '.hidden', 'repo/.git']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('file'), '');
  symlinkSync(at('repo'), at('link'));
  symlinkSync(at('file'), at('link-to-file'));
  symlinkSync(at('nowhere'), at('broken'));
  const list = await directories.list({});
  expect(list).toMatchObject({ path: temp.path, parent: dirname(temp.path), truncated: false });
  expect(list.entries.map(({ name, isGitRepo }) => (isGitRepo ? `${name} (git)` : name))).toEqual([
    'A',
    'b9',
    'b10',
    'link (git)',
    'repo (git)',
  ]);
  expect(list.entries[0]?.path).toBe(at('A'));
  const all = await directories.list({ path: '~', hidden: true });
  expect(all.entries.map(({ name }) => name)).toContain('.hidden');
  expect(await directories.list({ path: `${at('A')}/../repo/` })).toMatchObject({
    path: at('repo'),
    entries: [],
  });
  expect((await directories.list({ path: '/' })).parent).toBeNull();
});

it('lists a thousand at most, and says that there are more', async () => {
  for (let n = 0; n < 1150; n += 1) mkdirSync(at(`d${n}`));
  const { entries, truncated } = await directories.list({ path: temp.path });
  expect([entries.length, entries[999]?.name, truncated]).toEqual([1000, 'd999', true]);
});

it('says what is wrong with a path, and what is near', async () => {
  mkdirSync(at('projects'));
  writeFileSync(at('file'), '');
  const says = (path: string) => expect(directories.list({ path })).rejects;
  await says(at('projcets')).toThrow(`Did you mean ${at('projects')}?`);
  await says(at('projects', 'x', 'y')).toThrow(`${at('projects')} is there.`);
  await says(at('file')).toThrow('not a directory');
  await says('projects').toThrow('must be an absolute path');
  await says(`${temp.path}\0x`).toThrow('must be an absolute path');
});

it('remembers where sessions were started, the last first, as long as it is there', async () => {
  for (const name of ['old', 'new', 'gone']) mkdirSync(at(name));
  await house.add({ cwd: at('old'), createdAt: 1000 });
  await house.add({ cwd: at('new'), createdAt: 2000 });
  const last = await house.add({ cwd: at('old'), createdAt: 3000, name: 'x' });
  await house.add({ cwd: at('deleted'), createdAt: 4000 });
  await house.rooms.sessions.remove(last.id, 5000);
  expect((await directories.recent()).directories).toEqual([
    { path: at('old'), lastUsedAt: new Date(3000).toISOString(), sessions: 2 },
    { path: at('new'), lastUsedAt: new Date(2000).toISOString(), sessions: 1 },
  ]);
});
