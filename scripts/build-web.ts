import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = 'web';
/** What the page is made from. The rest of the program changes more often, and the page costs seconds. */
const sources = [
  'packages/web',
  'packages/client',
  'packages/core',
  'pnpm-lock.yaml',
  'scripts/build-web.ts',
];
const notSource = new Set(['node_modules', 'dist', '.types', 'test']);

/**
 * Builds the page into `<dist>/web` when its sources changed. By rename, when it is whole: whoever loads the page
 * meanwhile gets the old one.
 *
 * @throws Error when the page cannot be built; what is wrong was printed
 */
export async function buildWeb(root: string, dist: string): Promise<{ folder: string; isNew: boolean }> {
  const stampFile = join(root, '.cache/web.stamp');
  const stamp = await hashOf(root);
  const isFresh = (await readFile(stampFile, 'utf8').catch(() => '')) === stamp;
  if (isFresh && existsSync(join(dist, folder, 'index.html'))) return { folder, isNew: false };
  const web = join(root, 'packages/web');
  const partial = join(dist, `.${folder}.${process.pid}`);
  await mkdir(dist, { recursive: true });
  const vite = join(web, 'node_modules/.bin/vite');
  await run(vite, ['build', '--logLevel', 'warn', '--outDir', partial], web);
  const worker = ['--config', 'vite.worker.config.ts', '--outDir', partial];
  await run(vite, ['build', '--logLevel', 'warn', ...worker], web);
  await compress(join(partial, 'assets'));
  await rm(join(dist, folder), { recursive: true, force: true });
  await rename(partial, join(dist, folder));
  await mkdir(join(root, '.cache'), { recursive: true });
  await writeFile(stampFile, stamp);
  return { folder, isNew: true };
}

/** Beside each file that is worth it, the same compressed: it is served in its place, and costs the daemon nothing. */
async function compress(folder: string): Promise<void> {
  for (const file of (await filesIn(folder)).filter((path) => /\.(?:js|css|svg)$/.test(path))) {
    const bytes = await readFile(file);
    if (bytes.length > 1024) await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

async function hashOf(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesIn(join(root, source))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return [path];
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (notSource.has(entry.name) || entry.name.endsWith('.test.ts')) continue;
    if (entry.isDirectory()) files.push(...(await filesIn(join(path, entry.name))));
    else if (entry.isFile()) files.push(join(path, entry.name));
  }
  return files;
}

function run(program: string, args: string[], cwd: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      if (code === 0) done();
      else fail(new Error(`the page could not be built: vite ended with ${signal ?? code}`));
    });
  });
}
