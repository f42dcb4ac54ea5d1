import { readFileSync } from 'node:fs';
import { release } from 'node:os';

/** For how long a process's first thread runs at a stretch, in nanoseconds; null where the kernel does not show it. */
export function sliceOf(pid: number): number | null {
  try {
    const slice = /se\.slice\s*:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/sched`, 'utf8'))?.[1];
    return slice === undefined ? null : Number(slice);
  } catch {
    return null;
  }
}

/** Linux lets a thread choose since 6.12; one that does not show it cannot be tested. */
export function canChooseSlices(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return (major > 6 || (major === 6 && minor >= 12)) && sliceOf(process.pid) !== null;
}
