const shortEscapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what TOML wants escaped
const mustEscape = /["\\\x00-\x1f\x7f]/g;

/** Text as a basic string of TOML, quotes included. */
export function tomlString(text: string): string {
  const escaped = text.replace(mustEscape, (c) => shortEscapes[c] ?? unicodeEscape(c));
  return `"${escaped}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A value that TOML can hold inline. */
export type TomlValue =
  | string
  | number
  | boolean
  | readonly TomlValue[]
  | { readonly [key: string]: TomlValue };

/** A value on one line, as `codex -c key=value` takes it; every key of a table is quoted. */
export function tomlInline(value: TomlValue): string {
  if (typeof value === 'string') return tomlString(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(tomlInline).join(',')}]`;
  const pairs = Object.entries(value).map(([key, item]) => `${tomlKey(key)}=${tomlInline(item)}`);
  return `{${pairs.join(',')}}`;
}

function isList(
  value: readonly TomlValue[] | { readonly [key: string]: TomlValue },
): value is readonly TomlValue[] {
  return Array.isArray(value);
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlString(key);
}

/** A quoted TOML string without its quotes; null when it is none. */
function fromTomlString(quoted: string): string | null {
  if (quoted.startsWith("'")) return quoted.slice(1, -1);
  // TOML's escapes are JSON's, but for \U and \e, which no path needs.
  try {
    const text: unknown = JSON.parse(quoted.replaceAll('\t', '\\t'));
    return typeof text === 'string' ? text : null;
  } catch {
    return null;
  }
}

const quoted = `"(?:[^"\\\\]|\\\\.)*"|'[^']*'`;
const header = /^\[\[?(.+?)\]\]?\s*(?:#.*)?$/;
const projectHeader = new RegExp(`^projects\\s*\\.\\s*(${quoted})$`);
const dottedTrust = new RegExp(
  `^(?:projects\\s*\\.\\s*)?(${quoted})\\s*\\.\\s*trust_level\\s*=\\s*(${quoted})`,
);
const inlineTrust = new RegExp(
  `^(?:projects\\s*\\.\\s*)?(${quoted})\\s*=\\s*\\{[^}]*?\\btrust_level\\s*=\\s*(${quoted})`,
);
const plainTrust = new RegExp(`^trust_level\\s*=\\s*(${quoted})`);

/**
 * The `trust_level` of each directory in a Codex `config.toml`: the tables `[projects."/dir"]` that Codex writes, and
 * the shorter forms people write. It is no TOML parser: what it does not understand it passes over.
 */
export function trustLevels(config: string): ReadonlyMap<string, string> {
  const levels = new Map<string, string>();
  const note = (path: string | null | undefined, level: string | undefined) => {
    const known = path && level ? fromTomlString(level) : null;
    if (path && known) levels.set(path, known);
  };
  let table = '';
  for (const line of significantLines(config)) {
    const name = header.exec(line)?.[1]?.trim();
    if (name !== undefined) {
      table = name;
      continue;
    }
    const project = projectHeader.exec(table)?.[1];
    if (project !== undefined) note(fromTomlString(project), plainTrust.exec(line)?.[1]);
    const inProjects = table === 'projects' || (table === '' && line.startsWith('projects'));
    const match = inProjects ? (dottedTrust.exec(line) ?? inlineTrust.exec(line)) : null;
    if (match?.[1]) note(fromTomlString(match[1]), match[2]);
  }
  return levels;
}

/** Lines outside multi-line strings, trimmed, without empty ones and comments. */
function significantLines(config: string): string[] {
  let open: string | null = null;
  const found: string[] = [];
  for (const raw of config.split('\n')) {
    const line = raw.trim();
    const isInside = open !== null;
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (open === null) open = mark;
      else if (open === mark) open = null;
    }
    if (!isInside && line !== '' && !line.startsWith('#')) found.push(line);
  }
  return found;
}
