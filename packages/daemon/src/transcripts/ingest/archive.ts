import { closeSync, linkSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Where a file is kept, so that the agent's own clean-up does not take it away. */
export interface Archived {
  path: string;
  /** A copy that has to be written on as the file grows (another file system), not a hard link. */
  copied: boolean;
}

/**
 * Keeps transcripts beside the database: as hard links, which cost nothing, and where the file lies on another file
 * system as copies that grow with it.
 */
export class Archive {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  holds(path: string): boolean {
    return path.startsWith(this.#directory + sep);
  }

  /**
   * Keeps the file, if the one at the path is still the one meant. Null when it could not be kept: the next look at
   * the file tries again. A file in the archive keeps itself.
   */
  keep(provider: string, path: string, meant: { dev: number; ino: number }): Archived | null {
    if (this.holds(path)) return { path, copied: false };
    for (let generation = 1; generation <= 1000; generation += 1) {
      const target = join(this.#directory, provider, String(generation), path);
      const outcome = this.#link(path, target, meant);
      if (outcome !== 'taken') return outcome;
    }
    return null;
  }

  /** Writes what was read of the file to its copy. Doing so twice changes nothing. */
  extend(copy: string, bytes: Buffer, offset: number): void {
    const descriptor = openSync(copy, 'r+');
    try {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(descriptor, bytes, written, bytes.length - written, offset + written);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  #link(path: string, target: string, meant: { dev: number; ino: number }): Archived | null | 'taken' {
    try {
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      linkSync(path, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return isFile(target, meant) ? { path: target, copied: false } : 'taken';
      if (code === 'EXDEV' || code === 'EPERM' || code === 'EMLINK' || code === 'ENOTSUP') {
        return makeEmpty(target);
      }
      return null;
    }
    if (isFile(target, meant)) return { path: target, copied: false };
    // Another file took the path's place between two looks.
    rmSync(target, { force: true });
    return null;
  }
}

function makeEmpty(target: string): Archived | null | 'taken' {
  try {
    closeSync(openSync(target, 'wx', 0o600));
    return { path: target, copied: true };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'taken' : null;
  }
}

function isFile(path: string, meant: { dev: number; ino: number }): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.dev === meant.dev && found.ino === meant.ino;
}
