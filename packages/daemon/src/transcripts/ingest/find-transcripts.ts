import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { isAbsent } from './source.ts';

export interface FoundTranscript {
  path: string;
  size: number;
  modified: number;
}

/** How deep below a directory transcripts are looked for. */
const maxDepth = 12;

/**
 * All transcripts below a directory. A directory that cannot be read is reported and left out; one that is not there
 * holds none.
 */
export function* findTranscripts(
  directory: string,
  format: TranscriptFormat,
  onUnreadable: (path: string, code: string) => void,
  depth = 0,
): Generator<FoundTranscript> {
  let children: Dirent[];
  try {
    children = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (!isAbsent(code)) onUnreadable(directory, code);
    return;
  }
  for (const child of children) {
    const path = join(directory, child.name);
    if (child.isDirectory()) {
      if (depth < maxDepth) yield* findTranscripts(path, format, onUnreadable, depth + 1);
    } else if (child.isFile() && format.isTranscript(path)) {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats) yield { path, size: stats.size, modified: stats.mtimeMs };
    }
  }
}

/** The directory that is last by name at each level, as deep as there are directories: agents that file by date write there. */
export function lastDirectory(root: string): string {
  let directory = root;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    let last: string | undefined;
    try {
      for (const child of readdirSync(directory, { withFileTypes: true })) {
        if (child.isDirectory() && (last === undefined || child.name > last)) last = child.name;
      }
    } catch {
      return directory;
    }
    if (last === undefined) return directory;
    directory = join(directory, last);
  }
  return directory;
}
