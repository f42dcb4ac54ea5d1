import { readdirSync, readFileSync } from 'node:fs';

/** A process that runs; a zombie does not. */
export interface RunningProcess {
  pid: number;
  parent: number;
  /** Arguments joined by spaces. */
  command: string;
}

/** Every running process of the machine, by /proc. */
export function runningProcesses(): RunningProcess[] {
  return pids().flatMap((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    // `pid (name) state parent …`: the name may hold anything.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (!parent || state === 'Z' || state === 'X') return [];
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    return [{ pid, parent: Number(parent), command }];
  });
}

/** Whether a process with this id runs. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Running processes by the session in whose environment they were started, whoever is their parent now. */
export function processesBySession(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of pids()) {
    const id = /(?:^|\0)CODEPIPER_SESSION=([^\0]*)/.exec(read(`/proc/${pid}/environ`))?.[1];
    if (id === undefined || !isRunning(pid)) continue;
    found.set(id, [...(found.get(id) ?? []), pid]);
  }
  return found;
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
