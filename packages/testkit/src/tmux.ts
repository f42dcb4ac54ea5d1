import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type WaitOptions, waitFor } from './wait.ts';

const exec = promisify(execFile);

/** How a session of a scratch server starts. */
export interface TmuxStart {
  cwd: string;
  /** The whole environment of the program, on top of what tmux sets itself. */
  env: NodeJS.ProcessEnv;
  cols?: number;
  rows?: number;
}

/** A tmux server of one test, on a socket of its own and without anyone's configuration. Disposing of it kills it. */
export interface ScratchTmux extends AsyncDisposable {
  /** Name for `tmux -L`. */
  readonly socketName: string;
  /** Runs a tmux command and returns its output without the last newline. Rejects with tmux's own words. */
  run(...args: string[]): Promise<string>;
  /** Starts a program in a detached session and returns its process id. */
  start(name: string, argv: string[], options: TmuxStart): Promise<number>;
  /** The visible text of a pane. */
  capture(target: string): Promise<string>;
  /** Types text literally, as one burst of keys. */
  type(target: string, text: string): Promise<void>;
  /** Pastes text as a terminal does (bracketed where the program asked for it): any length, any number of lines. */
  paste(target: string, text: string): Promise<void>;
  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-c`. */
  press(target: string, ...keys: string[]): Promise<void>;
  /** Waits until the visible text matches and returns it. */
  waitForText(target: string, pattern: RegExp, options?: WaitOptions): Promise<string>;
}

/** Prepares a scratch server; tmux itself starts with the first session. */
export function scratchTmux(): ScratchTmux {
  const socketName = `codepiper-test-${process.pid}-${randomBytes(3).toString('hex')}`;

  let guard: ChildProcess | undefined;

  async function run(...args: string[]): Promise<string> {
    const { TMUX: _outer, ...env } = process.env;
    const { stdout } = await exec('tmux', ['-L', socketName, '-f', '/dev/null', ...args], { env });
    return stdout.replace(/\n$/, '');
  }
  const capture = (target: string): Promise<string> => run('capture-pane', '-p', '-t', target);

  return {
    socketName,
    run,
    async start(name, argv, { cwd, env, cols = 120, rows = 40 }) {
      const pairs = Object.entries(env).map(([key, value]) => `${key}=${value ?? ''}`);
      const size = ['-x', String(cols), '-y', String(rows)];
      // `env -i`: the server's own environment is this test runner's, which the program is not to see.
      const program = ['env', '-i', ...pairs, 'TERM=tmux-256color', ...argv];
      guard ??= guardServer(socketName);
      const session = ['new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, ...size, '-c', cwd];
      // A server that leaves with its last session would race with the next one to be started.
      const stay = ['start-server', ';', 'set-option', '-s', 'exit-empty', 'off', ';'];
      return Number(await run(...stay, ...session, '--', ...program));
    },
    capture,
    type: async (target, text) => {
      await run('send-keys', '-t', target, '-l', '--', text);
    },
    paste: async (target, text) => {
      const loading = exec('tmux', ['-L', socketName, 'load-buffer', '-b', 'paste', '-']);
      loading.child.stdin?.end(text);
      await loading;
      await run('paste-buffer', '-p', '-r', '-d', '-b', 'paste', '-t', target);
    },
    press: async (target, ...keys) => {
      await run('send-keys', '-t', target, ...keys);
    },
    waitForText: async (target, pattern, options) => {
      let screen = '';
      const label = `${pattern} in tmux pane ${target}`;
      await waitFor(
        label,
        async () => {
          screen = await capture(target);
          return pattern.test(screen) || Promise.reject(new Error(`the screen\n${screen.trimEnd()}`));
        },
        options,
      );
      return screen;
    },
    [Symbol.asyncDispose]: async () => {
      await run('kill-server').catch(() => undefined); // no server is what was wanted
      guard?.kill();
      await rm(socketFile(socketName), { force: true });
    },
  };
}

/** Starts a process that kills the server when this one goes without disposing of it: its input then ends. */
function guardServer(socketName: string): ChildProcess {
  const script = 'read -r _; tmux -L "$0" kill-server; rm -f "$1"';
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const guard = spawn('sh', ['-c', script, socketName, socketFile(socketName)], {
    stdio: [...stdio],
    detached: true,
  });
  guard.unref();
  return guard;
}

/** Where tmux keeps the socket of `-L name`; it leaves that file behind when the server is killed. */
function socketFile(name: string): string {
  return join(process.env.TMUX_TMPDIR ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`, name);
}
