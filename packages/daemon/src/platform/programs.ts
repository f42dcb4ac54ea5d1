import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Absolute path of a program on a PATH; null when there is none. Relative PATH entries are passed over. */
export function findProgram(name: string, path: string | undefined): string | null {
  if (name.includes('/')) return isExecutable(name) ? name : null;
  for (const folder of (path ?? '').split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    const candidate = join(folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Version of a program that an npm package brought, read from the package instead of run: agents take up to a second
 * to say it, or from its path where the path names a version. Null when neither tells.
 */
export function packageVersion(program: string, packageName: string): string | null {
  let folder = dirname(realpath(program));
  for (let up = 0; up < 6; up++) {
    const found = versionIn(join(folder, 'package.json'), packageName);
    if (found) return found;
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return versionInName(realpath(program));
}

/** Claude Code's own installer keeps each version as one file, `…/versions/2.1.329`, and links the newest. */
function versionInName(path: string): string | null {
  return /\/versions\/(\d+\.\d+\.\d+)(?:\/|$)/.exec(path)?.[1] ?? null;
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function versionIn(file: string, packageName: string): string | null {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null) return null;
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    // Platform packages are named after the package they belong to.
    const ours = typeof name === 'string' && (name === packageName || name.startsWith(`${packageName}-`));
    // Platform packages carry their platform behind the version.
    return ours && typeof version === 'string' ? (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? null) : null;
  } catch {
    return null;
  }
}
