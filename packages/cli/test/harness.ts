import { readEnvironment } from '../src/environment.ts';
import type { Io } from '../src/io.ts';
import { run } from '../src/run.ts';

export interface RunOptions {
  socket?: string;
  env?: Record<string, string>;
  stdin?: string | Buffer;
  isTTY?: Partial<Io['isTTY']>;
  columns?: number;
  answers?: string[];
  cwd?: string;
  gone?: AbortSignal;
  onOut?: (text: string) => void;
}

export interface Result {
  code: number;
  out: string;
  err: string;
  /** Questions that were asked. */
  asked: string[];
}

/** Runs a command line in this process with a world of the test's making. */
export async function cli(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const result: Result = { code: -1, out: '', err: '', asked: [] };
  const answers = [...(options.answers ?? [])];
  const io: Io = {
    env: readEnvironment(
      {
        HOME: '/home/ada',
        CODEPIPER_HOME: '/nonexistent/codepiper',
        CODEPIPER_SOCKET: options.socket ?? '/nonexistent/socket',
        PATH: process.env.PATH,
        ...options.env,
      },
      process.getuid?.() ?? 0,
    ),
    cwd: options.cwd ?? '/home/ada/app',
    self: ['/usr/bin/node', '/opt/codepiper/bin/codepiper.cjs'],
    isTTY: { stdin: false, stdout: false, stderr: false, ...options.isTTY },
    columns: options.columns,
    gone: options.gone ?? new AbortController().signal,
    now: () => Date.parse('2026-11-21T12:00:00.000Z'),
    out: (text) => {
      result.out += text;
      options.onOut?.(text);
    },
    err: (text) => {
      result.err += text;
    },
    readStdin: async (limit) => {
      const bytes = Buffer.from(options.stdin ?? '');
      if (bytes.length > limit) throw new RangeError('too much');
      return bytes;
    },
    ask: async (question) => {
      result.asked.push(question);
      return answers.shift() ?? '';
    },
    askSecret: async (question) => {
      result.asked.push(question);
      return answers.shift() ?? '';
    },
  };
  result.code = await run(argv, io);
  return result;
}
