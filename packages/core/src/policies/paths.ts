import type { CallPlace } from './call.ts';
import { unknownText } from './parts.ts';

/** More directories than this and a relative path may be anywhere. */
const mostDirectories = 16;

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
    if (text.startsWith('/')) return [real(place, text)];
    return [...directories].map((directory) =>
      directory === unknownText ? unknownText : real(place, `${directory}/${text}`),
    );
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

/** The path of a file a call names, as the agent writes it: absolute, relative or with `~`. */
export function callPath(place: CallPlace, path: string): string {
  if (path === '~') return place.realPath(place.home);
  if (path.startsWith('~/')) return place.realPath(`${place.home}/${path.slice(2)}`);
  if (path.startsWith('/')) return place.realPath(path);
  return place.realPath(`${place.cwd}/${path}`);
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
