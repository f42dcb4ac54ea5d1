import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { isAbsent, statsOf } from './source.ts';

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
      const stats = statsOf(path);
      if (stats) yield { path, size: stats.size, modified: stats.mtimeMs };
    }
  }
}

/** All transcripts of one provider, or of all of them, below directories or the agents' own: the newest first. */
export function newestTranscripts(
  from: {
    formats: Readonly<Record<string, TranscriptFormat>>;
    env: Readonly<Record<string, string>>;
    provider: string | null;
    directories: readonly string[] | null;
  },
  onUnreadable: (path: string, code: string) => void,
): (FoundTranscript & { provider: string })[] {
  const found = Object.entries(from.formats)
    .filter(([provider]) => from.provider === null || provider === from.provider)
    .flatMap(([provider, format]) =>
      (from.directories ?? format.roots(from.env)).flatMap((directory) =>
        [...findTranscripts(directory, format, onUnreadable)].map((file) => ({ ...file, provider })),
      ),
    );
  const files = [...new Map(found.map((file) => [file.path, file])).values()];
  return files.sort((a, b) => b.modified - a.modified);
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
