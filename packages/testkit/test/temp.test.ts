import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTempDir, tempRoot } from '../src/temp.ts';

test('a directory is private, goes when disposed of, and outlives only its living owner', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  const orphan = `${child.pid}-0abcde`;
  await mkdir(join(tempRoot(), orphan, 'deep'), { recursive: true });

  const first = await makeTempDir();
  await using second = await makeTempDir();
  expect((await stat(first.path)).mode & 0o777).toBe(0o700);
  expect(await readdir(tempRoot())).not.toContain(orphan);

  await first[Symbol.asyncDispose]();
  await expect(stat(first.path)).rejects.toThrow('ENOENT');
  expect((await stat(second.path)).isDirectory()).toBe(true);
});
