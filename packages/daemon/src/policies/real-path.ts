import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { CallPlace } from '@codepiper/core/policies/call.ts';
import { unknownText } from '@codepiper/core/policies/parts.ts';

/** Directories and links that are looked at for one path; more than any path has that the kernel takes. */
const maxSteps = 4096;

/**
 * An absolute path without links and `..`, as far as it exists; the rest is kept as written. Links to what is not
 * there yet are followed too: who writes to one makes what it points to. A path that cannot be followed (links in a
 * circle, a directory that may not be entered, far too long) may be anywhere: `unknownText`.
 */
export function realPath(path: string): string {
  // What the kernel would never find: it ends such a path at the NUL.
  if (path.includes('\0')) return unknownText;
  const rest: string[] = [];
  let existing = withoutSlash(path);
  for (let step = 0; step < maxSteps; step += 1) {
    try {
      return join(realpathSync.native(existing), ...rest);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return unknownText;
    }
    const target = linkTarget(existing);
    if (target !== null) {
      existing = withoutSlash(isAbsolute(target) ? target : `${dirname(existing)}/${target}`);
      continue;
    }
    // Not `dirname`: behind a link, `..` goes up from where the link points, so it is kept for later.
    const cut = existing.lastIndexOf('/');
    if (cut < 0) return unknownText;
    rest.unshift(existing.slice(cut + 1));
    existing = withoutSlash(existing.slice(0, cut));
  }
  return unknownText;
}

/** A slash at the end would hide that the path is a link. */
function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

/** Where a link points; null for anything else. */
function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}

/** A directory without links; as it is written where that cannot be said. */
export function followed(directory: string): string {
  const real = realPath(directory);
  return real === unknownText ? directory : real;
}

/** Where a call is made, with the file system of this machine behind it. Good for one call: it remembers paths. */
export function placeOf(place: { cwd: string; workspace: string; home: string }): CallPlace {
  const known = new Map<string, string>();
  return {
    cwd: isAbsolute(place.cwd) ? place.cwd : place.workspace,
    workspace: followed(place.workspace),
    home: place.home,
    realPath(path) {
      let real = known.get(path);
      if (real === undefined) {
        real = realPath(path);
        known.set(path, real);
      }
      return real;
    },
  };
}
