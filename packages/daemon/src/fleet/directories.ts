import { opendir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import {
  type DirectoryList,
  maxDirectories,
  type RecentDirectories,
} from '@codepiper/core/fleet/new-session.ts';
import { isWorkingTree } from '../git/repository.ts';
import { nearestDirectory } from '../platform/nearest-directory.ts';
import type { FleetStore } from './fleet.store.ts';

export interface DirectoriesOptions {
  store: Pick<FleetStore, 'directories'>;
  /** The user's home directory. */
  home: string;
}

/** So many names of one folder are looked at. */
const lookedAt = 20_000;
/** So many folders of sessions are looked for, and as many shown of those that are there. */
const recentLookedAt = 100;
const recentShown = 30;

/** The folders a session may be started in. */
export class Directories {
  readonly #o: DirectoriesOptions;

  constructor(options: DirectoriesOptions) {
    this.#o = options;
  }

  /** A path as a person types it, as an absolute one: `~` is the home directory. Null for a relative one. */
  absolute(path: string): string | null {
    const typed = path === '~' || path.startsWith('~/') ? join(this.#o.home, path.slice(1)) : path;
    return typed.startsWith('/') ? resolve(typed) : null;
  }

  /** @throws CodepiperError `invalid_request` when it is no folder that can be read */
  async list({
    path,
    hidden = false,
  }: {
    path?: string | undefined;
    hidden?: boolean | undefined;
  }): Promise<DirectoryList> {
    const folder = this.absolute(path ?? this.#o.home);
    if (folder === null || folder.includes('\0')) {
      throw new CodepiperError(
        'invalid_request',
        `query.path: ${JSON.stringify(path)} must be an absolute path, or begin with ~.`,
      );
    }
    const { names, isWhole } = await folderNames(folder, hidden);
    const found = await Promise.all(
      names.map(async (name) => {
        const whole = join(folder, name);
        const info = await stat(whole).catch(() => null);
        return info?.isDirectory() ? [{ name, path: whole, isGitRepo: await isWorkingTree(whole) }] : [];
      }),
    );
    const entries = found.flat();
    return {
      path: folder,
      parent: folder === '/' ? null : dirname(folder),
      entries: entries.slice(0, maxDirectories),
      truncated: !isWhole || entries.length > maxDirectories,
    };
  }

  async recent(): Promise<RecentDirectories> {
    const known = await this.#o.store.directories(recentLookedAt);
    const directories = await Promise.all(
      known.map(async ({ path, lastUsedAt, sessions }) => {
        const info = await stat(path).catch(() => null);
        if (!info?.isDirectory()) return [];
        return [{ path, lastUsedAt: new Date(lastUsedAt).toISOString(), sessions }];
      }),
    );
    return { directories: directories.flat().slice(0, recentShown) };
  }
}

/** Names in a folder that may be folders, sorted; somewhat more than are listed, for some are none. */
async function folderNames(folder: string, hidden: boolean): Promise<{ names: string[]; isWhole: boolean }> {
  const names: string[] = [];
  let looked = 0;
  try {
    // Entries one by one: there are folders with millions.
    for await (const entry of await opendir(folder)) {
      looked += 1;
      if (looked > lookedAt) break;
      if (!hidden && entry.name.startsWith('.')) continue;
      // A file system that does not say what an entry is calls it neither.
      if (!entry.isFile()) names.push(entry.name);
    }
  } catch (error) {
    throw await unreadable(folder, error as NodeJS.ErrnoException);
  }
  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  names.sort(compare);
  const most = maxDirectories + 100;
  return { names: names.slice(0, most), isWhole: looked <= lookedAt && names.length <= most };
}

async function unreadable(folder: string, { code, message }: NodeJS.ErrnoException): Promise<CodepiperError> {
  const why =
    code === 'ENOENT'
      ? `there is no such directory. ${await nearestDirectory(folder)}`
      : code === 'ENOTDIR'
        ? 'it is not a directory.'
        : code === 'EACCES' || code === 'EPERM'
          ? 'it may not be read.'
          : `it cannot be read: ${message}.`;
  return new CodepiperError('invalid_request', `query.path: ${folder}: ${why}`);
}
