import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '@codepiper/client/transport.ts';
import type { Context } from '../context.ts';

/** How long a daemon may take to end, in milliseconds. */
const stopDeadlineMs = 15_000;

/** Stops the running daemon and waits until it is gone; its pid, or null when none was running. */
export async function stopRunning(context: Context): Promise<{ pid: number; liveSessions: number } | null> {
  const client = context.client();
  try {
    const { pid } = await client.request('GET', '/health');
    const { liveSessions } = await client.request('POST', '/daemon/stop', {
      body: fateOfSessions(context),
      timeoutMs: 60_000,
    });
    await context.during('Stopping the daemon', untilGone(pid));
    return { pid, liveSessions };
  } catch (error) {
    if (error instanceof TransportError && error.failure === 'unreachable') return null;
    throw error;
  }
}

/** Unless somebody says, they go on or not as the setting sessions.preserve has it. */
function fateOfSessions({ input }: Context): { killSessions?: boolean } {
  if (input.flag('kill-sessions')) return { killSessions: true };
  return input.flag('keep-sessions') ? { killSessions: false } : {};
}

async function untilGone(pid: number): Promise<void> {
  const deadline = performance.now() + stopDeadlineMs;
  for (let pause = 5; isAlive(pid); pause = Math.min(pause * 2, 100)) {
    if (performance.now() > deadline) {
      throw new Error(
        `The daemon (pid ${pid}) was asked to stop and is still there after ${stopDeadlineMs / 1000} s.`,
      );
    }
    await sleep(pause);
  }
}

/** Whether a process runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ended, and not yet noticed by its parent: for ever in a container whose first process looks after nobody. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    // No /proc, as on macOS, where launchd reaps at once.
    return false;
  }
}
