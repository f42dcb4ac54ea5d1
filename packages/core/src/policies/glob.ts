import {
  type GlobMode,
  type GlobProgram,
  hasPieces,
  mayRun,
  type PlaceTexts,
  programOf,
  runProgram,
  textOf,
} from './glob-match.ts';
import { GlobProblem, type GlobToken, type ParsedGlob, parseGlob } from './glob-parse.ts';
import { unknownText } from './parts.ts';

/** yes, no: whatever the unknowns of the text are. maybe: it depends on them. */
export type Match = 'yes' | 'no' | 'maybe';

/** What is wrong with a pattern, as the end of a sentence; null when nothing is. */
export function globProblem(pattern: string): string | null {
  try {
    parseGlob(pattern);
    return null;
  } catch (error) {
    if (error instanceof GlobProblem) return error.message;
    throw error;
  }
}

/** A pattern that matches exactly this text. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[{]|^[!~]/gu, '\\$&');
}

/** Where a pattern is matched: what its placeholders stand for. Made by `globPlace`; compared by identity. */
export interface GlobPlace {
  texts: PlaceTexts;
  /** The same place for patterns that do not name the directory of the call, which changes most often. */
  withoutCwd: GlobPlace | null;
}

const known = new Map<string, GlobPlace>();
const maxKnown = 500;

/** The place with these directories; the same object for the same directories, as long as it is in use. */
export function globPlace(place: { cwd: string; workspace: string; home: string }): GlobPlace {
  return placeOf(place.cwd, place.workspace, place.home, placeOf(null, place.workspace, place.home, null));
}

function placeOf(
  cwd: string | null,
  workspace: string,
  home: string,
  withoutCwd: GlobPlace | null,
): GlobPlace {
  const key = `${cwd ?? ''}\0${workspace}\0${home}`;
  const found = known.get(key);
  if (found) return found;
  if (known.size >= maxKnown) known.clear();
  const made: GlobPlace = { texts: { cwd: cwd ?? '', workspace, home, tmp: '/tmp' }, withoutCwd };
  known.set(key, made);
  return made;
}

/** Alternatives of one sign, sorted by what they cost to try. */
interface Programs {
  everything: boolean;
  exact: ReadonlySet<string> | null;
  prefixes: readonly string[];
  infixes: readonly string[];
  others: readonly GlobProgram[];
  all: readonly GlobProgram[];
}

interface Expanded {
  /** Null when the pattern has negatives only: it takes what they leave. */
  positives: Programs | null;
  negatives: Programs | null;
}

/** A pattern of a rule, compiled once and matched often. */
export class Glob {
  readonly mode: GlobMode;
  readonly #parsed: readonly ParsedGlob[];
  readonly #usesPlace: boolean;
  readonly #usesCwd: boolean;
  readonly #expanded = new WeakMap<GlobPlace, Expanded>();
  #last: Expanded | null = null;
  #lastPlace: GlobPlace | null = null;

  /** Throws for a pattern that `globProblem` finds fault with. */
  constructor(pattern: string | readonly string[], mode: GlobMode) {
    this.mode = mode;
    this.#parsed = (typeof pattern === 'string' ? [pattern] : pattern).map(parseGlob);
    const names = this.#parsed.flatMap((one) => one.alternatives.flatMap((tokens) => placesOf(tokens, mode)));
    this.#usesPlace = names.length > 0;
    this.#usesCwd = names.includes('cwd');
  }

  /** Whether it has a positive that takes any text at all. */
  get hasEverything(): boolean {
    return this.#programs(anywhere).positives?.everything ?? false;
  }

  get hasPositives(): boolean {
    return this.#parsed.some((one) => !one.isNegated);
  }

  get hasNegatives(): boolean {
    return this.#parsed.some((one) => one.isNegated);
  }

  /**
   * Whether it takes all that another pattern of its mode does. Says no where that cannot be seen at once: true is
   * sure, false is not.
   */
  covers(other: Glob): boolean {
    if (this.hasNegatives) return false;
    if (this.hasEverything) return true;
    const { positives } = other.#programs(anywhere);
    if (positives === null) return false;
    return positives.all.every((program) => this.match(textOf(program), anywhere, true) === 'yes');
  }

  match(text: string, place: GlobPlace, hasUnknown = text.includes(unknownText)): Match {
    const { positives, negatives } = this.#programs(place);
    const wanted = positives === null ? 'yes' : oneOf(positives, text, hasUnknown);
    if (wanted === 'no' || negatives === null) return wanted;
    return without(wanted, oneOf(negatives, text, hasUnknown));
  }

  /** One thing that goes by several names: one of them has to match, and no negative may match any. */
  matchAny(texts: readonly string[], place: GlobPlace, hasUnknown: boolean): Match {
    const { positives, negatives } = this.#programs(place);
    const wanted = positives === null ? 'yes' : anyOf(positives, texts, hasUnknown);
    if (wanted === 'no' || negatives === null) return wanted;
    return without(wanted, anyOf(negatives, texts, hasUnknown));
  }

