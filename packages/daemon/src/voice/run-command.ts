import { type ChildProcess, spawn } from 'node:child_process';
import { CodepiperError } from '@codepiper/core/errors.ts';

export interface RunOptions {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  /** Nobody waits for the result any more, or the daemon stops. */
  signal: AbortSignal;
}

/** Most the command may print, in bytes. */
const outputLimit = 64 * 1024;
/** How long what left its process group may hold its output open once it is over, in milliseconds. */
const lingerMs = 500;
/** Of what it says on stderr: the end. */
const errorLimit = 8 * 1024;

/**
 * Runs a program without a shell and returns what it printed. When it is over, by itself or not, nothing that it started
 * in its process group is left, and nothing that left the group is waited for.
 *
 * @throws CodepiperError `voice_failed` with the last thing it said
 */
export async function runCommand({ argv, env, timeoutMs, signal }: RunOptions): Promise<string> {
  const [program = '', ...args] = argv;
  signal.throwIfAborted();
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  let size = 0;
  let said: Buffer = Buffer.alloc(0);
  let stopped: string | null = null;
  const stop = (why: string): void => {
    stopped ??= why;
    killGroup(child);
    hangUp(child);
  };
  const deadline = setTimeout(() => stop(`took longer than ${timeoutMs / 1000} s and was ended`), timeoutMs);
  const abort = () => stop('was ended: nobody waits for it any more');
  signal.addEventListener('abort', abort, { once: true });
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > outputLimit) stop(`printed more than ${outputLimit / 1024} KB and was ended`);
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-errorLimit);
  });
  // What it left running may hold its output open.
  let lingering: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    killGroup(child);
    lingering = setTimeout(() => hangUp(child), lingerMs);
  });
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, by) => resolve(code === 0 ? '' : `ended with ${code ?? by}`));
    });
    const why = stopped ?? how;
    if (why !== '') throw failed(program, why, said);
    return Buffer.concat(output).toString('utf8');
  } catch (error) {
    if (error instanceof CodepiperError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT' ? 'was not found' : code === 'EACCES' ? 'may not be run' : `did not start (${code})`;
    throw failed(program, what, said);
  } finally {
    clearTimeout(deadline);
    clearTimeout(lingering);
    signal.removeEventListener('abort', abort);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}

/** Who made a session of its own is in no group that is ended, and is not waited for. */
function hangUp({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

function failed(program: string, why: string, said: Buffer): CodepiperError {
  const last = said
    .toString('utf8')
    .replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\r' ? '\n' : ' '))
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '');
  const message = `The command that makes text of speech (${program}) ${why}${last ? `: ${last.slice(0, 300)}` : '.'}`;
  return new CodepiperError('voice_failed', message);
}
