import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const blockSize = 65_536;
/** How often a followed file is looked at, in milliseconds. */
const pollMs = 250;

/** The last lines of a file and where they end, read from its end. @throws as fs does, ENOENT above all */
export function lastLines(path: string, count: number): { lines: string[]; end: number; file: number } {
  const fd = openSync(path, 'r');
  try {
    const { size, ino } = fstatSync(fd);
    let start = size;
    let bytes: Buffer = Buffer.alloc(0);
    let breaks = 0;
    // One line break more than lines: the one before the first of them.
    while (start > 0 && breaks <= count) {
      const length = Math.min(blockSize, start);
      start -= length;
      const block = Buffer.alloc(length);
      readSync(fd, block, 0, length, start);
      for (const byte of block) if (byte === 10) breaks++;
      bytes = Buffer.concat([block, bytes]);
    }
    const lines = bytes.toString('utf8').split('\n');
    // What follows the last line break is still being written.
    const unfinished = lines.pop() ?? '';
    return { lines: lines.slice(-count), end: size - Buffer.byteLength(unfinished), file: ino };
  } finally {
    closeSync(fd);
  }
}

/** Lines as they are added to a file, over its rotation, until the signal. */
export async function* followLines(
  path: string,
  from: { end: number; file: number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  let { end, file } = from;
  while (!signal.aborted) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && (found.ino !== file || found.size < end)) {
      file = found.ino;
      end = 0;
    }
    if (found && found.size > end) {
      const { text, next } = readFrom(path, end);
      end = next;
      for (const line of text.split('\n').slice(0, -1)) yield line;
      if (text !== '') continue;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** Whole lines from a place on. */
function readFrom(path: string, start: number): { text: string; next: number } {
  const fd = openSync(path, 'r');
  try {
    const block = Buffer.alloc(Math.min(1 << 20, Math.max(0, fstatSync(fd).size - start)));
    const length = readSync(fd, block, 0, block.length, start);
    const whole = block.subarray(0, block.lastIndexOf(10, length - 1) + 1);
    return { text: whole.toString('utf8'), next: start + whole.length };
  } finally {
    closeSync(fd);
  }
}

const levels: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** A line of the daemon's log for people; one that is not of its making as it is. */
export function prettyLine(line: string): string {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null) return line;
  const { time, level, msg, pid: _pid, hostname: _host, ...rest } = entry as Record<string, unknown>;
  const date = typeof time === 'number' || typeof time === 'string' ? new Date(time) : undefined;
  const when = date && !Number.isNaN(date.getTime()) ? date.toISOString() : '';
  const facts = Object.entries(rest).map(([key, value]) => `${key}=${fact(value)}`);
  const name =
    typeof level === 'number' ? (levels[level] ?? String(level)) : String(level ?? '').toUpperCase();
  return [when, name.padEnd(5), ...(msg === undefined ? [] : [String(msg)]), ...facts].join(' ').trim();
}

function fact(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
