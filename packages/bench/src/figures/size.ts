import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { builtCli } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import type { Figure, Row } from '../figure.ts';

const pack = resolve(import.meta.dirname, '../../../../scripts/pack');

/** What is published: the tarball, and the bundle in it with the page. */
export const size: Figure = {
  name: 'size',
  async measure() {
    await using folder = await makeTempDir();
    await promisify(execFile)(pack, [folder.path]);
    return [
      await sizeRow('tarball', folder.path),
      await sizeRow('bundle', join(dirname(builtCli), '../dist')),
      await sizeRow('page', join(dirname(builtCli), '../dist/web')),
    ];
  },
};

async function sizeRow(figure: string, folder: string): Promise<Row> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  const ours = sizes.reduce((sum, bytes) => sum + bytes, 0) / 1024;
  return { figure, ours, floor: null, floorOf: null, ratio: null, unit: 'kB', target: null, runs: 1 };
}
