const hidden = '[redacted]';
const secretKey =
  /(^|[a-z0-9_.-])(api_?key|key|token|secret|password|passwd|passphrase|credential|authorization|cookie)s?$/i;
/** Plural or counting words that end like a secret and are none. */
const harmlessKey = /^(keys|tokens|input_?tokens|output_?tokens|max_?tokens)$/i;
const deepest = 8;

/**
 * A copy without secrets: values of keys named like one, every value below a key `env`, and tokens inside texts.
 * Errors are left to their serializer.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth >= deepest) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (!isPlain(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = redactEntry(key, item, depth);
  return copy;
}

function redactEntry(key: string, item: unknown, depth: number): unknown {
  if (item === null || item === undefined || typeof item === 'boolean') return item;
  if (secretKey.test(key) && !harmlessKey.test(key)) return hidden;
  if (/^env(ironment)?$/i.test(key) && typeof item === 'object') return hideValues(item);
  return redact(item, depth + 1);
}

function hideValues(item: object): unknown {
  return Array.isArray(item)
    ? item.map((pair) => `${String(pair).split('=', 1)[0]}=${hidden}`)
    : Object.fromEntries(Object.keys(item).map((key) => [key, hidden]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;
const assignment =
  /\b([A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?))=(?!\[redacted\])[^\s"'\\]+/g;
/** Keys and tokens that well-known services give out, by their beginnings. */
export const tokenPattern =
  /(?<![A-Za-z0-9_])(?:sk-[A-Za-z0-9_-]{12,}|[spr]k_(?:live|test)_[A-Za-z0-9]{10,}|gh[opusr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{40,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|whsec_[A-Za-z0-9+/=]{16,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,})/g;

/** A text without what looks like a token: `Bearer …`, `SOME_KEY=…`, keys of well-known services. */
export function scrub(text: string): string {
  return text
    .replace(bearer, `$1 ${hidden}`)
    .replace(assignment, `$1=${hidden}`)
    .replace(tokenPattern, hidden);
}
