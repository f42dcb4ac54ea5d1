import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

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

async function readParentPid(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // `pid (name) state ppid …`; the name may hold anything.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return Number.isInteger(parent) && parent > 0 ? parent : null;
}
