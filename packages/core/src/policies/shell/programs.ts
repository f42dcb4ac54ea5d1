import type { CallPart } from '../parts.ts';
import { isSystemProgram } from '../paths.ts';
import type { Tainted } from './arithmetic.ts';
import { builtins } from './builtins.ts';
import { impliedFiles } from './files.ts';
import { git, gitWithoutOptions } from './git.ts';
import { optionProblem } from './hazards.ts';
import { mentionRun } from './runners.ts';
import type { Reading } from './script.ts';
import { shells } from './shells.ts';
import type { Arg } from './words.ts';
import { isKnown, readable } from './words.ts';
import { wrappers } from './wrappers.ts';

/** `sh` is any shell that knows POSIX only: some of what bash quotes, it runs. */
export type Dialect = 'bash' | 'sh';

/** What surrounds a command. */
export interface Scope {
  dialect: Dialect;
  /** Scripts and wrappers around it. */
  depth: number;
  tainted: Tainted;
  /** What the command line itself writes to its standard input. */
  stdin: { text: string } | { file: Arg } | null;
  /** The name is that of a function the script defines before, whose body is taken apart already. */
  isFunction?: boolean;
}

/** A program about to run, as those see it that know what it does with its arguments. */
export interface ProgramCall {
  reading: Reading;
  scope: Scope;
  /** Name without folders. */
  name: string;
  /** What comes after the program's name. */
  args: readonly Arg[];
  /** Another program that it runs. */
  run(args: readonly Arg[], stdin?: Scope['stdin']): void;
  /** A script that it runs. */
  script(text: string, dialect?: Dialect): void;
}

/** Adds the parts of what a program runs itself; a sentence when that cannot be told. */
export type Handler = (call: ProgramCall) => string | null;

const handlers: ReadonlyMap<string, Handler> = new Map([
  ...Object.entries(builtins),
  ...Object.entries(shells),
  ...Object.entries(wrappers),
  ['git', git],
]);

const deepest = 20;

/** Adds the parts of a program with its arguments: its own, the files it touches, and what it runs in turn. */
export function runProgram(reading: Reading, args: readonly Arg[], scope: Scope): void {
  const [program, ...rest] = args;
  if (!program) return;
  const name = program.text.slice(program.text.lastIndexOf('/') + 1);
  const handler = handlers.get(name);
  if (scope.isFunction && !handler) return;
  const { unreadable, ...own } = ownPart(reading, program, name, rest);
  const at = reading.add({ ...own, unreadable });
  const refuse = (why: string) => {
    reading.parts[at] = { ...own, unreadable: why };
  };
  if (unreadable) return;
  if (scope.depth > deepest) {
    refuse(`it is nested more than ${deepest} levels deep`);
    return;
  }
  for (const { access, arg } of impliedFiles(name, rest)) reading.file(access, arg, true);
  const inner = { ...scope, depth: scope.depth + 1, isFunction: false };
  const call: ProgramCall = {
    reading,
    scope,
    name,
    args: rest,
    run: (wrapped, stdin = scope.stdin) => runProgram(reading, wrapped, { ...inner, stdin }),
    script: (text, dialect = scope.dialect) => reading.script(text, { ...inner, dialect, stdin: null }),
  };
  const problem = optionProblem(name, rest) ?? handler?.(call);
  mentionRun(call);
  if (problem) refuse(problem);
}

function ownPart(reading: Reading, program: Arg, name: string, rest: readonly Arg[]): CallPart {
  const words = [program, ...rest];
  const line = words.map((word) => word.text).join(' ');
  const lines = [line];
  if (program.text.includes('/')) lines.push([name, ...rest.map((word) => word.text)].join(' '));
  if (name === 'git') {
    const bare = gitWithoutOptions(rest);
    if (bare) lines.push(['git', ...bare.map((word) => word.text)].join(' '));
  }
  const path = argumentPaths(reading, program, name, rest);
  return {
    kind: 'shell',
    text: readable(words.map((word) => (isKnown(word.text) ? quoted(word) : word.shown)).join(' ')),
    args: {
      command: [...new Set(lines)],
      program: programNames(reading, program, name),
      ...(path.length > 0 ? { path } : {}),
    },
    isImplied: false,
    unreadable: programProblem(reading, words),
  };
}

const quoted = (word: Arg) => (word.text === '' || /\s/.test(word.text) ? word.shown : word.text);

function programProblem(reading: Reading, words: readonly Arg[]): string | null {
  const program = words[0]?.text ?? '';
  if (!isKnown(program)) return 'which program runs is only known when it runs';
  if (!/^[\x21-\x7e]+$/.test(program))
    return 'the name of the program is empty, or has spaces or characters outside ASCII';
  const alias = words.find((word) => reading.isAlias(word.text));
  if (alias) return `${alias.text} is an alias defined in the same command`;
  return null;
}

/** A program outside the system's folders is also what its path is, and what that is a link to. */
function programNames(reading: Reading, program: Arg, name: string): string[] {
  if (!program.text.includes('/') || isSystemProgram(program.text)) return [name];
  const real = reading.paths.read(program.text);
  return [...new Set([name, ...real, ...real.map((path) => path.slice(path.lastIndexOf('/') + 1))])];
}

const speakers = new Set(['echo', 'printf', ':', 'true', 'false']);

/** Real paths of arguments that look like paths. */
function argumentPaths(reading: Reading, program: Arg, name: string, rest: readonly Arg[]): string[] {
  const { paths, place } = reading;
  const found = new Set<string>();
  if (program.text.includes('/') && isKnown(program.text) && !isSystemProgram(program.text))
    for (const path of paths.read(program.text)) found.add(path);
  if (speakers.has(program.text)) return [...found];
  const note = (text: string, isGlob: boolean) => {
    if (text === '' || text.length > 4096 || text.includes('\n') || text.includes('://')) return;
    const isPlain = !text.includes('/') && !text.startsWith('.') && isKnown(text);
    for (const path of paths.read(text, isGlob)) {
      // A bare word is a path when it is a link, or when nobody can say where it would be.
      const isInPlace = isPlain && paths.directories.length === 1 && path.startsWith(`${place.workspace}/`);
      if (isInPlace && path.endsWith(`/${text}`)) continue;
      found.add(path);
    }
  };
  for (const { text, isGlob, isPipe } of rest) {
    // A script is no path.
    if (handlers.has(name) && /\s/.test(text)) continue;
    if (isPipe || (!isKnown(text) && !isGlob && text.startsWith('-'))) continue;
    const assigned = /^[\w-]+=([\s\S]+)$/.exec(text)?.[1];
    if (assigned !== undefined) {
      if (assigned.startsWith('~/')) found.add(place.realPath(place.home + assigned.slice(1)));
      if (assigned.includes('/') || assigned.startsWith('.')) note(assigned, isGlob);
    } else if (!text.startsWith('-')) note(text, isGlob);
    else {
      const attached = text.search(/[./~]/);
      if (attached > 0) note(text.slice(attached), isGlob);
    }
  }
  return [...found];
}
