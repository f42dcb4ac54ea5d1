import type { Arg } from './words.ts';
import { isKnown, literal } from './words.ts';

/**
 * Options of a program that comes before another one. Letters and names without dashes; a name with `=` at its end
 * takes a value, with `?` at its end perhaps one behind `=`.
 */
export interface OptionGrammar {
  /** Letters that stand alone. */
  flags?: string;
  /** Letters that take a value. */
  valued?: string;
  long?: readonly string[];
  /** A number behind a dash is an option (`nice -10`). */
  isNumberOption?: boolean;
}

export interface Option {
  /** With its dashes: `-u`, `--user`. */
  name: string;
  value: Arg | null;
}

export interface ParsedOptions {
  options: Option[];
  /** What follows the options. */
  rest: Arg[];
}

/** Reads options up to the first word that is none; a text when one is not known to us. */
export function parseOptions(args: readonly Arg[], grammar: OptionGrammar): ParsedOptions | string {
  const options: Option[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at];
    if (!arg) break;
    const { text } = arg;
    if (!isKnown(text)) {
      // A value that may be an option, a word or nothing: what follows cannot be told apart.
      return `what ${arg.shown} stands for is only known when it runs`;
    }
    if (text === '--') {
      at++;
      break;
    }
    if (!text.startsWith('-') || text === '-') break;
    const taken = text.startsWith('--')
      ? takeLong(text.slice(2), args[at + 1], grammar)
      : takeShort(text.slice(1), args[at + 1], grammar);
    if (typeof taken === 'string') return taken;
    options.push(...taken.options);
    at += taken.extra;
  }
  return { options, rest: args.slice(at) };
}

type Taken = { options: Option[]; extra: number } | string;

function takeLong(text: string, next: Arg | undefined, grammar: OptionGrammar): Taken {
  const [, name = '', assigned] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
  const value = assigned === undefined ? null : literal(assigned);
  const long = grammar.long ?? [];
  if (long.includes(name) && !value) return { options: [{ name: `--${name}`, value }], extra: 0 };
  if (long.includes(`${name}?`)) return { options: [{ name: `--${name}`, value }], extra: 0 };
  if (!long.includes(`${name}=`)) return `the option --${name} is not one we know`;
  if (value) return { options: [{ name: `--${name}`, value }], extra: 0 };
  return { options: [{ name: `--${name}`, value: next ?? null }], extra: 1 };
}

function takeShort(text: string, next: Arg | undefined, grammar: OptionGrammar): Taken {
  if (grammar.isNumberOption && /^\d+$/.test(text))
    return { options: [{ name: '-0', value: null }], extra: 0 };
  const options: Option[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if ((grammar.flags ?? '').includes(letter)) {
      options.push({ name: `-${letter}`, value: null });
      continue;
    }
    if (!(grammar.valued ?? '').includes(letter)) return `the option -${letter} is not one we know`;
    const rest = text.slice(at + 1);
    const value = rest ? literal(rest) : (next ?? null);
    options.push({ name: `-${letter}`, value });
    return { options, extra: rest ? 0 : 1 };
  }
  return { options, extra: 0 };
}
