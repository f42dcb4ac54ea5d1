import { exitCodes } from '@codepiper/core/errors.ts';
import { type Command, groups } from '../command.ts';
import { commands, findCommand } from '../commands.ts';
import type { Context } from '../context.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

export async function run({ input, io }: Context): Promise<number> {
  const name = input.positionals[0];
  if (name === undefined) {
    io.out(overview());
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
  io.out(commandHelp(command));
  return exitCodes.ok;
}

function overview(): string {
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
      lines.push(`  ${names.padEnd(14)} ${command.summary}`);
    }
  }
  lines.push(
    '',
    '<session> is an id, the unique beginning of one, or a name. --json prints any result as JSON.',
    'Exit codes: 0 ok, 1 failed, 2 usage, 3 daemon not running, 4 not found.',
    'More: codepiper <command> --help',
  );
  return `${lines.join('\n')}\n`;
}

/** The help of one command: examples first. */
export function commandHelp(command: Command): string {
  const lines = [`${command.summary}.`, ''];
  const width = Math.max(0, ...command.examples.map(([line]) => line.length));
  for (const [line, meaning] of command.examples) {
    lines.push(`  codepiper ${line.padEnd(meaning === '' ? 0 : width)}  ${meaning}`.trimEnd());
  }
  lines.push('', ...command.usage.map((usage, i) => `${i === 0 ? 'Usage:' : '      '} codepiper ${usage}`));
  if (command.aliases) lines.push(`Alias: ${command.aliases.join(', ')}`);
  lines.push('', 'Options:', ...optionLines(command));
  if (command.notes) lines.push('', ...command.notes);
  if (command.json !== undefined) lines.push('', `--json prints ${command.json}.`);
  return `${lines.join('\n')}\n`;
}

function optionLines({ options }: Command): string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short ? `-${option.short}, ` : '    ';
    return [`${short}--${name}${option.value ? ` <${option.value}>` : ''}`, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
