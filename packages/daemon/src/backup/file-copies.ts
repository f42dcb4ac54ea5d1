import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  createReadStream,
  linkSync,
  lstatSync,
  readdirSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { sync } from '../platform/moves.ts';

/**
 * Copies a file that only its owner may read: at once where the file system can (a clone), never as a hard link, for
 * whoever writes to the file would write to the copy.
 */
export function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  chmodSync(to, 0o600);
}

/** Makes a hard link of a file; false where there can be none. */
export function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOENT', 'ENOTSUP', 'ENOSYS'].includes(code)) return false;
    throw error;
  }
}

/** SHA-256 of the first bytes of a file, and how many of them there are. */
export async function hashStart(path: string, size: number): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let read = 0;
  if (size > 0) {
    for await (const chunk of createReadStream(path, { end: size - 1, highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      read += (chunk as Buffer).length;
    }
  }
  return { sha256: hash.digest('hex'), size: read };
}

/** What lies at a path that is a plain file and no link; null for anything else. */
export function plainFile(path: string): Stats | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found : null;
}

/** The same for a file below a directory: none of the directories between them is a link either. */
export function plainFileIn(directory: string, name: string): Stats | null {
  const found = plainFile(join(directory, name));
  return found && realpathSync(join(directory, name)) === join(realpathSync(directory), name) ? found : null;
}

/** Has all files and names below a directory written to the disk. */
export function syncAll(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) syncAll(path);
    else if (entry.isFile()) sync(path);
  }
  sync(directory);
}
