import { randomBytes } from 'node:crypto';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A directory that is removed with everything in it when it is disposed of. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/**
 * Where tests keep their files. Not the system's temporary directory: codex then leaves out its sandbox helper. Not
 * the repository either: agents read instructions and trust from the directories above them.
 */
export function tempRoot(): string {
  return process.env.CODEPIPER_TEST_DIR ?? join(homedir(), '.cache', 'codepiper-test');
}

/** Makes a fresh private directory (0700) below {@link tempRoot}, and sweeps those of test runs that were killed. */
export async function makeTempDir(): Promise<TempDir> {
  const root = tempRoot();
  await mkdir(root, { recursive: true });
  await sweep(root);
  const path = join(await realpath(root), `${process.pid}-${randomBytes(3).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(/^(\d+)-[0-9a-f]{6}$/.exec(name)?.[1] ?? Number.NaN);
    if (pid && !isAlive(pid)) await remove(join(root, name));
  }
}

/** Whether a process with this id exists, anyone's; one that has ended but is not reaped still does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** An agent that was just killed may still be writing as its directory goes: try again for a moment. */
function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
