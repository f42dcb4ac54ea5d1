import { readdirSync, readFileSync } from 'node:fs';

/** Length of a tick of /proc/<pid>/stat on Linux, in milliseconds. */
const tickMs = 10;

export interface ProcessStat {
  pid: number;
  parent: number;
  /** User and system time so far, in milliseconds, to the next 10. */
  cpuMs: number;
  /** Memory of it that is in RAM, in bytes. */
  rss: number;
  /**
   * Minor page faults of children it has waited for. No program can run without some: as long as the number stays,
   * no child has come and gone.
   */
  childFaults: number;
}

/** Linux only; null when there is no such process. */
export function readProcess(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // `pid (name) state ppid …`: the name may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]); // numbered as in proc(5)
  return {
    pid,
    parent: field(4),
    childFaults: field(11),
    cpuMs: (field(14) + field(15)) * tickMs,
    rss: field(24) * 4096,
  };
}

/**
 * What all threads of a process that are there now have needed so far, in milliseconds, to the nanosecond: the ticks of
 * `cpuMs` fall on the very timers that are measured. Linux only; 0 when there is no such process.
 */
export function threadsCpuMs(pid: number): number {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).reduce(
      (sum, thread) =>
        sum + Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );
  } catch {
    return 0;
  }
}

/**
 * How often a process has gone to sleep by itself so far, all of its threads together: as often it was woken. Linux
 * only; 0 when there is no such process.
 */
export function wakeUpsOf(pid: number): number {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).reduce((sum, thread) => {
      const status = readFileSync(`${threads}/${thread}/status`, 'utf8');
      return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
    }, 0);
  } catch {
    return 0;
  }
}

/**
 * How long this thread could have run and had to wait for a core so far, in milliseconds: what others on the machine
 * cost it. 0 where there is no telling.
 */
export function waitedForCore(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Those processes and everything below them, now. */
export function processTree(roots: readonly number[]): ProcessStat[] {
  const all = readdirSync('/proc').flatMap((name) => {
    const found = /^\d+$/.test(name) ? readProcess(Number(name)) : null;
    return found ? [found] : [];
  });
  const inTree = new Set(roots);
  for (let size = 0; size !== inTree.size; ) {
    size = inTree.size;
    for (const { pid, parent } of all) if (inTree.has(parent)) inTree.add(pid);
  }
  return all.filter(({ pid }) => inTree.has(pid));
}
