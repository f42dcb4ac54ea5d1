import { exitCodes } from '@codepiper/core/errors.ts';
import { parseInput } from './args.ts';
import { type Command, named } from './command.ts';
import { sessionCommands } from './commands.sessions.ts';
import { createContext } from './context.ts';
import { explain } from './explain.ts';
import type { Io } from './io.ts';
import { help } from './options.ts';
import { cleanLines, toJsonLine } from './output.ts';
import { suggest } from './suggest.ts';
import { UsageError } from './usage-error.ts';

/** The program without a command. */
const topLevel: Command = {
  name: '',
  group: 'Help',
  summary: '',
  usage: ['<command> [options]'],
  examples: [],
  options: { help, version: { short: 'V', help: 'Print the version' } },
  load: () => import('./commands/help.ts'),
};

/** Runs one command line and resolves to the exit code; everything it says goes through `io`. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (io.gone.aborted) return exitCodes.ok;
    return report(error, io, wantsJson(argv));
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const { name, args } = splitCommand(argv);
  if (name === undefined) {
    const top = await parseInput(topLevel, args);
    const module = top.flag('version')
      ? await import('./commands/version.ts')
      : await import('./commands/help.ts');
    return (await module.run(createContext(io, top))) ?? exitCodes.ok;
  }
  const command = await findCommand(name);
  if (!command) throw await unknownCommand(name);
  const input = await parseInput(command, args);
  if (input.flag('help')) {
    const { commandHelp } = await import('./commands/help.ts');
    io.out(commandHelp(command, io.columns));
    return exitCodes.ok;
  }
  const { run: runCommand } = await command.load();
  return (await runCommand(createContext(io, input, command.formats))) ?? exitCodes.ok;
}

/** The sessions' own commands are here at once; the tables of all others are one file, read for the first of them. */
async function findCommand(name: string): Promise<Command | undefined> {
  return named(sessionCommands, name) ?? (await import('./commands.ts')).findCommand(name);
}

/** Options may stand before the command; they then belong to it. */
function splitCommand(argv: readonly string[]): { name: string | undefined; args: string[] } {
  let index = 0;
  while (index < argv.length && argv[index]?.startsWith('-')) {
    const word = argv[index];
    if (word === '--') break;
    // The only one of them that takes a value behind a space.
    index += word === '-s' || word === '--socket' ? 2 : 1;
  }
  return { name: argv[index], args: [...argv.slice(0, index), ...argv.slice(index + 1)] };
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { commands } = await import('./commands.ts');
  const names = commands.flatMap((c) => (c.isHidden ? [] : [c.name, ...(c.aliases ?? [])]));
  const guess = await suggest(name, names);
  return new UsageError(
    guess
      ? `Unknown command '${name}'. Did you mean ${guess}?`
      : `Unknown command '${name}'. Run 'codepiper --help' for the list.`,
  );
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.some(
    (word, i) =>
      word === '--json' ||
      word === '--format=json' ||
      (word === 'json' && /^(-f|--format)$/.test(words[i - 1] ?? '')),
  );
}

/** Says what went wrong on stderr and gives the exit code for it. */
function report(error: unknown, io: Io, isJson: boolean): number {
  const { message, code, exit, details } = explain(error);
  if (isJson) io.err(toJsonLine({ error: message, code, ...(details ? { details } : {}) }));
  else io.err(cleanLines(`Error: ${message}\n${listCandidates(details)}`));
  return exit;
}

function listCandidates(details: Record<string, unknown> | undefined): string {
  const candidates = details?.candidates;
  if (!Array.isArray(candidates)) return '';
  // Those that are more than a name stand in the message already.
  return candidates.map((candidate) => (typeof candidate === 'string' ? `  ${candidate}\n` : '')).join('');
}
