import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unknownText } from '@codepiper/core/policies/parts.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { placeOf, realPath } from './real-path.ts';

let temp: TempDir;
let work: string;
let out: string;
beforeEach(async () => {
  temp = await makeTempDir();
  work = realPath(join(temp.path, 'work'));
  out = realPath(join(temp.path, 'out'));
  await mkdir(join(work, 'src'), { recursive: true });
  await mkdir(join(out, 'deep'), { recursive: true });
  await writeFile(join(work, 'file'), '');
  await symlink(join(out, 'deep'), join(work, 'link'));
  await symlink('link', join(work, 'twice'));
  await symlink(join(out, 'not-there'), join(work, 'dangling'));
  await symlink('../out/not-there-too', join(work, 'relative'));
  await symlink('round', join(work, 'round'));
});
afterEach(() => temp[Symbol.asyncDispose]());

it.each([
  ['what is there', 'file', 'work/file'],
  ['what is not there yet', 'src/new/file', 'work/src/new/file'],
  ['a link', 'link/x', 'out/deep/x'],
  ['a link to a link', 'twice/x/y', 'out/deep/x/y'],
  ['what a link goes up from', 'link/../x', 'out/x'],
  ['a way out', '../out/x', 'out/x'],
  ['a way out through what is not there', 'none/../../out/x', 'out/x'],
  ['a link to what is not there', 'dangling', 'out/not-there'],
  ['the same with a slash', 'dangling/', 'out/not-there'],
  ['below a link to what is not there', 'dangling/a/b', 'out/not-there/a/b'],
  ['a relative link to what is not there', 'relative', 'out/not-there-too'],
  ['below a file', 'file/x', 'work/file/x'],
  ['a link behind what is not there', 'none/../link/x', 'out/deep/x'],
  ['the directory itself', '.', 'work'],
])('follows %s', (_, path, real) => {
  expect(realPath(`${work}/${path}`)).toBe(join(temp.path, real));
});

it('knows the root', () => {
  expect(realPath('/')).toBe('/');
  expect(realPath('/nowhere-at-all/x')).toBe('/nowhere-at-all/x');
});

it.each([
  ['links in a circle', 'round/x'],
  ['a name no file can have', 'x'.repeat(300)],
  ['a NUL', 'a\0b'],
  ['a path longer than any', 'x/'.repeat(500_000)],
])('says that it does not know where %s leads', (_, path) => {
  expect(realPath(`${work}/${path}`)).toBe(unknownText);
});

it.each(['/proc/self/cwd/x', '/proc/thread-self/root/x', '/proc/../proc/self/fd/3'])(
  'says that it does not know where %s leads for another process',
  (path) => {
    expect(realPath(path)).toBe(unknownText);
  },
);

it('has a workspace without links', () => {
  const place = placeOf({ cwd: join(work, 'link'), workspace: join(work, 'twice'), home: '/home/ada' });
  expect(place.workspace).toBe(join(temp.path, 'out/deep'));
  expect(place.realPath(join(work, 'link'))).toBe(join(temp.path, 'out/deep'));
});
