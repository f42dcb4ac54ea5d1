import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { House } from '../house.ts';
import { makeTempDir } from '../temp.ts';

const run = promisify(execFile);

/** A house whose disk can be filled up. */
export interface TinyDisk extends AsyncDisposable {
  readonly house: House;
  /** A directory elsewhere, for what must not be full. */
  readonly elsewhere: string;
  /** From now on nothing that codepiper writes finds room, but for so many pages (only of a tmpfs). */
  fill(pagesLeft?: number): Promise<void>;
  free(): Promise<void>;
}

/**
 * Opens a house on a full disk to be: a small tmpfs where this user may mount one, else a daemon whose files may not
 * grow (RLIMIT_FSIZE) with a spool that cannot be written.
 */
export async function openOnTinyDisk(
  how: 'tmpfs' | 'limit' = canMount ? 'tmpfs' : 'limit',
): Promise<TinyDisk> {
  return how === 'tmpfs' ? onTmpfs() : underLimit();
}

export const canMount = process.getuid?.() === 0 && process.platform === 'linux';

async function onTmpfs(): Promise<TinyDisk> {
  const temp = await makeTempDir();
  const disk = join(temp.path, 'disk');
  const ballast = join(disk, 'ballast');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'codepiper-test', disk]);
  const house = await House.open({ home: join(disk, 'home') });
  return {
    house,
    elsewhere: temp.path,
    fill: async (pagesLeft = 0) => {
      // What does not fit is the point: the file is as large as the disk allows.
      for (const size of [1 << 20, 4096, 1]) {
        for (let full = false; !full; ) {
          full = await writeFile(ballast, Buffer.alloc(size), { flag: 'a' }).then(
            () => false,
            () => true,
          );
        }
      }
      await truncate(ballast, (await stat(ballast)).size - pagesLeft * 4096);
    },
    free: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: async () => {
      await house[Symbol.asyncDispose]();
      await run('umount', ['-l', disk]);
      await temp[Symbol.asyncDispose]();
    },
  };
}

async function underLimit(): Promise<TinyDisk> {
  const temp = await makeTempDir();
  const house = await House.open();
  const spool = join(house.home, 'spool');
  const limit = (soft: string) =>
    run('prlimit', ['--pid', String(house.daemonPid), `--fsize=${soft}:unlimited`]);
  return {
    house,
    elsewhere: temp.path,
    fill: async () => {
      await limit('0');
      await chmod(spool, 0o500);
    },
    free: async () => {
      await chmod(spool, 0o700);
      await limit('unlimited');
    },
    [Symbol.asyncDispose]: async () => {
      await house[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}
