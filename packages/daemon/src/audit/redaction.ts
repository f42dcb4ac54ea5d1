import { createHash } from 'node:crypto';
import { tokenPattern } from '../log/redact.ts';

/** Replaces what looks like a secret, so that an input may be kept. */
export interface Redaction {
  /** A text with its secrets replaced. */
  text(text: string): string;
  /** A tool's input with secrets replaced and long texts cut. */
  input(input: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** Longest text of an input that is kept whole, in characters: a file's content is in the file. */
const longestText = 4096;
/** The same for a command line, which is what was decided about. */
const longestCommand = 65_536;
/** Longest input as JSON, in characters. */
const longestInput = 262_144;
/** A secret that lies across the cut is still recognised with so much behind it. */
const margin = 16_384;
const deepest = 32;

/**
 * @param mark what stands for a secret: the same for the same one, and nothing to guess it by
 */
export function createRedaction(mark: (secret: string) => string): Redaction {
  const hide = (secret: string): string =>
    secret === '' || isMark.test(secret) ? secret : `[redacted:${mark(secret)}]`;
  const text = (value: string): string => replaceSecrets(value, hide);

  /** `isHidden`: below a name that says so, everything is a secret. */
  function any(value: unknown, name: string, depth: number, isHidden: boolean): unknown {
    if (typeof value === 'string') return isHidden ? hide(value) : long(value, name);
    if (typeof value === 'number') return isHidden ? hide(String(value)) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= deepest) return '[deep]';
    if (Array.isArray(value)) return value.map((item) => any(item, name, depth + 1, isHidden));
    return members(value, depth + 1, isHidden);
  }

  function members(value: object, depth: number, areHidden: boolean): Record<string, unknown> {
    const entries = Object.entries(value).map(([name, item]): [string, unknown] => [
      text(name),
      any(item, name, depth, areHidden || isSecretName(name) || isEnvironment.test(name)),
    ]);
    return Object.fromEntries(entries);
  }

  function long(value: string, name: string): string {
    const limit = isCommand.test(name) && !isPatch.test(value) ? longestCommand : longestText;
    if (value.length <= limit) return text(value);
    const kept = text(value.slice(0, limit + margin)).slice(0, limit);
    return `${kept}… [cut: ${measure(value)}]`;
  }

  return {
    text,
    input(input) {
      const kept = members(input, 0, false);
      const json = JSON.stringify(kept);
      return json.length <= longestInput ? kept : { cut: `[cut: ${measure(json)}]` };
    },
  };
}

function measure(text: string): string {
  return `${Buffer.byteLength(text)} bytes, sha256 ${createHash('sha256').update(text).digest('hex')}`;
}

const isMark = /^\[redacted(?::[0-9a-f]{16})?\]$/;
const isCommand = /^(?:command|cmd|script|argv)$/i;
const isPatch = /^\s*\*\*\* Begin Patch/;
/** The values of environment variables are nobody's business, whatever their names. */
const isEnvironment = /^env(?:ironment)?$/i;

/** Whole words a name may end with: `password`, `githubToken`, `DB_PASSWORD`, `x-api-key`. */
const secretWord =
  /(?:^|[_.-])(?:(?:api|access|account|secret|private|signing|encryption|auth|service|shared|session|master|deploy|license|aws|ssh|hmac|jwt|webhook|client)[_.-]?key|[a-z0-9]*(?:password|passwd|passphrase|passcode|secret|token|apikey|credential|authorization)|(?:db|my|user|root|admin)?pass|pwd|cookie|sig|signature|dsn|pat)s?$/;
const harmlessWord =
  /(?:^|[_.-])(?:in(?:put)?|out(?:put)?|max|min|total|num|count|cached|page|next|continuation)[_.-]?(?:page[_.-]?)?tokens?$|^tokens$/;

/** Whether a value of this name is a secret, whatever it looks like. */
function isSecretName(name: string): boolean {
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_KEY$/.test(name)) return true;
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  return secretWord.test(words) && !harmlessWord.test(words);
}

