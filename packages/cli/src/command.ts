import type { Run } from './context.ts';

export interface Option {
  /** Name of its value in the help; an option without one is a switch. */
  value?: string;
  short?: string;
  /** May be given more than once. */
  isMany?: true;
  help: string;
  /** What completion offers as values. */
  complete?: readonly string[] | 'directory' | 'file';
}

export interface Positional {
  name: string;
  isOptional?: true;
  isMany?: true;
  /** May be left out when this switch is given. */
  orFlag?: string;
  complete?: readonly string[] | 'session';
}

export const groups = [
  'Sessions',
  'Talking to a session',
  'Reading a session',
  'Permissions',
  'Daemon',
  'Help',
] as const;

/** One command, as data: parsing, help, completion and the reference page come from it. */
export interface Command {
  name: string;
  aliases?: readonly string[];
  group: (typeof groups)[number];
  summary: string;
  /** Lines behind `codepiper`; the first is shown in errors. */
  usage: readonly string[];
  /** Command lines behind `codepiper`, each with what it does. */
  examples: readonly (readonly [line: string, meaning: string])[];
  /** More to know, below the options. */
  notes?: readonly string[];
  /** What `--json` prints. */
  json?: string;
  positionals?: readonly Positional[];
  options: Readonly<Record<string, Option>>;
  /** What `--format` takes, where it is not what others take. */
  formats?: readonly string[];
  /** Whether words behind `--` mean something. */
  takesRest?: true;
  isHidden?: true;
  load: () => Promise<{ run: Run }>;
}

/** The command of this name or alias. */
export function named(table: readonly Command[], name: string): Command | undefined {
  return table.find((command) => command.name === name || command.aliases?.includes(name));
}
