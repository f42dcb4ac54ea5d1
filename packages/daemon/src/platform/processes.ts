import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessInfo, type ProcessTable, systemTable } from './process-table.ts';

export interface ProcessQuery {
  /** All its descendants count, and it itself. Must be fresh: pids are used again. */
  rootPid?: number | null;
  /** Processes started with exactly this entry in their environment count wherever they went, and all below them. */
  marker?: { name: string; value: string };
  /** Leave the root itself out; not what is below it. */
  excludeRoot?: boolean;
}

export interface KillOptions {
  /** How long to go on, in milliseconds. */
  deadlineMs?: number;
  table?: ProcessTable;
}

export interface KillResult {
  /** Pids that were signalled. */
  killed: number[];
  /** Pids that were still there at the deadline. */
  left: number[];
}

/**
 * The processes of a session. Left out: this process, and every tmux server with all below it, for an agent may have
 * started one that carries our marker, and other people's sessions live on it.
 */
export function findTree(query: ProcessQuery, table: ProcessTable = systemTable): ProcessInfo[] {
  const all = table.list();
  const children = new Map<number, ProcessInfo[]>();
  for (const info of all) {
    const siblings = children.get(info.parent);
    if (siblings) siblings.push(info);
    else children.set(info.parent, [info]);
  }
  const found = new Map<number, ProcessInfo>();
  /** Everything from `info` down that is not spared. */
  const collect = (info: ProcessInfo, into: Map<number, ProcessInfo>): void => {
    if (into.has(info.pid) || isSpared(info)) return;
    into.set(info.pid, info);
    for (const child of children.get(info.pid) ?? []) collect(child, into);
  };

  const root = all.find((info) => info.pid === query.rootPid && info.pid > 1);
  if (root) collect(root, found);
  if (query.marker) {
    const entry = `${query.marker.name}=${query.marker.value}`;
    const onTmux = belowTmux(all, children);
    const strangers = all.filter(
      (info) => info.pid > 1 && !found.has(info.pid) && !onTmux.has(info.pid) && !isSpared(info),
    );
    const carriers = table.carriers(
      entry,
      strangers.map((info) => info.pid),
    );
    for (const info of strangers) if (carriers.has(info.pid)) collect(info, found);
  }
  if (query.excludeRoot && root) found.delete(root.pid);
  return [...found.values()];
}

/**
 * Signals every process of the query until a scan finds none: what forks in the meantime is found by the next scan.
 * Other signals than SIGKILL are sent to each process once.
 */
export async function killTree(
  query: ProcessQuery,
  signal: NodeJS.Signals = 'SIGKILL',
  options: KillOptions = {},
): Promise<KillResult> {
  const { deadlineMs = 5000, table = systemTable } = options;
  const end = performance.now() + deadlineMs;
  const killed = new Set<number>();
  const signalled = new Set<string>();
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const found = findTree(query, table);
    if (found.length === 0) return { killed: [...killed], left: [] };
    for (const info of found) {
      const identity = `${info.pid} ${info.started}`;
      if (signal !== 'SIGKILL' && signalled.has(identity)) continue;
      signalled.add(identity);
      if (send(info, signal, table)) killed.add(info.pid);
    }
    if (performance.now() >= end) {
      return { killed: [...killed], left: findTree(query, table).map((info) => info.pid) };
    }
    await sleep(pause);
  }
}

/** Whether a process with this pid runs; a dead one that nobody has waited for does not. */
export function isAlive(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && systemTable.find(pid) !== null;
}

/** Signals the process that was seen, not one that has got its pid since. */
function send(info: ProcessInfo, signal: NodeJS.Signals, table: ProcessTable): boolean {
  if (table.find(info.pid)?.started !== info.started) return false;
  try {
    return process.kill(info.pid, signal);
  } catch {
    return false; // gone, or not ours to signal: then the next scan finds it again
  }
}

function isSpared(info: ProcessInfo): boolean {
  return info.pid === process.pid || isTmuxServer(info);
}

/** `tmux: server` on Linux; elsewhere the program's name, which its clients share. */
function isTmuxServer({ command }: ProcessInfo): boolean {
  return command.startsWith('tmux: server') || /(^|\/)tmux$/.test(command);
}

function belowTmux(
  all: readonly ProcessInfo[],
  children: ReadonlyMap<number, readonly ProcessInfo[]>,
): Set<number> {
  const below = new Set<number>();
  const add = (pid: number): void => {
    for (const child of children.get(pid) ?? []) {
      if (below.has(child.pid)) continue;
      below.add(child.pid);
      add(child.pid);
    }
  };
  for (const info of all) if (isTmuxServer(info)) add(info.pid);
  return below;
}