/** Words a program's text has where a value would be: types, references, nothing. */
const noValue =
  /^(?:string|number|boolean|bool|int|str|any|unknown|object|null|nil|none|undefined|true|false|required|optional|prompt|env|stdin|Bearer|Basic|Token|Digest|ApiKey|Negotiate|[$<{(%@*].*)[;,]?$/i;

const keyBlock =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----END))*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g;
/** User and password before the host; a database's password may have anything in it. */
const userinfo =
  /((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse):\/\/[^\s:/@'"]{0,200}:)([^\s'"`]{1,400})(?=@)|([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/?#@'"`<>]{1,400})@/gi;
const header =
  /((?:proxy-)?authorization|(?:set-)?cookie|private-token|x-(?:[a-z]{1,20}-){0,3}(?:api-?key|token|secret|key)|api-key)(["']?\s{0,3}:\s{0,3}["']?)(?:(Bearer|Basic|Token|Digest|ApiKey|Negotiate)\s+)?([^\s"'\\][^\r\n"'\\]{0,4000})/gi;
const scheme = /\b(Bearer|Basic)(\s+)([\w.~+/=-]{6,})/gi;
const jwt = /(?<![\w-])eyJ[\w-]{5,4000}\.[\w-]{5,16000}\.[\w-]*/g;
const awsSecret = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const flag =
  /(?<![\w-])(--?[a-z][a-z0-9-]{0,40})(=|\s{1,5})("[^"\n]{1,4000}"|'[^'\n]{1,4000}'|[^\s"'`;|&()<>-][^\s"'`;|&()<>]*)/gi;
const assignment =
  /(?<![\w.-])([A-Za-z_][\w.-]{0,80})(\\?["']?\s{0,5}(?:=>|:=|=|:)\s{0,5})(\\?"(?:[^"\\\n]|\\[^"\n]){1,4000}\\?"|'[^'\n]{1,4000}'|[^\s"'`;,&|<>(){}[\]\\=][^\s"'`;,&|<>(){}[\]\\]*)/g;
const clientLogin = /(\s(?:-u|--user|--proxy-user)[ =]?["']?[^\s:"']{1,200}:)([^\s"']+)/g;
const isHttpClient = /\b(?:curl|wget|https?|xh)\b/;
const shortPassword =
  /(\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;&]{0,400}?\s-p|\bsshpass\s+-p\s*|\bredis-cli\b[^\n|;&]{0,400}?\s-a\s+)(["']?)([^\s"']+)/g;
const hasShortPassword = /\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass|redis-cli)\b/;

type Hide = (secret: string) => string;

function replaceSecrets(text: string, hide: Hide): string {
  // Nothing that short holds a secret, and most texts have none of the signs.
  if (text.length < 6) return text;
  let result = text.replace(keyBlock, hide).replace(userinfo, (...found) => hideUserinfo(hide, found));
  result = result
    .replace(header, (_all, name: string, separator: string, kind: string | undefined, value: string) =>
      [name, separator, kind ? `${kind} ` : '', hideUnlessNone(value.trimEnd(), hide)].join(''),
    )
    .replace(scheme, (_all, kind: string, space: string, value: string) => kind + space + hide(value))
    .replace(jwt, hide)
    .replace(tokenPattern, hide);
  if (/aws|AKIA|ASIA/i.test(text)) {
    result = result.replace(awsSecret, (value) => (isMixed(value) ? hide(value) : value));
  }
  if (isHttpClient.test(text)) {
    result = result.replace(clientLogin, (_all, head: string, value: string) => head + hide(value));
  }
  if (hasShortPassword.test(text)) {
    result = result.replace(shortPassword, (_all, head: string, quote: string, value: string) =>
      [head, quote, hide(value)].join(''),
    );
  }
  return result
    .replace(flag, (all, name: string, separator: string, value: string) =>
      isSecretName(name.replace(/^--?/, '')) ? name + separator + hideQuoted(value, hide) : all,
    )
    .replace(assignment, (all, name: string, separator: string, value: string) =>
      isSecretName(name) ? name + separator + hideQuoted(value, hide) : all,
    );
}

/** A value without its quotes, so that the mark does not depend on them. */
function hideQuoted(value: string, hide: Hide): string {
  const [, open = '', inner = '', close = ''] = /^(\\?["']?)([\s\S]*?)(\\?["']?)$/.exec(value) ?? [];
  return inner.includes('[redacted') ? value : open + hideUnlessNone(inner, hide) + close;
}

function hideUnlessNone(value: string, hide: Hide): string {
  return noValue.test(value) ? value : hide(value);
}

function hideUserinfo(
  hide: Hide,
  [all, databaseHead, databasePassword = '', head = '', user = '']: readonly (string | undefined)[],
): string {
  if (databaseHead !== undefined) return databaseHead + hide(databasePassword);
  const colon = user.indexOf(':');
  if (!user.includes('[redacted')) {
    if (colon >= 0) return `${head}${user.slice(0, colon + 1)}${hide(user.slice(colon + 1))}@`;
    // A name alone is a token where there are no names: https://<token>@github.com
    if (/^https?:/i.test(head) && user.length >= 12) return `${head}${hide(user)}@`;
  }
  return all ?? '';
}

/** Base64 that is no path and no hash: upper, lower and digits. */
function isMixed(value: string): boolean {
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}
