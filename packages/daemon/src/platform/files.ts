import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';

/**
 * Makes a directory only its owner can enter (0700 whatever the umask), with the ones above it; an existing one is
 * closed to others.
 * @throws CodepiperError `folder_blocked` when it is a link, no directory, or belongs to another user
 */
export function ensurePrivateDirectory(directory: string): void {
  const path = resolve(directory); // no trailing slash, which would follow a link
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const found = lstatSync(path);
  if (!found.isDirectory()) {
    const what = found.isSymbolicLink() ? 'is a link' : 'is not a directory';
    throw new CodepiperError(
      'folder_blocked',
      `${path} ${what}; codepiper needs a directory of its own there. Move it away, then try again.`,
    );
  }
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid) {
    throw new CodepiperError(
      'folder_blocked',
      `${path} belongs to another user (uid ${found.uid}); choose another place or change its owner`,
    );
  }
  if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

/**
 * Writes a file that only its owner can read (0600, or 0700 for a program, whatever the umask), in one step: a reader
 * sees the old content or the new, and a full disk leaves the old.
 */
export function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  mode: 0o600 | 0o700 = 0o600,
): void {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      fchmodSync(descriptor, mode);
      writeFileSync(descriptor, content);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A file's text; null when there is no such file. */
export function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
