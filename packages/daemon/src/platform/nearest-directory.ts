import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from './nearest.ts';

/** Names in a folder that are held against the one that was meant, at most. */
const comparedNames = 5000;

/** A sentence or two about a folder that is not there: which one above it is, and which one in that may be meant. */
export async function nearestDirectory(path: string): Promise<string> {
  let missing = path;
  while (dirname(missing) !== missing && !(await isDirectory(dirname(missing)))) missing = dirname(missing);
  const above = dirname(missing);
  const entries = await readdir(above, { withFileTypes: true }).catch(() => []);
  const names = entries
    .slice(0, comparedNames)
    .flatMap((entry) => (entry.isDirectory() || entry.isSymbolicLink() ? [entry.name] : []));
  const meant = nearest(basename(missing), names);
  const isThere = `${above} is there.`;
  return meant !== undefined && (await isDirectory(join(above, meant)))
    ? `${isThere} Did you mean ${join(above, meant)}?`
    : isThere;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
