import xterm from '@xterm/headless';
import { type IPty, spawn } from 'node-pty';
import { type WaitOptions, waitFor } from './wait.ts';

/** How a program left: its exit code, and the signal's number when one ended it. */
export interface Exit {
  code: number;
  signal: number | undefined;
}

export interface SeatOptions {
  cwd: string;
  /** The whole environment of the program. */
  env: NodeJS.ProcessEnv;
  cols?: number;
  rows?: number;
}

const KEYS = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  backspace: '\x7f',
  space: ' ',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  'ctrl-b': '\x02',
  'ctrl-c': '\x03',
  'ctrl-d': '\x04',
} as const;

export type Key = keyof typeof KEYS;

/** Raw output that is kept, in characters. */
const KEPT_OUTPUT = 1_000_000;

/** What a program gets between the hang-up and the kill, in milliseconds. */
const GRACE_MS = 2000;

/** Someone at a real terminal. Disposing of it closes the terminal, as closing a window does. */
export interface Person extends AsyncDisposable {
  readonly pid: number;
  /** Types text as it is; no Enter is added. */
  type(text: string): void;
  press(...keys: Key[]): void;
  resize(cols: number, rows: number): void;
  /** The visible text, lines without trailing blanks. */
  screen(): string;
  /** The newest raw output, at most a million characters. */
  output(): string;
  /** Waits until the visible text matches and returns it. */
  waitForText(pattern: RegExp, options?: WaitOptions): Promise<string>;
  /** Settles when the program has ended. */
  readonly exit: Promise<Exit>;
}

/**
 * Starts `argv` in a new pseudo-terminal with a terminal emulator behind it, which also answers the queries that
 * programs send to terminals.
 */
export function sitDown(argv: [string, ...string[]], options: SeatOptions): Person {
  const { cwd, cols = 120, rows = 40 } = options;
  const [file, ...args] = argv;
  const env = { ...options.env, TERM: 'xterm-256color' };
  const pty: IPty = spawn(file, args, { name: env.TERM, cwd, cols, rows, env });
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 5000 });
  let output = '';
  let hasLeft = false;

  pty.onData((data) => {
    output = (output + data).slice(-KEPT_OUTPUT);
    terminal.write(data);
  });
  terminal.onData((answer) => write(answer));
  const exit = new Promise<Exit>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      hasLeft = true;
      resolve({ code: exitCode, signal: signal || undefined });
    });
  });

  function write(data: string): void {
    if (!hasLeft) pty.write(data);
  }

  function screen(): string {
    const buffer = terminal.buffer.active;
    const lines = Array.from({ length: terminal.rows }, (_, row) =>
      (buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '').trimEnd(),
    );
    return lines.join('\n').trimEnd();
  }

  return {
    pid: pty.pid,
    type: write,
    press: (...keys) => {
      for (const key of keys) write(KEYS[key]);
    },
    resize: (newCols, newRows) => {
      terminal.resize(newCols, newRows);
      pty.resize(newCols, newRows);
    },
    screen,
    output: () => output,
    waitForText: async (pattern, waitOptions) => {
      let shown = '';
      await waitFor(
        `${pattern} on the screen of ${file}`,
        () => {
          shown = screen();
          return pattern.test(shown) || Promise.reject(new Error(`the screen\n${shown}`));
        },
        waitOptions,
      );
      return shown;
    },
    exit,
    [Symbol.asyncDispose]: async () => {
      if (!hasLeft) pty.kill('SIGHUP');
      const stubborn = setTimeout(() => pty.kill('SIGKILL'), GRACE_MS);
      await exit;
      clearTimeout(stubborn);
      terminal.dispose();
    },
  };
}
