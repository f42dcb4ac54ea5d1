import { fstatSync, writeSync } from 'node:fs';
import { type Environment, processEnvironment } from './environment.ts';
import { UsageError } from './usage-error.ts';

/** The world of a command; tests hand in their own. */
export interface Io {
  readonly env: Environment;
  readonly cwd: string;
  /** How this program is started again: executable and arguments before the command. */
  readonly self: readonly string[];
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Columns of the terminal on stdout; undefined when there is none. */
  readonly columns: number | undefined;
  /** Aborted when the reader of stdout is gone; an interactive end (Ctrl+C) ends the process itself. */
  readonly gone: AbortSignal;
  now(): number;
  out(text: string): void;
  err(text: string): void;
  /** Everything on stdin. @throws RangeError when there is more than the limit, in bytes */
  readStdin(limit: number): Promise<Buffer>;
  /** One line from the person at the terminal, without its end. */
  ask(question: string): Promise<string>;
  /** The same, and what is typed is not shown. @throws UsageError when it is broken off */
  askSecret(question: string): Promise<string>;
}

/** The world as it is. */
export interface ProcessIo extends Io {
  /** Whether everything that was said is written. */
  readonly isWritten: boolean;
}

export function processIo(): ProcessIo {
  const gone = new AbortController();
  const out = createWriter(1, () => process.stdout, gone);
  const err = createWriter(2, () => process.stderr, gone);
  return {
    env: processEnvironment(),
    cwd: workingDirectory(),
    // Behind `--` node takes none of our options for its own.
    self: [process.execPath, ...process.execArgv, '--', process.argv[1] ?? ''],
    isTTY: {
      get stdin() {
        return isTerminal(0) && process.stdin.isTTY;
      },
      get stdout() {
        return isTerminal(1) && process.stdout.isTTY;
      },
      get stderr() {
        return isTerminal(2) && process.stderr.isTTY;
      },
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : undefined;
    },
    gone: gone.signal,
    now: Date.now,
    out: out.write,
    err: err.write,
    get isWritten() {
      return out.isWritten() && err.isWritten();
    },
    readStdin,
    ask,
    askSecret,
  };
}

/** @throws UsageError in a directory that is gone: where paths begin is not known */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError('The current directory is gone. Change to another one: cd ~');
    }
    throw error;
  }
}

/** Whether a descriptor may be a terminal, without loading what Node needs for one. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * Writes at once, without the streams of `process` (they take longer to load than a command). A pipe that is full
 * and does not block falls back to the stream, which waits. Nobody reading any more is no error.
 */
function createWriter(fd: number, stream: () => NodeJS.WriteStream, gone: AbortController) {
  let fallback: NodeJS.WriteStream | undefined;
  const lost = (error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EPIPE' || code === 'EIO' || code === 'EBADF') gone.abort();
    else throw error;
  };
  const write = (text: string): void => {
    if (gone.signal.aborted) return;
    if (fallback) {
      fallback.write(text);
      return;
    }
    let bytes = Buffer.from(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) {
        lost(error);
        return;
      }
      fallback = stream();
      fallback.on('error', lost);
      fallback.write(bytes);
    }
  };
  return { write, isWritten: () => fallback === undefined || fallback.writableLength === 0 };
}

async function readStdin(limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > limit) throw new RangeError(`more than ${limit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

async function askSecret(question: string): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
  ]);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const stopped = new AbortController();
  lines.on('SIGINT', () => stopped.abort());
  lines.on('close', () => stopped.abort());
  process.stderr.write(question);
  try {
    return await lines.question('', { signal: stopped.signal });
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    throw new UsageError('Broken off; nothing was changed.');
  } finally {
    process.stderr.write('\n');
    lines.close();
  }
}
