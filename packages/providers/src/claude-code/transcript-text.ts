import { plainText } from '../text.ts';

const reminderStart = '<system-reminder>';
const reminderEnd = '</system-reminder>';

/** Text without the reminders Claude put around it; one in the middle may be a person's own words and stays. */
export function withoutReminders(text: string): string {
  let rest = text.trimEnd();
  while (rest.endsWith(reminderEnd)) {
    const start = rest.lastIndexOf(reminderStart);
    if (start === -1) break;
    rest = rest.slice(0, start).trimEnd();
  }
  let first = rest.trimStart();
  while (first.startsWith(reminderStart)) {
    const end = first.indexOf(reminderEnd);
    if (end === -1) break;
    first = first.slice(end + reminderEnd.length).trimStart();
  }
  return rest.length === text.trimEnd().length && first.length === rest.trimStart().length ? text : first;
}

/** Text of Claude's own without any reminder. */
export function withoutAllReminders(text: string): string {
  const [head = '', ...rest] = text.split(reminderStart);
  return [head, ...rest.map((part) => part.slice(behind(part, reminderEnd)).replace(/^\n/, ''))].join('');
}

/** Where the text behind `mark` begins; 0 where it is not in the text. */
function behind(text: string, mark: string): number {
  const at = text.indexOf(mark);
  return at === -1 ? 0 : at + mark.length;
}

/** What stands in the first element of this name; null where there is none. */
function inside(text: string, name: string): string | null {
  const start = text.indexOf(`<${name}>`);
  if (start === -1) return null;
  const from = start + name.length + 2;
  const end = text.indexOf(`</${name}>`, from);
  return text.slice(from, end === -1 ? undefined : end);
}

/** What a person typed or pasted, without the marks Claude puts around a paste. */
export function promptText(text: string): string {
  return withoutReminders(text.replace(/<\/?pasted_content id="[^"<>\n]{1,64}">\n?/g, '')).trim();
}

const wrappers: readonly [start: string, readable: (text: string) => string][] = [
  ['<command-name>', command],
  ['<command-message>', command],
  ['<local-command-caveat>', () => ''],
  ['<local-command-stdout>', (text) => inside(text, 'local-command-stdout') ?? ''],
  ['<local-command-stderr>', (text) => inside(text, 'local-command-stderr') ?? ''],
  ['<bash-input>', (text) => `! ${inside(text, 'bash-input') ?? ''}`],
  ['<bash-stdout>', output],
  ['<bash-stderr>', output],
  ['<task-notification>', notification],
  [reminderStart, withoutAllReminders],
];

function command(text: string): string {
  const name = inside(text, 'command-name') ?? '';
  return `${name} ${inside(text, 'command-args') ?? ''}`.trim();
}

function output(text: string): string {
  return [inside(text, 'bash-stdout'), inside(text, 'bash-stderr')].filter(Boolean).join('\n');
}

function notification(text: string): string {
  return [inside(text, 'summary') ?? inside(text, 'status'), inside(text, 'result')]
    .filter(Boolean)
    .join('\n');
}

/**
 * Readable text of what Claude itself wrote in a user's name: slash commands and what they printed, `!` commands,
 * notices of background tasks. Null for anything else; only text that begins with such a wrapper is one.
 */
export function wrappedText(text: string): string | null {
  const start = text.trimStart();
  const [, readable] = wrappers.find(([mark]) => start.startsWith(mark)) ?? [];
  return readable ? plainText(readable(start)).trim() : null;
}
