import { closeSync, existsSync, linkSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { statsOf } from './source.ts';

/** Where a file is kept, so that the agent's own clean-up does not take it away. */
export interface Archived {
  path: string;
  /** A copy that has to be written on as the file grows (another file system), not a hard link. */
  copied: boolean;
}

/** Files that lay at one path one after the other, at most. */
const mostGenerations = 1000;

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

  /** Where files of a provider are kept. */
  directoryOf(provider: string): string {
    return join(this.#directory, provider);
  }

  /** Where a kept file lay when it was read; null for a path that is none of a kept file. */
  originOf(kept: string): string | null {
    if (!this.holds(kept)) return null;
    const [, , ...path] = kept.slice(this.#directory.length + 1).split(sep);
    return path.length === 0 ? null : sep + path.join(sep);
  }

  /** Files that are kept of a path, the newest first. */
  placesOf(provider: string, path: string): string[] {
    const places: string[] = [];
    for (let generation = 1; generation <= mostGenerations; generation += 1) {
      const place = this.#place(provider, generation, path);
      if (!existsSync(place)) break;
      places.unshift(place);
    }
    return places;
  }

  /**
   * Keeps the file, if the one at the path is still the one meant. Null when it could not be kept: the next look at
   * the file tries again. A file in the archive keeps itself.
   */
  keep(provider: string, path: string, meant: { dev: number; ino: number }): Archived | null {
    if (this.holds(path)) return { path, copied: false };
    for (let generation = 1; generation <= mostGenerations; generation += 1) {
      const target = this.#place(provider, generation, path);
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

  #place(provider: string, generation: number, path: string): string {
    return join(this.#directory, provider, String(generation), path);
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
  const found = statsOf(path);
  return found?.dev === meant.dev && found.ino === meant.ino;
}
