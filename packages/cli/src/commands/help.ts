import { exitCodes } from '@codepiper/core/errors.ts';
import { type Command, groups } from '../command.ts';
import { commands, findCommand } from '../commands.ts';
import type { Context } from '../context.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

export async function run({ input, io }: Context): Promise<number> {
  const name = input.positionals[0];
  if (name === undefined) {
    io.out(overview(io.columns));
    return exitCodes.ok;
  }
  const command = findCommand(name);
  if (!command) {
    const guess = await suggest(
      name,
      commands.filter((c) => !c.isHidden).map((c) => c.name),
    );
    throw new UsageError(`Unknown command '${name}'.${guess ? ` Did you mean ${guess}?` : ''}`);
  }
  io.out(commandHelp(command, io.columns));
  return exitCodes.ok;
}

/** Columns of what is no terminal: a pipe is read by people too. */
const widest = 120;
/** A longer line of notes was broken where it was full. */
const fullLine = 95;

function overview(columns = widest): string {
  const lines = [
    'Run many coding agents, each in its own terminal, from one place.',
    '',
    'Usage: codepiper <command> [options]',
    '',
    '  codepiper daemon start --detach         start the daemon',
    '  codepiper start -d ~/app                start a session, print its id',
    '  codepiper send <session> "Fix the bug"  send a prompt',
    '  codepiper attach <session>              work in it; Ctrl+B D detaches',
  ];
  for (const group of groups) {
    lines.push('', `${group}:`);
    for (const command of commands) {
      if (command.group !== group || command.isHidden) continue;
      const names = [command.name, ...(command.aliases ?? [])].join(', ');
      lines.push(...fold(`  ${names.padEnd(14)} ${command.summary}`, columns, 17));
    }
  }
  const notes = [
    '<session> is an id, the unique beginning of one, or a name. --json prints any result as JSON.',
    'Exit codes: 0 ok, 1 failed, 2 usage, 3 daemon not running, 4 not found.',
    'More: codepiper <command> --help',
  ];
  lines.push('', ...notes.flatMap((note) => fold(note, columns, 0)));
  return `${lines.join('\n')}\n`;
}

/** The help of one command, examples first, for a terminal of so many columns. */
export function commandHelp(command: Command, columns = widest): string {
  const lines = [`${command.summary}.`, ''];
  const width = Math.max(0, ...command.examples.map(([line]) => line.length));
  const beside =
    Math.max(0, ...command.examples.map(([, meaning]) => 14 + width + meaning.length)) <= columns;
  for (const [line, meaning] of command.examples) {
    if (beside) lines.push(`  codepiper ${line.padEnd(width)}  ${meaning}`.trimEnd());
    else lines.push(`  codepiper ${line}`, ...(meaning === '' ? [] : fold(`      ${meaning}`, columns, 6)));
  }
  const usages = command.usage.map((usage, i) => `${i === 0 ? 'Usage:' : '      '} codepiper ${usage}`);
  lines.push('', ...usages.flatMap((usage) => fold(usage, columns, 9)));
  if (command.aliases) lines.push(`Alias: ${command.aliases.join(', ')}`);
  lines.push('', 'Options:', ...optionLines(command, columns));
  if (command.notes)
    lines.push('', ...flowing(command.notes, columns).flatMap((note) => fold(note, columns, 0)));
  if (command.json !== undefined) lines.push('', ...fold(`--json prints ${command.json}.`, columns, 0));
  return `${lines.join('\n')}\n`;
}

/** Notes are written for wide terminals: on others a line that was full goes on into the next. */
function flowing(notes: readonly string[], columns: number): string[] {
  if (columns >= widest) return [...notes];
  const flowed: string[] = [];
  let isFull = false;
  for (const note of notes) {
    if (isFull) flowed.push(`${flowed.pop() ?? ''} ${note}`);
    else flowed.push(note);
    isFull = note.length > fullLine;
  }
  return flowed;
}

function optionLines({ options }: Command, columns: number): string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short ? `-${option.short}, ` : '    ';
    return [`${short}--${name}${option.value ? ` <${option.value}>` : ''}`, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) => fold(`  ${left.padEnd(width)}  ${right}`, columns, width + 4));
}

/** Lines of at most so many columns; what goes on is indented. A longer word stays whole. */
function fold(line: string, columns: number, indent: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const cut = rest.lastIndexOf(' ', columns);
    if (cut <= indent) break;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = ' '.repeat(indent) + rest.slice(cut + 1);
  }
  return [...lines, rest];
}
