import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { builtCli } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, it } from 'vitest';

/** Every command loads these files; each kilobyte and each file more is felt by all of them. */
const mostBytes = 40_000;

it('the list of sessions loads the program, what it shares with the workers, and nothing else', async () => {
  await using temp = await makeTempDir();
  const spy = join(temp.path, 'spy.cjs');
  await writeFile(
    spy,
    `process.on('exit', () => require('node:fs').writeSync(1, JSON.stringify({
      files: Object.keys(require.cache).filter((file) => file !== __filename),
      modules: process.moduleLoadList,
    })));`,
  );
  const env = { HOME: temp.path, PATH: process.env.PATH, CODEPIPER_SOCKET: join(temp.path, 's') };
  const printed = await new Promise<string>((resolve) => {
    // No daemon answers: it fails, when it has loaded all it needs to ask one.
    execFile(process.execPath, ['--require', spy, builtCli, 'sessions'], { env }, (_, out) => resolve(out));
  });
  const { files, modules } = JSON.parse(printed) as { files: string[]; modules: string[] };

  expect(files.map((file) => basename(file).replace(/-[\w-]{8}\./, '.')).sort()).toEqual([
    'base.cjs',
    'codepiper.cjs',
    'main.cjs',
  ]);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(mostBytes);
  // It speaks HTTP by itself: Node's own takes as long to load as all the rest.
  expect(
    modules.filter((name) => /^NativeModule (?:http|https|child_process|tty|worker_threads)$/.test(name)),
  ).toEqual([]);
});
