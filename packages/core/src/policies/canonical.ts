/**
 * JSON with the members of every object in order of their names and no spaces: the same value gives the same text,
 * so that it can be hashed and compared. Members that are `undefined` are left out, as in JSON.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

/** A list of pairs made an object again would lose a member named `__proto__`: its own property keeps it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    object[key] = sorted(item);
  return object;
}
