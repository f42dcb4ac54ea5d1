import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateDirectory, readTextFile, writePrivateFile } from '../platform/files.ts';

/** Quotes a word for a POSIX shell. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export interface PaneLaunch {
  cwd: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** umask of the program, as the daemon was given it. */
  umask: number;
}

/**
 * Text of the `launch` file: everything the program needs, for the wrapper to read. Its last line says that the file
 * is whole.
 */
export function launchFile(launch: PaneLaunch): string {
  const exports = Object.entries(launch.env).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  return [
    `pane_umask=${launch.umask.toString(8).padStart(4, '0')}`,
    ...exports,
    `set -- ${launch.argv.map(shellQuote).join(' ')}`,
    `cd -- ${shellQuote(launch.cwd)} && pane_ready=yes`,
    '',
  ].join('\n');
}

/** The private folder of one session: launch file, the agent's overlay files, last screen. */
export class PaneFolder {
  readonly path: string;

  constructor(sessionsDirectory: string, sessionId: string) {
    this.path = join(sessionsDirectory, sessionId);
  }

  async create(): Promise<void> {
    await ensurePrivateDirectory(this.path);
  }

  async writeLaunch(launch: PaneLaunch): Promise<void> {
    await rm(join(this.path, 'pid'), { force: true });
    await writePrivateFile(join(this.path, 'launch'), launchFile(launch));
  }

  /** Whether a wrapper has taken the launch file that was written last: it empties it. */
  async wasLaunchTaken(): Promise<boolean> {
    return (await this.read('launch')) === '';
  }

  async writeFile(name: string, content: string): Promise<void> {
    await writePrivateFile(join(this.path, name), content);
  }

  async read(name: string): Promise<string | null> {
    return readTextFile(join(this.path, name));
  }

  /** Process id of the program; null until the wrapper has started it. */
  async readPid(): Promise<number | null> {
    // Written in place: without its line break it may not be whole.
    const pid = Number(/^(\d+)\n$/.exec((await this.read('pid')) ?? '')?.[1]);
    return pid > 0 ? pid : null;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Makes a directory for spool files that only this user can enter. */
export async function createSpoolDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await ensurePrivateDirectory(path);
}
