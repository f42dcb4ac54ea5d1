import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';

/** Most a text may have, as the daemon sees it; a test compares this with core's limit. */
export const textLimit = 1_048_576;

/**
 * Text from stdin, without the line end that echo and editors put at its end.
 *
 * @throws UsageError when it is empty, too long or not UTF-8
 */
export async function readText(io: Io): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await io.readStdin(4 * textLimit);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError('The text on stdin has more than 1 MB.');
    throw error;
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('The text on stdin is not valid UTF-8.');
  }
  return checkText(text.replace(/\r?\n$/, ''), 'The text on stdin');
}

/** @throws UsageError for what no session could take */
export function checkText(text: string, label: string): string {
  if (text === '') throw new UsageError(`${label} is empty.`);
  if (text.length > textLimit) throw new UsageError(`${label} has more than 1 MB.`);
  if (text.includes('\0')) throw new UsageError(`${label} has a NUL character.`);
  return text;
}

/** Value of `--prompt`: text, or `-` for stdin. */
export async function readPrompt(io: Io, value: string | undefined): Promise<string | undefined> {
  if (value === undefined) return undefined;
  return value === '-' ? readText(io) : checkText(value, '--prompt');
}
