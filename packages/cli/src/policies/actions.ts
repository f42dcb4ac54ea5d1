import { exitCodes } from '@codepiper/core/errors.ts';
import type { Context } from '../context.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';
import { asWritten } from './request-errors.ts';

/** One action of a command that has several. */
export interface Action {
  /** What stands behind its name, as the help writes it: `<policy>`, `[file]`, `<policy>…`. */
  arguments: readonly string[];
  /** Options of its own, beside those of every command. */
  options: readonly string[];
  /** Whether words behind `--` mean something. */
  takesRest?: true;
  run(context: Context, words: readonly string[]): Promise<number | undefined> | Promise<void>;
}

const everywhere = ['json', 'format', 'help', 'socket'];
const aliases: Readonly<Record<string, string>> = { ls: 'list', show: 'get', add: 'create', rm: 'delete' };

/**
 * Runs the action that the first word names.
 *
 * @throws UsageError for an unknown action, for options of another one, for too few words or too many
 */
export async function runAction(
  context: Context,
  command: string,
  actions: Readonly<Record<string, Action>>,
): Promise<number> {
  const { input } = context;
  const [written = '', ...words] = input.positionals;
  const name = Object.hasOwn(aliases, written) ? (aliases[written] ?? written) : written;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) {
    const names = Object.keys(actions);
    const guess = await suggest(written, [...names, ...Object.keys(aliases)]);
    const hint = guess ? `Did you mean ${guess}?` : `There are ${names.join(', ')}.`;
    throw new UsageError(`codepiper ${command} cannot "${written}". ${hint}`);
  }
  checkOptions(context, command, name, actions);
  const usage = `codepiper ${[command, name, ...action.arguments].join(' ')}`;
  checkWords(action, words, usage);
  if (input.rest !== undefined && input.rest.length > 0 && !action.takesRest) {
    throw new UsageError(`codepiper ${command} ${name} takes nothing behind --; got "${input.rest[0]}".`);
  }
  try {
    return (await action.run(context, words)) ?? exitCodes.ok;
  } catch (error) {
    throw await asWritten(error);
  }
}

function checkOptions(
  { input }: Context,
  command: string,
  name: string,
  actions: Readonly<Record<string, Action>>,
): void {
  const own = actions[name]?.options ?? [];
  const known = new Set(Object.values(actions).flatMap(({ options }) => options));
  for (const option of known) {
    if (!input.flag(option) || own.includes(option) || everywhere.includes(option)) continue;
    const owners = Object.keys(actions).filter((other) => actions[other]?.options.includes(option));
    throw new UsageError(`--${option} belongs to ${command} ${owners.join(', ')}, not to ${name}.`);
  }
}

function checkWords({ arguments: wanted }: Action, words: readonly string[], usage: string): void {
  const missing = wanted.find((each, i) => i >= words.length && !each.startsWith('['));
  if (missing !== undefined) throw new UsageError(`${missing.replace('…', '')} is required: ${usage}`);
  const blank = words.findIndex((word) => word.trim() === '');
  if (blank >= 0) {
    const name = (wanted[blank] ?? wanted.at(-1) ?? 'an argument').replace(/…$/, '');
    throw new UsageError(`${name} is empty: ${usage}`);
  }
  if (words.length > wanted.length && !wanted.at(-1)?.endsWith('…')) {
    throw new UsageError(`"${words[wanted.length]}" is one argument too many: ${usage}`);
  }
}