  /** Whether it names this very text, without a wildcard. */
  names(text: string, place: GlobPlace): boolean {
    return this.#programs(place).positives?.exact?.has(text) ?? false;
  }

  /**
   * The words a text has to begin with to match, up to its first space: what rules can be found by. Null when it may
   * begin otherwise.
   */
  firstWords(): ReadonlySet<string> | null {
    const { positives } = this.#programs(nowhere);
    if (this.#usesPlace || positives === null) return null;
    const words = new Set<string>();
    for (const { kind, head } of positives.all) {
      const end = head.indexOf(' ');
      if (end < 0 && kind !== 'exact') return null;
      words.add(end < 0 ? head : head.slice(0, end));
    }
    return words;
  }

  #programs(place: GlobPlace): Expanded {
    const where = this.#usesPlace ? (this.#usesCwd ? place : (place.withoutCwd ?? place)) : nowhere;
    if (this.#last && this.#lastPlace === where) return this.#last;
    const expanded = this.#expanded.get(where) ?? this.#expand(where);
    this.#last = expanded;
    this.#lastPlace = where;
    return expanded;
  }

  #expand(place: GlobPlace): Expanded {
    const expanded = {
      positives: this.#programsOf(false, place),
      negatives: this.#programsOf(true, place),
    };
    this.#expanded.set(place, expanded);
    return expanded;
  }

  #programsOf(isNegated: boolean, place: GlobPlace): Programs | null {
    const parsed = this.#parsed.filter((one) => one.isNegated === isNegated);
    if (parsed.length === 0) return null;
    const all = parsed.flatMap((one) =>
      one.alternatives.map((tokens) => programOf(tokens, this.mode, place.texts)),
    );
    const exact = all.filter((one) => one.kind === 'exact').map((one) => one.head);
    return {
      everything: all.some((one) => one.kind === 'everything'),
      exact: exact.length > 0 ? new Set(exact) : null,
      prefixes: all.filter((one) => one.kind === 'prefix').map((one) => one.head),
      infixes: all.filter((one) => one.kind === 'infix').map((one) => one.infix),
      others: all.filter((one) => one.kind === 'other'),
      all,
    };
  }
}

/** For patterns without placeholders. */
const nowhere: GlobPlace = { texts: { cwd: '', workspace: '', home: '', tmp: '' }, withoutCwd: null };

/** Directories that no pattern names otherwise than by a placeholder. */
const anywhere: GlobPlace = {
  texts: { cwd: '/\uE001cwd', workspace: '/\uE001workspace', home: '/\uE001home', tmp: '/tmp' },
  withoutCwd: null,
};

function placesOf(tokens: readonly GlobToken[], mode: GlobMode): string[] {
  return tokens.flatMap((token) => {
    if (token.type === 'tilde') return mode === 'path' ? ['home'] : [];
    return token.type === 'place' ? [token.name] : [];
  });
}

function without(wanted: Match, barred: Match): Match {
  if (barred === 'yes') return 'no';
  return barred === 'maybe' ? 'maybe' : wanted;
}

function oneOf(programs: Programs, text: string, hasUnknown: boolean): Match {
  return hasUnknown ? matchUnknown(programs, text) : matchKnown(programs, text);
}

function anyOf(programs: Programs, texts: readonly string[], hasUnknown: boolean): Match {
  let best: Match = 'no';
  for (const text of texts) {
    const found = oneOf(programs, text, hasUnknown);
    if (found === 'yes') return 'yes';
    if (found === 'maybe') best = 'maybe';
  }
  return best;
}

function matchKnown(programs: Programs, text: string): Match {
  if (programs.everything || programs.exact?.has(text)) return 'yes';
  for (const prefix of programs.prefixes) if (text.startsWith(prefix)) return 'yes';
  for (const infix of programs.infixes) if (text.includes(infix)) return 'yes';
  for (const program of programs.others) if (takes(program, text)) return 'yes';
  return 'no';
}

function takes(program: GlobProgram, text: string): boolean {
  return (
    text.startsWith(program.head) &&
    text.endsWith(program.tail) &&
    hasPieces(program, text) &&
    runProgram(program, text)
  );
}

function matchUnknown(programs: Programs, text: string): Match {
  if (programs.everything) return 'yes';
  if (!text.includes(unknownText)) return matchKnown(programs, text);
  let best: Match = 'no';
  for (const program of programs.all) {
    if (takesSome(program, text)) return 'yes';
    if (best === 'no' && mayRun(program, text)) best = 'maybe';
  }
  return best;
}

/** Whether it takes a text with unknowns, whatever they are. What is easily seen comes first. */
function takesSome(program: GlobProgram, text: string): boolean {
  if (program.kind === 'prefix') return text.startsWith(program.head);
  if (program.kind === 'infix') return text.includes(program.infix);
  return takes(program, text);
}
