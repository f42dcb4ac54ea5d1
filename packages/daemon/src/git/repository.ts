import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Where git keeps what a directory belongs to. */
export interface GitPlace {
  /** Folder of the working tree. */
  root: string;
  /** Folder with HEAD: `.git`, or that of the worktree or submodule. */
  gitDir: string;
  /** Folder name of the repository; of a linked worktree that of the repository it belongs to. */
  name: string;
  /** A linked worktree of another folder's repository. */
  isWorktree: boolean;
}

/** Longest file of git's own that is read here, in bytes: they hold a line. */
const longestPointer = 10_000;

/** The working tree a directory is in, by looking for `.git` upwards; no program is run. Null outside of git. */
export async function findGitPlace(directory: string): Promise<GitPlace | null> {
  for (let root = resolve(directory); ; root = dirname(root)) {
    const git = join(root, '.git');
    const found = await stat(git).catch(() => null);
    if (found?.isDirectory()) return { root, gitDir: git, name: nameOf(root), isWorktree: false };
    if (found?.isFile()) {
      const place = await linkedPlace(root, git);
      if (place) return place;
    }
    if (root === dirname(root)) return null;
  }
}

/**
 * The branch that is checked out, or null: HEAD is a commit, or says nothing. With reftables HEAD names no branch.
 *
 * @throws when HEAD cannot be read
 */
export async function readBranch(gitDir: string): Promise<string | null> {
  const head = await readShort(join(gitDir, 'HEAD'));
  const branch = /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1]?.trim();
  return branch === undefined || branch === '.invalid' ? null : branch;
}

/** `.git` is a file: of a linked worktree, or of a submodule. */
async function linkedPlace(root: string, file: string): Promise<GitPlace | null> {
  const pointer = /^gitdir: (.+)$/m.exec(await readShort(file).catch(() => ''))?.[1];
  if (pointer === undefined) return null;
  const gitDir = resolve(root, pointer.trim());
  // Only worktrees say which repository they share.
  const common = await readShort(join(gitDir, 'commondir')).catch(() => null);
  if (common === null) return { root, gitDir, name: nameOf(root), isWorktree: false };
  const shared = resolve(gitDir, common.trim());
  const name = basename(shared) === '.git' ? nameOf(dirname(shared)) : nameOf(shared).replace(/\.git$/, '');
  return { root, gitDir, name, isWorktree: true };
}

function nameOf(folder: string): string {
  return basename(folder) || folder;
}

/** Agents write what is read here: a pipe would hold a thread of the daemon for ever, and a device never ends. */
async function readShort(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > longestPointer) throw new Error(`${path} is none of git's files`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Whether a folder is the root of a working tree, by its looks. */
export async function isWorkingTree(folder: string): Promise<boolean> {
  return (await stat(join(folder, '.git')).catch(() => null)) !== null;
}
