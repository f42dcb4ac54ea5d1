import type { Input } from '../args.ts';
import { UsageError } from '../usage-error.ts';

/** Most characters that the daemon keeps of a note or a reason. */
const longest = 2000;

/** Text of an option that goes into the trail. @throws UsageError when it is empty or too long */
export function readNote(input: Input, option: 'note' | 'reason'): string | undefined {
  const text = input.text(option)?.trim();
  if (text === '') throw new UsageError(`--${option} is empty; give a text, or leave it out.`);
  if (text === undefined || text.length <= longest) return text;
  throw new UsageError(`--${option} has ${text.length} characters; at most ${longest} are kept.`);
}
