import type { CallPlace } from './call.ts';
import { unknownText } from './parts.ts';

/** More directories than this and a relative path may be anywhere. */
const mostDirectories = 16;
/** Paths of one command line that are looked up in the file system; those beyond may be anywhere. */
const mostLookups = 1000;

/** Folders of programs that nobody but the system's owner writes to. */
const systemFolders = new Set([
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
]);

/** Whether a program's absolute path lies where only the system puts programs. */
export function isSystemProgram(path: string): boolean {
  return systemFolders.has(path.slice(0, path.lastIndexOf('/')));
}

/** What a path may be when it is read from any of the directories. */
export interface PathReader {
  /** Real paths a text may mean. `isGlob`: its unknown places are file globs, which find no `..`. */
  read(text: string, isGlob?: boolean): string[];
  /** Real path of what a `cd` to the text may lead to is kept beside the directories there were. */
  enter(text: string): void;
  /** From here on a relative path may be anywhere. */
  lose(): void;
  /** Directories a command may run in. */
  readonly directories: readonly string[];
}

/** Reads paths from the directory of the call; `cd` adds directories, and none is ever taken away. */
export function pathReader(place: CallPlace, start: readonly string[] = [place.cwd]): PathReader {
  const directories = new Set(start);
  const resolved = new Map<string, string[]>();
  let lookups = 0;
  const read = (text: string, isGlob = false): string[] => {
    const key = isGlob ? `*${text}` : ` ${text}`;
    const known = resolved.get(key);
    if (known) return known;
    const found = [...new Set(resolve(text, isGlob))];
    resolved.set(key, found);
    return found;
  };
  const resolve = (text: string, isGlob: boolean): string[] => {
    // A variable may hold `..` or begin with `/`, whatever stands before it.
    if (text.includes(unknownText) && !isGlob) return [unknownText];
    if (text.startsWith('/')) return lookUp(text);
    return [...directories].flatMap((directory) =>
      directory === unknownText ? [unknownText] : lookUp(`${directory}/${text}`),
    );
  };
  const lookUp = (path: string): string[] => {
    lookups += 1;
    return lookups > mostLookups ? [unknownText] : readings(path).map((reading) => real(place, reading));
  };
  const add = (directory: string) => {
    if (directories.has(directory)) return;
    directories.add(directories.size < mostDirectories ? directory : unknownText);
    resolved.clear();
  };
  return {
    read,
    enter: (text) => {
      for (const directory of read(text)) add(directory);
    },
    lose: () => add(unknownText),
    get directories() {
      return [...directories];
    },
  };
}

/**
 * What a file may be that a call names: absolute, relative or with `~`. Some agents take `~` for the home directory,
 * some for a name.
 */
export function callPaths(place: CallPlace, path: string): string[] {
  const written = path.startsWith('/') ? [path] : [`${place.cwd}/${path}`];
  if (path === '~' || path.startsWith('~/')) written.unshift(place.home + path.slice(1));
  return [...new Set(written.flatMap(readings).map((reading) => place.realPath(reading)))];
}

/**
 * Behind a link, `..` goes up from where the link points for the kernel, and from where it lies for `cd` and for
 * programs that tidy up a path before they use it.
 */
function readings(path: string): string[] {
  if (!/\/\.\.(?:\/|$)/.test(path)) return [path];
  const tidy: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') tidy.pop();
    else if (name !== '' && name !== '.') tidy.push(name);
  }
  return [path, `/${tidy.join('/')}`];
}

/** The known beginning of a path is resolved, the rest with a glob in it kept. */
function real(place: CallPlace, path: string): string {
  const unknown = path.indexOf(unknownText);
  if (unknown < 0) return place.realPath(path);
  const slash = path.lastIndexOf('/', unknown);
  const rest = path.slice(slash + 1);
  // A folder that a glob finds may be a link, and `.?` may find `..`.
  if (rest.includes('/') || rest.startsWith('.')) return unknownText;
  const folder = place.realPath(path.slice(0, slash) || '/');
  return folder === '/' ? `/${rest}` : `${folder}/${rest}`;
}
