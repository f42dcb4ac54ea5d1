import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findGitPlace, isWorkingTree, readBranch } from './repository.ts';
import { hasUncommittedChanges, listBranches } from './run-git.ts';

let temp: TempDir;
let repo: string;
const environment = { PATH: process.env.PATH, HOME: '/nowhere' };

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], {
    env: {
      ...environment,
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

beforeEach(async () => {
  temp = await makeTempDir();
  repo = join(temp.path, 'project');
  mkdirSync(repo);
  git(repo, 'init', '-q', '-b', 'main');
  writeFileSync(join(repo, 'a.txt'), 'a\n');
  git(repo, 'add', '.');
  git(repo, 'commit', '-qm', 'first');
});
afterEach(() => temp[Symbol.asyncDispose]());

const ask = (root = repo) => ({ root, environment, timeoutMs: 20_000 });

describe('where a directory is', () => {
  it('is found from any folder of the working tree, with its branch', async () => {
    const folder = join(repo, 'src', 'deep');
    mkdirSync(folder, { recursive: true });
    const place = await findGitPlace(folder);
    expect(place).toEqual({ root: repo, gitDir: join(repo, '.git'), name: 'project', isWorktree: false });
    expect(await readBranch(join(repo, '.git'))).toBe('main');
    git(repo, 'switch', '-qc', 'feature/one');
    expect(await readBranch(join(repo, '.git'))).toBe('feature/one');
    git(repo, 'checkout', '-q', '--detach');
    expect(await readBranch(join(repo, '.git'))).toBeNull();
  });

  it('is the worktree that is linked, by the name of the repository it belongs to', async () => {
    const tree = join(temp.path, 'trees', 'other');
    git(repo, 'worktree', 'add', '-q', '-b', 'other', tree);
    const place = await findGitPlace(join(tree));
    expect(place).toMatchObject({ root: tree, name: 'project', isWorktree: true });
    expect(await readBranch(place?.gitDir ?? '')).toBe('other');
    expect(await readBranch(join(repo, '.git'))).toBe('main');
  });

  it('is a submodule by its own name, and nothing outside of git', async () => {
    const lib = join(repo, 'lib');
    mkdirSync(join(repo, '.git', 'modules', 'lib'), { recursive: true });
    writeFileSync(join(repo, '.git', 'modules', 'lib', 'HEAD'), 'ref: refs/heads/trunk\n');
    mkdirSync(lib);
    writeFileSync(join(lib, '.git'), 'gitdir: ../.git/modules/lib\n');
    const place = await findGitPlace(lib);
    expect(place).toMatchObject({ root: lib, name: 'lib', isWorktree: false });
    expect(await readBranch(place?.gitDir ?? '')).toBe('trunk');
    expect(await findGitPlace(temp.path)).toBeNull();
    expect(await isWorkingTree(temp.path)).toBe(false);
    expect(await isWorkingTree(repo)).toBe(true);
  });

  it('is not led astray by a file that is none of git', async () => {
    const folder = join(temp.path, 'odd');
    mkdirSync(folder);
    writeFileSync(join(folder, '.git'), 'x'.repeat(20_000));
    expect(await findGitPlace(folder)).toBeNull();
  });
});

describe('what an agent has put in the place of HEAD', () => {
  const head = () => join(repo, '.git', 'HEAD');
  beforeEach(() => rmSync(head()));

  it('is not waited for when it is a pipe', async () => {
    execFileSync('mkfifo', [head()]);
    await expect(readBranch(join(repo, '.git'))).rejects.toThrow("none of git's files");
  });

  it('is not read to its end when it is a device', async () => {
    symlinkSync('/dev/zero', head());
    await expect(readBranch(join(repo, '.git'))).rejects.toThrow("none of git's files");
  });
});

describe('what git is asked', () => {
  it('says whether something is not committed, new files included', async () => {
    expect(await hasUncommittedChanges(ask())).toBe(false);
    writeFileSync(join(repo, 'new.txt'), '');
    expect(await hasUncommittedChanges(ask())).toBe(true);
    git(repo, 'add', '.');
    git(repo, 'commit', '-qm', 'second');
    appendFileSync(join(repo, 'a.txt'), 'more\n');
    expect(await hasUncommittedChanges(ask())).toBe(true);
  });

  it('lists branches, and says nothing where there is no repository', async () => {
    git(repo, 'branch', 'b/two');
    expect((await listBranches(ask(), 10)).sort()).toEqual(['b/two', 'main']);
    expect(await listBranches(ask(), 1)).toHaveLength(1);
    expect(await hasUncommittedChanges(ask(temp.path))).toBeNull();
    expect(await listBranches(ask(temp.path), 10)).toEqual([]);
  });

  it('runs no program that the repository names, and does not write to it', async () => {
    const marks = join(temp.path, 'ran');
    const program = (name: string): string => {
      const path = join(temp.path, `${name}.sh`);
      writeFileSync(path, `#!/bin/sh\necho ${name} >> ${marks}\ncat\n`);
      chmodSync(path, 0o755);
      return path;
    };
    git(repo, 'config', 'core.fsmonitor', program('fsmonitor'));
    git(repo, 'config', 'filter.odd.name.clean', program('clean'));
    git(repo, 'config', 'filter.odd.name.required', 'true');
    git(repo, 'config', 'filter.two.process', program('process'));
    const hooks = join(temp.path, 'hooks');
    mkdirSync(hooks);
    for (const hook of ['post-index-change', 'reference-transaction']) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\necho ${hook} >> ${marks}\n`);
      chmodSync(join(hooks, hook), 0o755);
    }
    git(repo, 'config', 'core.hooksPath', hooks);
    writeFileSync(join(repo, '.gitattributes'), 'a.txt filter=odd.name\nb.txt filter=two\n');
    // The same length with other contents: only reading it tells.
    writeFileSync(join(repo, 'a.txt'), 'b\n');
    writeFileSync(join(repo, 'b.txt'), 'b\n');
    expect(await hasUncommittedChanges(ask())).toBe(true);
    expect(await listBranches(ask(), 10)).toEqual(['main']);
    expect(existsSync(marks)).toBe(false);
    // The plain question would have run them.
    git(repo, 'status', '--porcelain');
    expect(existsSync(marks)).toBe(true);
  });

  it('is given up when it takes too long', async () => {
    expect(await hasUncommittedChanges({ ...ask(), timeoutMs: 0 })).toBeNull();
  });
});
