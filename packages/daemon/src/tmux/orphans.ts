import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive } from '../platform/processes.ts';

/** Set in the environment of our control clients, as `<home key>:<pid of the daemon>`. */
export const clientMarker = 'CODEPIPER_TMUX_CLIENT';

/** A control-mode client as tmux lists it. */
export interface ListedClient {
  pid: number;
  sessionName: string;
}

/**
 * Whether a control client was left behind by a daemon of the same home that was killed. Such a client, when it has
 * output that nobody reads, stays for ever and keeps `kill-server` from ending the server.
 *
 * Where there is /proc, its environment must carry our mark and its parent must not be the process that it names. A
 * client of a person, and one of a daemon that lives, never fits. Elsewhere it must be attached to our keeper session
 * and have lost its parent.
 */
export async function isOrphan(client: ListedClient, homeKey: string, keeper: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const environ = await readFile(`/proc/${client.pid}/environ`, 'utf8').catch(() => '');
    const mark = environ.split('\0').find((entry) => entry.startsWith(`${clientMarker}=`));
    const [key, daemonPid] = mark?.slice(clientMarker.length + 1).split(':') ?? [];
    if (key !== homeKey || !daemonPid) return false;
    const parent = await readParentPid(client.pid);
    return parent !== null && parent !== Number(daemonPid);
  }
  if (client.sessionName !== keeper) return false;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(client.pid)]).catch(() => ({
    stdout: '',
  }));
  return Number(stdout.trim()) === 1;
}

/**
 * Clients of killed daemons of this home that tmux does not list any more: one that is stuck with output that nobody
 * reads has no session after 3.6, and still keeps `kill-server` from ending the server. Found where there is /proc.
 */
export async function unlistedOrphans(homeKey: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      if (!args.includes('-C') || !args.includes('attach-session')) return [];
      return (await isOrphan({ pid, sessionName: '' }, homeKey, '')) ? [pid] : [];
    }),
  );
  return found.flat();
}

/**
 * How long clients of a killed daemon that tmux does not list may take to end by themselves, in milliseconds: all do that
 * are not stuck, and while one is being attached the end of another may end the server (see `AttachGate`).
 */
const endGrace = 1_000;
/** How long tmux is asked whether they are gone, and how often either is looked at, in milliseconds. */
const endDeadline = 2_000;
const askInterval = 10;

/** Where it is told which clients were ended. */
export interface OrphansLog {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
}

/**
 * Ends clients of a killed daemon, and waits until tmux has seen it: it tells its control clients of each that leaves,
 * and what is attached next must not be among those (see `AttachGate`). As they are told of each other's end while nobody
 * reads them, most are stuck when the first is gone.
 *
 * @param by.areAttached whether tmux lists all of them: then none is being attached, and nothing is waited for
 * @param by.listed pids of the clients that tmux has
 */
export async function endOrphans(
  pids: readonly number[],
  by: {
    log: OrphansLog;
    areAttached: boolean;
    listed(): Promise<readonly number[]>;
  },
): Promise<void> {
  const grace = performance.now() + (by.areAttached ? 0 : endGrace);
  while (pids.some(isAlive) && performance.now() < grace) await sleep(askInterval);
  for (const pid of pids.filter(isAlive)) {
    by.log.info({ pid }, 'ending a tmux control client that a killed daemon left');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
  const deadline = performance.now() + endDeadline;
  while (performance.now() < deadline) {
    const listed = await by.listed();
    if (!pids.some((pid) => listed.includes(pid))) return;
    await sleep(askInterval);
  }
  by.log.warn({ pids }, 'tmux still lists control clients that were ended');
}

async function readParentPid(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // `pid (name) state ppid …`; the name may hold anything.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return Number.isInteger(parent) && parent > 0 ? parent : null;
}
