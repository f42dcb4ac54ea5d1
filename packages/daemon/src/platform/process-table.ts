import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One running process; dead ones nobody has waited for are left out. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  /** Tells this process from a later one with the same pid. */
  started: string;
  /** Name as the kernel has it, at most 15 characters on Linux. */
  command: string;
}

/** The processes of the machine, read without starting one where the system allows it. */
export interface ProcessTable {
  list(): ProcessInfo[];
  /** The process of a pid now; null when there is none. */
  find(pid: number): ProcessInfo | null;
  /** Those of `pids` whose environment, as they were started with, has exactly this entry and can be read. */
  carriers(entry: string, pids: readonly number[]): Set<number>;
}

/** Linux. */
export const procTable: ProcessTable = {
  list() {
    const found: ProcessInfo[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const info = Number.isInteger(pid) ? readStat(pid) : null;
      if (info) found.push(info);
    }
    return found;
  },
  find: readStat,
  carriers(entry, pids) {
    // latin1 keeps bytes apart that are no UTF-8; the entry is compared as bytes.
    const wanted = `\0${Buffer.from(entry).toString('latin1')}\0`;
    return new Set(pids.filter((pid) => `\0${readEnvironment(pid)}\0`.includes(wanted)));
  },
};

/** Empty when the process is gone or another user's. */
function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function readStat(pid: number): ProcessInfo | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null; // gone in the meantime
  }
  // `pid (command) state ppid …`: the command may hold spaces and parentheses.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const state = fields[0] ?? '';
  const threads = Number(fields[17]);
  // A zombie with more than one thread still runs: only its first thread has ended.
  if (state === 'X' || (state === 'Z' && threads <= 1)) return null;
  return {
    pid,
    parent: Number(fields[1]),
    started: fields[19] ?? '',
    command: text.slice(text.indexOf('(') + 1, end),
  };
}

/** Other systems: `ps`, whose start times are whole seconds. */
export const psTable: ProcessTable = {
  list: () => parsePs(runPs(['-axo', psColumns])),
  find: (pid) => parsePs(runPs(['-o', psColumns, '-p', String(pid)]))[0] ?? null,
  carriers(entry, pids) {
    const found = new Set<number>();
    for (const line of runPs([...environmentOptions, '-ww', '-o', 'pid=,command=']).split('\n')) {
      if (` ${line} `.includes(` ${entry} `)) found.add(Number.parseInt(line, 10));
    }
    return new Set(pids.filter((pid) => found.has(pid)));
  },
};

const psColumns = 'pid=,ppid=,stat=,lstart=,comm=';
const environmentOptions = process.platform === 'darwin' ? ['-axE'] : ['axe'];

function runPs(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    });
  } catch {
    return ''; // no such process
  }
}

function parsePs(text: string): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line);
    if (!match) continue;
    const [, pid, parent, state = '', started = '', command = ''] = match;
    if (state.startsWith('Z')) continue;
    found.push({ pid: Number(pid), parent: Number(parent), started, command });
  }
  return found;
}

export const systemTable: ProcessTable = process.platform === 'linux' ? procTable : psTable;
