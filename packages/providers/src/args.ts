import { CodepiperError } from '@codepiper/core/errors.ts';

/** Names of the options among a person's own arguments for an agent: `--model` for `--model=x`; nothing behind `--`. */
export function optionNames(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  return own.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=', 1)[0] ?? arg);
}

/** Whether one of the options is among the arguments; a short one also with its value attached (`-mX`). */
export function hasOption(args: readonly string[], ...options: readonly string[]): boolean {
  return optionNames(args).some((name) => options.some((option) => isOption(name, option)));
}

function isOption(name: string, option: string): boolean {
  return name === option || (/^-[^-]$/.test(option) && name.startsWith(option));
}

/**
 * Refuses arguments that would undo what a session stands on, also with their value attached (`--x=1`, `-x1`).
 * @param reserved what to do instead, by option
 * @throws CodepiperError `invalid_request` with the option's name
 */
export function refuseOptions(
  label: string,
  args: readonly string[],
  reserved: Record<string, string>,
): void {
  for (const name of optionNames(args)) {
    const found = Object.entries(reserved).find(([option]) => isOption(name, option));
    if (found) throw reservedOption(label, ...found);
  }
}

/** The error for an argument that codepiper gives itself. */
export function reservedOption(label: string, name: string, advice: string): CodepiperError {
  return new CodepiperError(
    'invalid_request',
    `${name} cannot be among the arguments for ${label}: codepiper gives it itself. ${advice}`,
    { argument: name },
  );
}
