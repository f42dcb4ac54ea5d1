import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type ProcessTable, systemTable } from './process-table.ts';

/** More generations than any program has between itself and its terminal. */
const mostGenerations = 64;
/** A parent may end between two looks; its child then has another. */
const walks = 3;

/**
 * A process and those above it, nearest first, up to the one that `isSought`, which is then the last. Empty when there
 * is no such process. On Linux a look at `/proc` for each; elsewhere `ps` is run once, which takes tens of
 * milliseconds.
 */
export function lineOf(
  pid: number,
  isSought: (pid: number) => boolean = () => false,
  table: ProcessTable = systemTable,
): number[] {
  const parentOf = process.platform === 'linux' ? parentNow(table) : parentThen(table);
  let line: number[] = [];
  for (let walk = 0; walk < walks; walk++) {
    line = [];
    let here: number | null = pid;
    while (here !== null && here > 0 && line.length < mostGenerations) {
      const parent = parentOf(here);
      if (parent === null) break;
      line.push(here);
      if (isSought(here) || parent === 0) return line;
      here = parent;
    }
    if (line.length === 0 || line.length === mostGenerations) return line;
  }
  return line;
}

type ParentOf = (pid: number) => number | null;

function parentNow(table: ProcessTable): ParentOf {
  return (pid) => table.find(pid)?.parent ?? null;
}

function parentThen(table: ProcessTable): ParentOf {
  const parents = new Map(table.list().map((info) => [info.pid, info.parent]));
  return (pid) => parents.get(pid) ?? null;
}

/** Whether a process has a controlling terminal; false when it is gone. */
export function hasTerminal(pid: number): boolean {
  if (process.platform !== 'linux') return terminalByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // `pid (command) state ppid pgrp session tty_nr …`
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4] !== '0';
  } catch {
    return false;
  }
}

function terminalByPs(pid: number): boolean {
  try {
    const name = execFileSync('ps', ['-o', 'tty=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return name !== '' && !name.startsWith('?') && name !== '-';
  } catch {
    return false;
  }
}

/**
 * A variable of the environment a process was started with; null when it has none, is another user's or is gone, and
 * always on systems without `/proc`.
 */
export function startedWith(pid: number, variable: string): string | null {
  let environment: string;
  try {
    environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return null;
  }
  const start = `${variable}=`;
  const entry = environment.split('\0').find((one) => one.startsWith(start));
  return entry === undefined ? null : entry.slice(start.length);
}
