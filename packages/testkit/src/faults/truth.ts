import { isLive, type Session } from '@codepiper/core/sessions/session.ts';
import type { House } from '../house.ts';
import { isRunning, processesBySession, runningProcesses } from './processes.ts';

const ourPane = /^codepiper-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A tmux session of somebody else on the house's server. */
export interface Foreigner {
  name: string;
  pid: number;
}

/** Starts a tmux session on the house's server that codepiper has nothing to do with. */
export async function startForeigner(house: House, name: string): Promise<Foreigner> {
  const program = ['sh', '-c', 'while :; do sleep 1000; done'];
  const pid = await house.tmux('new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, '--', ...program);
  if (!(Number(pid) > 0)) throw new Error(`tmux made no session ${name}: ${pid}`);
  return { name, pid: Number(pid) };
}

/** Where the list of sessions, tmux and the process table disagree; empty when all tell the same. */
export async function disagreements(
  house: House,
  sessions: readonly Session[],
  foreigner: Foreigner,
): Promise<string[]> {
  const problems: string[] = [];
  const rows = (await house.tmux('list-panes', '-a', '-F', '#{session_name} #{pane_pid}')).split('\n');
  const panes = new Map(rows.map((row) => row.split(' ') as [string, string]));
  const live = new Map(
    sessions.filter(({ status }) => isLive(status)).map((s): [string, Session] => [`codepiper-${s.id}`, s]),
  );
  for (const name of panes.keys()) {
    if (ourPane.test(name) && !live.has(name)) problems.push(`pane ${name} belongs to no live session`);
  }
  for (const [name, session] of live) {
    if (!panes.has(name)) problems.push(`session ${session.id} is ${session.status} without a pane`);
    if (session.pid === null || !isRunning(session.pid)) {
      problems.push(
        `session ${session.id} is ${session.status}, but its program (${session.pid}) is not there`,
      );
    }
  }
  if (Number(panes.get(foreigner.name)) !== foreigner.pid || !isRunning(foreigner.pid)) {
    problems.push(`the foreign tmux session ${foreigner.name} was touched`);
  }
  for (const { pid, parent, command } of runningProcesses()) {
    if (!command.startsWith('tmux ') || !command.includes(house.tmuxSocket) || !/ -C( |$)/.test(command))
      continue;
    if (parent !== house.daemonPid)
      problems.push(`control client ${pid} of a dead daemon is left: ${command}`);
  }
  return problems;
}

/** Processes that carry the name of one of these sessions. */
export function leftProcesses(sessionIds: Iterable<string>): string[] {
  const running = processesBySession();
  return [...sessionIds].flatMap((id) =>
    (running.get(id) ?? []).map((pid) => `process ${pid} of the ended session ${id} is left`),
  );
}
