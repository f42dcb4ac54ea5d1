import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { CallPlace } from '@codepiper/core/policies/call.ts';
import { unknownText } from '@codepiper/core/policies/parts.ts';

/** Links that are followed for one path, as many as the kernel follows. */
const maxLinks = 40;
/** Longest path the kernel takes, in bytes: no character has less than one. */
const maxLength = 4096;

/** What stands at a path: a link and where it points, something else, or nothing. */
type Entry = { target: string | null } | 'missing' | 'unknown';

/** What was looked at for one call. */
class Looked {
  readonly entries = new Map<string, Entry>();
  readonly existing = new Map<string, string>();
}

/**
 * An absolute path without links and `..`, as far as it exists; the rest is kept as written. Links to what is not
 * there yet are followed too: who writes to one makes what it points to. A path that cannot be followed (links in a
 * circle, a directory that may not be entered, far too long) may be anywhere: `unknownText`.
 */
export function realPath(path: string): string {
  return follow(path, new Looked());
}

function follow(path: string, looked: Looked): string {
  // What the kernel would never find: it ends such a path at the NUL.
  if (path.includes('\0') || path.length > maxLength) return unknownText;
  const waiting = path.split('/').reverse();
  /** Without links; the last `missing` of them are not there. */
  const found: string[] = [];
  let missing = 0;
  let links = 0;
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      found.pop();
      if (missing > 0) missing -= 1;
      continue;
    }
    const folder = found.join('/');
    found.push(name);
    if (missing > 0) {
      missing += 1;
      continue;
    }
    // Another process than this one is meant.
    if (folder === 'proc' && (name === 'self' || name === 'thread-self')) return unknownText;
    const entry = look(`/${found.join('/')}`, looked);
    if (entry === 'unknown') return unknownText;
    if (entry === 'missing') missing = 1;
    else if (entry.target !== null) {
      links += 1;
      if (links > maxLinks) return unknownText;
      found.pop();
      if (isAbsolute(entry.target)) found.length = 0;
      waiting.push(...entry.target.split('/').reverse());
    }
  }
  const existing = asNamed(`/${found.slice(0, found.length - missing).join('/')}`, looked);
  if (existing === unknownText) return unknownText;
  const rest = found.slice(found.length - missing);
  return rest.length === 0 ? existing : `${existing === '/' ? '' : existing}/${rest.join('/')}`;
}

function look(path: string, looked: Looked): Entry {
  let entry = looked.entries.get(path);
  if (entry === undefined) {
    entry = entryAt(path);
    looked.entries.set(path, entry);
  }
  return entry;
}

function entryAt(path: string): Entry {
  try {
    // Made without an error where nothing is there: most new files' folders are asked for once and are not.
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return 'missing';
    return { target: stat.isSymbolicLink() ? readlinkSync(path) : null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}

/** The path with its names as the file system has them: some take capitals for small letters. */
function asNamed(path: string, looked: Looked): string {
  let named = looked.existing.get(path);
  if (named === undefined) {
    try {
      named = realpathSync.native(path);
    } catch {
      named = unknownText;
    }
    looked.existing.set(path, named);
  }
  return named;
}

/** A directory without links; as it is written where that cannot be said. */
export function followed(directory: string, looked = new Looked()): string {
  const real = follow(directory, looked);
  return real === unknownText ? directory : real;
}

/**
 * Where a call is made, with the file system of this machine behind it. Good for one call: it remembers paths.
 * `realCwd` is the call's directory without links.
 */
export function placeOf(place: {
  cwd: string;
  workspace: string;
  home: string;
}): CallPlace & { realCwd: string } {
  const known = new Map<string, string>();
  const looked = new Looked();
  const workspace = followed(place.workspace, looked);
  const cwd = isAbsolute(place.cwd) ? place.cwd : workspace;
  return {
    cwd,
    realCwd: followed(cwd, looked),
    workspace,
    home: followed(place.home, looked),
    realPath(path) {
      let real = known.get(path);
      if (real === undefined) {
        real = follow(path, looked);
        known.set(path, real);
      }
      return real;
    },
  };
}
