import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { suggest } from './suggest.ts';
import { UsageError } from './usage-error.ts';

/** The parsed command line of one command. */
export class Input {
  readonly positionals: readonly string[];
  /** What stands behind `--`; undefined when there is none. */
  readonly rest: readonly string[] | undefined;
  private readonly values: ReadonlyMap<string, readonly (string | true)[]>;

  constructor(
    positionals: readonly string[],
    rest: readonly string[] | undefined,
    values: ReadonlyMap<string, readonly (string | true)[]>,
  ) {
    this.positionals = positionals;
    this.rest = rest;
    this.values = values;
  }

  flag(name: string): boolean {
    return this.values.has(name);
  }

  /** Value of an option; of the last one when it was given twice. */
  text(name: string): string | undefined {
    const value = this.values.get(name)?.at(-1);
    return value === true ? undefined : value;
  }

  list(name: string): string[] {
    return (this.values.get(name) ?? []).filter((value) => value !== true);
  }

  /** A whole number within bounds. @throws UsageError */
  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : wholeNumber(`--${name}`, value, min, max);
  }

  /** One of a few words. @throws UsageError */
  choice<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    const found = allowed.find((word) => word === value);
    if (value !== undefined && found === undefined) {
      throw new UsageError(`--${name} is "${value}"; it must be ${allowed.join(' or ')}.`);
    }
    return found;
  }

  /** The positional that the command requires. */
  required(index: number): string {
    return this.positionals[index] ?? '';
  }
}

/** @throws UsageError naming the value and what is allowed */
export function wholeNumber(label: string, value: string, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new UsageError(`${label} is "${value}"; it must be a whole number from ${min} to ${max}.`);
  }
  return number;
}

/** @throws UsageError for what the command does not know, and for what it misses */
export async function parseInput(command: Command, args: readonly string[]): Promise<Input> {
  const options = command.options;
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          ...(short ? { short } : {}),
        },
      ]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, (string | true)[]>();
  let rest: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') rest = args.slice(token.index + 1);
    if (token.kind === 'positional' && rest === undefined) positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = options[token.name];
    if (!option) throw await unknownOption(command, token.rawName, args[token.index] ?? '');
    if (option.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value; got "${token.value}".`);
    }
    if (option.value !== undefined && !isValue(token.value, token.inlineValue ?? false)) {
      const example = option.value.toUpperCase();
      throw new UsageError(
        `${token.rawName} needs a value: ${token.rawName}${short(token.rawName)}${example}`,
      );
    }
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? true]);
  }
  const input = new Input(positionals, rest, values);
  // Whoever asks for help has not finished the line.
  if (!input.flag('help')) checkPositionals(command, input);
  return input;
}

const short = (name: string): string => (name.startsWith('--') ? '=' : ' ');

/** A value may not look like an option unless it is written with `=`; `-` alone is one. */
function isValue(value: string | undefined, isInline: boolean): boolean {
  return value !== undefined && (isInline || value === '-' || !value.startsWith('-'));
}

async function unknownOption(command: Command, name: string, written: string): Promise<UsageError> {
  if (/\s/.test(written.split('=', 1)[0] ?? '')) {
    return new UsageError(
      `Text that begins with "-" goes behind --: codepiper ${command.name} … -- "${written}"`,
    );
  }
  const known = Object.keys(command.options).map((option) => `--${option}`);
  const guess = name.startsWith('--') ? await suggest(name, known) : undefined;
  const hint = guess ? ` Did you mean ${guess}?` : '';
  return new UsageError(`${`codepiper ${command.name}`.trim()} has no option ${name}.${hint}`);
}

function checkPositionals(command: Command, input: Input): void {
  const { positionals, rest } = input;
  const given = positionals.length;
  const specs = command.positionals ?? [];
  const missing = specs.find((spec, i) => i >= given && !spec.isOptional);
  if (missing && !(missing.orFlag !== undefined && input.flag(missing.orFlag))) {
    throw new UsageError(`${missing.name} is required: codepiper ${command.usage[0] ?? command.name}`);
  }
  // An unset variable in a script, as a rule.
  const blank = positionals.findIndex(
    (text, i) => text === '' && (specs[i] ?? specs.at(-1))?.complete === 'session',
  );
  if (blank >= 0)
    throw new UsageError('<session> is empty; give an id or a name: codepiper sessions lists them.');
  const max = specs.at(-1)?.isMany ? Number.POSITIVE_INFINITY : specs.length;
  if (given > max) {
    throw new UsageError(`"${positionals[max]}" is one argument too many: codepiper ${command.usage[0]}`);
  }
  if (rest !== undefined && rest.length > 0 && !command.takesRest) {
    throw new UsageError(`codepiper ${command.name} takes nothing behind --; got "${rest[0]}".`);
  }
}
