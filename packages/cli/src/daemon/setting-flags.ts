import type { Input } from '../args.ts';

/** Flags of the daemon that are settings and take a value, by their long names. */
const texts = ['socket', 'log-level', 'port', 'host', 'tls-cert', 'tls-key', 'insecure-dev'] as const;
/** Those that switch something on. */
const switches = ['web', 'insecure-public'] as const;

/** The settings of this command line, as the daemon takes them. */
export function givenSettings(input: Input): Map<string, string> {
  const given = new Map<string, string>();
  for (const name of texts) {
    const value = input.text(name);
    if (value !== undefined) given.set(name, value);
  }
  for (const name of switches) if (input.flag(name)) given.set(name, 'true');
  return given;
}

/** The words of a command line that give a setting. */
export function flagWords(name: string, value: string): string[] {
  if (!switches.some((each) => each === name)) return [`--${name}=${value}`];
  return value === 'true' ? [`--${name}`] : [];
}
