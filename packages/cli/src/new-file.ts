import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

/** A file that is there when it is whole. Disposing of it before leaves nothing. */
export interface NewFile extends Disposable {
  readonly path: string;
  write(text: string): void;
  /** Puts the file in its place, and returns its size in bytes. */
  finish(): number;
}

/**
 * Begins a file that only its owner can read.
 *
 * @throws UsageError when something is at the path already, and `isOverwriting` does not say that it may go
 */
export function openNewFile(
  cwd: string,
  file: string,
  { isOverwriting }: { isOverwriting: boolean },
): NewFile {
  const path = resolve(cwd, file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new UsageError(`${path} is a directory; give the name of a file.`);
  if (found && !isOverwriting) throw taken(path);
  if (!existsSync(dirname(path))) throw new UsageError(`There is no directory ${dirname(path)}.`);
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`,
  );
  let descriptor: number | null = openSync(temporary, 'wx', 0o600);
  let size = 0;
  const close = () => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  return {
    path,
    write(text) {
      let bytes = Buffer.from(text);
      size += bytes.length;
      while (descriptor !== null && bytes.length > 0) bytes = bytes.subarray(writeSync(descriptor, bytes));
    },
    finish() {
      if (descriptor !== null) fsyncSync(descriptor);
      close();
      if (isOverwriting) renameSync(temporary, path);
      else linkWhereNothingIs(temporary, path);
      return size;
    },
    [Symbol.dispose]() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}

/** A rename would take the place of what came there meanwhile. */
function linkWhereNothingIs(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || existsSync(path)) throw taken(path);
    // A file system without hard links.
    renameSync(temporary, path);
  }
}

function taken(path: string): UsageError {
  return new UsageError(`${path} is there already; choose another name, or add --force to write over it.`);
}
