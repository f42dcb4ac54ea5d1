import { spawn } from 'node:child_process';
import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Io } from '../io.ts';
import { StartError } from './start-error.ts';

export interface Ready {
  pid: number;
  socket: string;
  /** Port of 127.0.0.1 that is served without sign-in. */
  insecureDev: number | null;
  dashboard: DashboardPlace | null;
}

/** What the daemon in the background tells the command that started it. */
export type Message = { ready: Ready } | { failed: { message: string; exitCode: number } };

/** How long a daemon may take until it is ready or says why not, in milliseconds. */
const startDeadlineMs = 60_000;

/**
 * Starts this program again as a daemon of its own session, and waits until it is ready.
 *
 * @throws StartError with what it said
 */
export async function startDetached(io: Io, flags: readonly string[]): Promise<Ready> {
  const [program = process.execPath, ...self] = io.self;
  const child = spawn(program, [...self, 'daemon', 'start', ...flags], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Of a session it would carry the rights and name into every other.
    env: io.env.forChild(['CODEPIPER_SESSION', 'CODEPIPER_TOKEN', 'TMUX', 'TMUX_PANE']),
    // A daemon keeps no folder of the user's busy.
    cwd: '/',
  });
  const log = `${io.env.home}/${homeFiles.log}`;
  const message = await new Promise<Message>((resolve) => {
    const fail = (text: string) => resolve({ failed: { message: text, exitCode: 1 } });
    const timer = setTimeout(() => {
      fail(`The daemon is not ready after ${startDeadlineMs / 1000} s. Its log: ${log}`);
    }, startDeadlineMs);
    child.once('message', (value) => resolve(value as Message));
    child.once('error', (error) => fail(`The daemon could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      fail(`The daemon ended before it was ready (${signal ?? `exit code ${code}`}). Its log: ${log}`);
    });
    child.once('message', () => clearTimeout(timer));
    child.once('exit', () => clearTimeout(timer));
  });
  if (child.connected) child.disconnect();
  child.unref();
  if ('failed' in message) throw new StartError(message.failed.message, message.failed.exitCode);
  return message.ready;
}

/** Tells whoever started this daemon with {@link startDetached}; nobody else has the channel. */
export function tellStarter(message: Message): void {
  if (!process.connected) return;
  process.send?.(message, undefined, undefined, () => {
    if (process.connected) process.disconnect();
  });
}
