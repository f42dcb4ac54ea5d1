import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

const name = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;

/** Variables of `--env-file` and `--env`; what comes later wins, and `--env` wins over files. @throws UsageError */
export function readVariables(
  pairs: readonly string[],
  files: readonly string[],
  cwd: string,
): Record<string, string> {
  const variables = new Map<string, string>();
  for (const file of files) {
    for (const [key, value] of parseEnvFile(readFile(resolve(cwd, file)), file)) variables.set(key, value);
  }
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    // The value may be a secret, and errors end in logs: only the name is shown.
    if (at < 0) throw new UsageError(`--env needs KEY=VALUE; got "${pair.slice(0, 40)}".`);
    const key = pair.slice(0, at);
    if (!name.test(key)) throw new UsageError(badName(key, '--env'));
    variables.set(key, pair.slice(at + 1));
  }
  return Object.fromEntries(variables);
}

/**
 * `KEY=VALUE` lines. `#` begins a comment at the start of a line; `export ` is allowed. A value in single quotes is
 * taken as it is; in double quotes \n, \r, \t, \", \\ and \$ are read; else it is what stands there, trimmed, up to
 * a ` #`.
 *
 * @throws UsageError with the number of the bad line
 */
export function parseEnvFile(text: string, file: string): [string, string][] {
  const found: [string, string][] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const place = `${file}:${index + 1}`;
    const [, key = '', written = ''] = /^\s*(?:export\s+)?([^=]*?)\s*=\s*(.*?)\s*$/s.exec(line) ?? [];
    if (!line.includes('=')) throw new UsageError(`${place} is not KEY=VALUE.`);
    if (!name.test(key)) throw new UsageError(badName(key, place));
    found.push([key, unquote(written, place)]);
  }
  return found;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' };

function unquote(written: string, place: string): string {
  const quote = written[0];
  if (quote !== '"' && quote !== "'") return written.replace(/(^|\s+)#.*$/, '');
  const quoted = quote === '"' ? /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/ : /^'([^']*)'\s*(?:#.*)?$/;
  const inner = quoted.exec(written)?.[1];
  if (inner === undefined)
    throw new UsageError(`${place}: the ${quote} quote is not closed at the end of the value.`);
  if (quote === "'") return inner;
  return inner.replaceAll(/\\(.)/g, (whole, c: string) => escapes[c] ?? whole);
}

function badName(key: string, place: string): string {
  return `${place}: "${key}" is no name of a variable: letters, digits and _, and no digit first.`;
}

function readFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code === 'ENOENT' ? 'there is no such file' : error instanceof TypeError ? 'not UTF-8' : code;
    throw new UsageError(`--env-file ${path} cannot be read: ${why}.`);
  }
}
