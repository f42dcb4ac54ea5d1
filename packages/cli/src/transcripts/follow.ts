import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { truncate } from '../output.ts';

/** How often a job is asked how far it has come, in milliseconds. */
const pollMs = 150;
/** Exit code of a program that Ctrl+C ended, as shells have it. */
export const interruptedExit = 130;

/**
 * Waits until a job of the daemon is no longer running, and shows on a terminal how far it has come. Null when the person
 * leaves it (Ctrl+C), or nobody reads what would be printed: the job goes on.
 */
export async function followJob<Job extends { state: string }>(
  { io, isJson }: Context,
  first: Job,
  ask: () => Promise<Job>,
  line: (job: Job) => string,
): Promise<Job | null> {
  const left = new AbortController();
  const leave = () => left.abort();
  process.once('SIGINT', leave);
  const signal = AbortSignal.any([left.signal, io.gone]);
  const isShown = io.isTTY.stderr && !isJson;
  try {
    let job = first;
    while (job.state === 'running') {
      if (isShown) io.err(`\r\x1b[2K${truncate(line(job), (io.columns ?? 80) - 1)}`);
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return null;
      job = await ask();
    }
    return job;
  } finally {
    process.removeListener('SIGINT', leave);
    if (isShown) io.err('\r\x1b[2K');
  }
}

/** `████████░░░░░░░░` */
export function bar(part: number, width = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** `512 bytes`, `12.3 MB`, `1.2 GB` */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = '';
  for (const next of units) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `48 %`; of nothing all is done. */
export function percent(part: number, all: number): string {
  return `${all === 0 ? 100 : Math.floor(Math.min(1, part / all) * 100)} %`;
}

/** `1 file`, `12 files` */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
}
