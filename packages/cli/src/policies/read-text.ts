import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { readText } from '../text-input.ts';
import { UsageError } from '../usage-error.ts';

/** A text, and how errors about a place in it name it. */
export interface NamedText {
  text: string;
  label: string;
}

/** A file, or stdin for `-`. @throws UsageError when it cannot be read */
export async function readNamed({ io }: Context, file: string, option: string): Promise<NamedText> {
  if (file === '-') return { text: await readText(io), label: 'stdin' };
  if (file === '') throw new UsageError(`${option} is empty; it needs the path of a file.`);
  try {
    const bytes = readFileSync(resolve(io.cwd, file));
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), label: file };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : error instanceof TypeError
            ? 'it is not UTF-8'
            : code;
    throw new UsageError(`${option === '' ? '' : `${option} `}${file} cannot be read: ${why}.`);
  }
}

/** Value of `--rules`: the text itself, `@file`, or `-` for stdin. */
export async function readRules(context: Context, value: string): Promise<NamedText> {
  if (value === '-') return readNamed(context, '-', '--rules');
  if (value.startsWith('@')) return readNamed(context, value.slice(1), '--rules');
  if (value.trim() === '') throw new UsageError('--rules is empty; give rules as JSON or YAML, or @file.');
  return { text: value, label: '--rules' };
}
