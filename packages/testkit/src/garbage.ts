import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What collects this process's garbage at once: all of it, or only what is young. */
export function garbageCollector(): (options?: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
