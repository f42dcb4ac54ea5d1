import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** As Node 24 calls them. Node 22 gives them no name: there they stay as they are. */
const engineThread = 'V8Worker';
const tasks = '/proc/self/task';

/**
 * Puts the threads on which the engine compiles and collects garbage behind all that somebody waits for. With two cores a
 * compilation of 5 ms else holds one while a key's way, through this process, tmux and the program, needs both: one key in a
 * hundred. On Linux, where threads have priorities of their own.
 */
export function putEngineThreadsBehind(): void {
  if (process.platform !== 'linux') return;
  const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
  const behind = Math.min(getPriority() + PRIORITY_BELOW_NORMAL, PRIORITY_LOW);
  for (const thread of threads()) {
    try {
      const name = readFileSync(`${tasks}/${thread}/comm`, 'utf8').trim();
      if (name === engineThread) setPriority(Number(thread), behind);
    } catch {
      // It has ended meanwhile, or may not be changed: all works as well.
    }
  }
}

/** None where /proc is not there. */
function threads(): string[] {
  try {
    return readdirSync(tasks);
  } catch {
    return [];
  }
}
