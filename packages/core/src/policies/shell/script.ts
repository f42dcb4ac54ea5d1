import { parse } from 'unbash';
import type { CallPlace } from '../call.ts';
import type { CallPart } from '../parts.ts';
import { unknownText } from '../parts.ts';
import type { PathReader } from '../paths.ts';
import { pathReader } from '../paths.ts';
import { untainted } from './arithmetic.ts';
import { isHarmlessVariable } from './environment.ts';
import type { Scope } from './programs.ts';
import { mostDepth, Walk } from './walk.ts';
import type { Arg, KnownVariables } from './words.ts';
import { isKnown, readable } from './words.ts';

const mostCharacters = 32 * 1024;
const mostParts = 500;
/** So much of what cannot be read is held against rules: nested, the same text comes again and again. */
const longestUnreadable = 4096;

/** Takes a command line apart into everything it may do, nested scripts and wrapped commands included. */
export function shellParts(command: string, place: CallPlace): CallPart[] {
  if (command.length > mostCharacters)
    return [unreadablePart(command, 'it is longer than 32 KB: too long to be judged')];
  if (command.includes('\0')) return [unreadablePart(command, 'it holds a NUL character')];
  // Loops and functions may run a `cd` before what stands in front of it: directories of the first reading count
  // in the second.
  const first = readAll(command, place, { directories: [place.cwd], isHomeLost: false });
  if (!first.isRepeated || (first.directories.length === 1 && !first.isHomeLost)) return first.parts;
  const second = readAll(command, place, first);
  if (second.directories.length === first.directories.length) return second.parts;
  // Every turn of a loop leads further: nobody knows how far.
  return readAll(command, place, { ...second, directories: [...second.directories, unknownText] }).parts;
}

/** What a reading begins with, and what the next one would. */
interface Beginning {
  directories: readonly string[];
  /** `~` may stand for another directory. */
  isHomeLost: boolean;
}

function unreadablePart(text: string, why: string): CallPart {
  const shown = readable(text);
  const command = [text.slice(0, longestUnreadable)];
  return { kind: 'shell', text: shown, args: { command }, isImplied: false, unreadable: why };
}

/** What a process was given, whatever it is; its own files are named elsewhere. */
export function isStream(path: string): boolean {
  return /^\/dev\/(?:null|stdin|stdout|stderr|tty|fd\/\d+)$/.test(path);
}

class TooMuch extends Error {}

function readAll(
  command: string,
  place: CallPlace,
  beginning: Beginning,
): Beginning & { parts: CallPart[]; isRepeated: boolean } {
  const reading = new Reading(place, beginning);
  let { parts } = reading;
  try {
    reading.script(command, { dialect: 'bash', depth: 0, tainted: untainted, stdin: null });
  } catch (error) {
    // Nesting without end overflows the parser's stack. Whatever it is: what was not read is not allowed.
    const why =
      error instanceof TooMuch ? error.message : 'it is nested too deeply, or in a way we cannot read';
    parts = [unreadablePart(command, why)];
  }
  const { isRepeated, isHomeLost } = reading;
  return { parts, isRepeated, isHomeLost, directories: reading.paths.directories };
}

/** One reading of a command line: collects its parts. */
export class Reading {
  readonly parts: CallPart[] = [];
  readonly paths: PathReader;
  readonly place: CallPlace;
  /** Some of it may run several times, or elsewhere than where it stands. */
  isRepeated = false;
  isHomeLost: boolean;
  readonly #aliases = new Set<string>();
  /** Variables whose value is known. */
  readonly #variables = new Map<string, string>();

  constructor(place: CallPlace, { directories, isHomeLost }: Beginning) {
    this.place = place;
    this.paths = pathReader(place, directories);
    this.isHomeLost = isHomeLost;
    if (!isHomeLost) this.#variables.set('HOME', place.home);
    if (directories.length === 1) this.#variables.set('PWD', place.cwd);
  }

  add(part: CallPart): number {
    if (this.parts.length >= mostParts)
      throw new TooMuch('it has more than 500 parts: too many to be judged');
    return this.parts.push(part) - 1;
  }

  /** A part that no rule can allow. */
  unreadable(text: string, why: string): void {
    this.add(unreadablePart(text, why));
  }

  /** A file that is read or written. */
  file(access: 'read' | 'write', arg: Arg, isImplied: boolean): void {
    if (arg.isPipe || isStream(arg.text)) return;
    this.add({
      kind: access,
      text: readable(`${access} ${isKnown(arg.text) ? arg.text : arg.shown}`),
      args: { path: this.paths.read(arg.text, arg.isGlob) },
      isImplied,
      unreadable: null,
    });
  }

  /** A variable whose value is another from here on. */
  forget(name: string): void {
    if (name === 'HOME') this.isHomeLost = true;
    this.#variables.delete(name);
  }

  /** A variable that is set. */
  variable(name: string, value: string, isAlone: boolean): void {
    this.forget(name);
    if (isHarmlessVariable(name, isAlone)) return;
    const text = `env ${name}=${value}`;
    this.add({
      kind: 'shell',
      text: readable(text),
      args: { command: [text], program: ['env'] },
      isImplied: false,
      unreadable: null,
    });
  }

  alias(name: string): void {
    this.#aliases.add(name);
  }

  isAlias(name: string): boolean {
    return this.#aliases.has(name);
  }

  /** Later relative paths may start at `to` too. */
  enter(to: string): void {
    this.forget('PWD');
    this.paths.enter(to);
  }

  /** The parts of a script given as text. */
  script(source: string, scope: Scope): void {
    if (scope.depth > mostDepth) {
      this.unreadable(source, `it is nested more than ${mostDepth} levels deep`);
      return;
    }
    const script = parse(source);
    new Walk(this, scope, script, source).start();
  }

  get variables(): KnownVariables {
    return this.#variables;
  }
}
