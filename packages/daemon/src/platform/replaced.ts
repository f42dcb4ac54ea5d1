import { CodepiperError } from '@codepiper/core/errors.ts';

/** What Node says of a file that is to be loaded and is gone, by `require` and by `import`. */
const gone: ReadonlySet<unknown> = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND']);

/**
 * What is seldom needed is loaded when it is. An upgrade in place, or a new build, takes it away from a daemon that runs:
 * its chunks carry hashes of what is in them, so that no daemon ever loads a piece of another build.
 *
 * @returns `program_replaced` when that is what the error is about
 */
export function asReplacedError(error: unknown): CodepiperError | null {
  if (!(error instanceof Error && 'code' in error && gone.has(error.code))) return null;
  return new CodepiperError(
    'program_replaced',
    'codepiper was upgraded or built anew while this daemon runs, and what this needs of the old one is gone. Run: codepiper daemon restart (sessions go on)',
  );
}
