/**
 * Directories a search looks into, as written: where it starts, followed by what its file pattern says before its
 * first wildcard. `/` where the pattern may lead out of that place behind a wildcard.
 */
export function searchedPlaces(path: string | null, pattern: string | null): string[] {
  const start = path ?? '.';
  if (pattern === null) return [start];
  const segments = pattern.split('/');
  const wild = segments.findIndex((segment) => /[*?[\]{}()!+@]/.test(segment));
  const rest = wild === -1 ? '' : segments.slice(wild).join('/');
  if (/\.\.|[{(,|][/~]/.test(rest)) return [start, '/'];
  const prefix = wild === -1 ? pattern : segments.slice(0, wild).join('/');
  if (pattern.startsWith('/')) return [prefix || '/'];
  if (pattern.startsWith('~')) return [prefix];
  return [prefix === '' ? start : `${start.replace(/\/+$/, '')}/${prefix}`];
}
