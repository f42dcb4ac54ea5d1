import { execFile } from 'node:child_process';
import { CodepiperError } from '@codepiper/core/errors.ts';

export interface TmuxRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** How long one tmux command may take, in milliseconds. */
export const commandDeadline = 5_000;

/**
 * Runs tmux once as a process of its own: for what must work before a control client is there.
 *
 * @throws CodepiperError `tmux_failed` when tmux cannot be run or does not end in time
 */
export function runTmux(args: readonly string[], { env }: { env: NodeJS.ProcessEnv }): Promise<TmuxRun> {
  return new Promise((resolve, reject) => {
    execFile(
      'tmux',
      args,
      { env, cwd: '/', timeout: commandDeadline, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (!error) return resolve({ code: 0, stdout, stderr });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        reject(
          new CodepiperError(
            'tmux_failed',
            error.code === 'ENOENT'
              ? 'tmux is not installed, or not in PATH. Install it (e.g. `apt-get install tmux`, `brew install tmux`).'
              : `tmux could not be run: ${error.killed ? `no answer within ${commandDeadline / 1000} s` : error.message}`,
          ),
        );
      },
    );
  });
}
