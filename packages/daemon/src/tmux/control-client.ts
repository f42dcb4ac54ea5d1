import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { type ControlBlock, type ControlEvent, ControlParser } from './control-parser.ts';
import { commandDeadline } from './run-tmux.ts';

/** How long a client may take to detach before it is killed, in milliseconds. */
const detachDeadline = 2_000;

interface Pending {
  /** What the line's last block says. */
  token: string;
  blocks: ControlBlock[];
  settle(blocks: ControlBlock[] | CodepiperError): void;
}

export interface ControlClientOptions {
  /** tmux's arguments; must end in a command that attaches. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Notifications and output; blocks are kept. */
  onEvent(event: Exclude<ControlEvent, ControlBlock>): void;
}

/**
 * One `tmux -C` process. One line at a time goes in; all blocks of its commands come back, in order.
 *
 * A line may hold several commands, and `if-shell` adds more, so the number of blocks of a line is not known. Each
 * line is therefore followed by one that prints a token nobody can guess, and everything up to that belongs to it.
 */
export class ControlClient {
  readonly pid: number | undefined;
  /** Resolves when the process has ended and all it said was read. */
  readonly closed: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #nonce = randomBytes(8).toString('hex');
  readonly #pending: Pending[] = [];
  #count = 0;
  #lastByte = 0;
  #isOpen = true;
  #words = '';
  /**
   * Lines until the client is attached; null from then on. The server reads our input before it has the attach command
   * that is in the arguments, and what comes too early fails with `no current client`.
   */
  #held: string[] | null = [];

  constructor(options: ControlClientOptions) {
    const child = spawn('tmux', [...options.args], { env: options.env, cwd: '/', stdio: 'pipe' });
    this.#child = child;
    this.pid = child.pid;
    const parser = new ControlParser((event) => {
      if (event.type === 'block') this.#take(event);
      else {
        if (event.type === 'exit') this.#isOpen = false;
        if (event.type === 'exit' || event.type === 'other')
          this.#words = 'text' in event ? event.text : event.reason;
        if (event.type === 'other' && event.text.startsWith('%session-changed ')) this.#release();
        options.onEvent(event);
      }
    });
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.#isOpen = false;
        const words = this.#words.replace(/^%\S+\s*/, '');
        const error = failed(`the connection to tmux was lost${words ? ` (${words})` : ''}`);
        for (const pending of this.#pending.splice(0)) pending.settle(error);
        resolve();
      };
      child.once('error', end);
      child.once('close', end);
    });
    // Out of file descriptors there is a process object without pipes, and its `error` comes later.
    if (!child.stdout) return;
    child.stdout.on('data', (chunk: Buffer) => {
      this.#lastByte = performance.now();
      parser.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#words = chunk.toString('utf8').trim();
    });
    child.stdin.on('error', () => undefined); // the process is gone: `close` tells
  }

  /** Whether a line can be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Runs one line of commands and returns their blocks, those with errors too.
   *
   * @throws CodepiperError `tmux_failed` when the connection is lost or no answer comes in time; the line may have
   * run all the same
   */
  run(line: string, deadline = commandDeadline): Promise<ControlBlock[]> {
    if (!this.#isOpen) return Promise.reject(failed('the connection to tmux was lost'));
    return new Promise((resolve, reject) => {
      const token = `${this.#nonce}-${this.#count++}`;
      const sent = performance.now();
      const timer = setTimeout(() => {
        // The entry stays in line: a late answer must find its place.
        pending.settle = () => undefined;
        reject(failed(`tmux did not answer within ${deadline / 1000} s`));
        // A client that said nothing at all meanwhile is stuck, or its server is.
        if (this.#lastByte < sent) this.kill();
      }, deadline);
      const pending: Pending = {
        token,
        blocks: [],
        settle: (result) => {
          clearTimeout(timer);
          if (result instanceof CodepiperError) reject(result);
          else resolve(result);
        },
      };
      this.#pending.push(pending);
      const text = `${line}\ndisplay-message -p ${token}\n`;
      if (this.#held) this.#held.push(text);
      else this.#child.stdin.write(text);
    });
  }

  /** Sends a line whose answer does not matter. It has its place in the order all the same. */
  send(line: string): void {
    void this.run(line).catch(() => undefined);
  }

  /** Stops reading: tmux then holds the output back. */
  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  /** Detaches and reads to the end, so that nothing is left in the server; kills the client if that takes too long. */
  async close(): Promise<void> {
    this.#child.stdin.end(this.#isOpen ? 'detach-client\n' : '');
    this.resume();
    const timer = setTimeout(() => this.kill(), detachDeadline);
    await this.closed;
    clearTimeout(timer);
  }

  kill(): void {
    this.#isOpen = false;
    this.#child.kill('SIGKILL');
  }

  #release(): void {
    for (const text of this.#held ?? []) this.#child.stdin.write(text);
    this.#held = null;
  }

  #take(block: ControlBlock): void {
    const pending = this.#pending[0];
    if (!pending) return; // e.g. the block of the attach command itself
    if (block.body.length === pending.token.length && block.body.toString('latin1') === pending.token) {
      this.#pending.shift();
      pending.settle(pending.blocks);
    } else if (block.flags & 1) {
      pending.blocks.push(block);
    }
  }
}

/** The error of every tmux call that did not work. */
export function failed(message: string, details?: Record<string, unknown>): CodepiperError {
  return new CodepiperError('tmux_failed', message, details);
}

/** Text of the blocks, one after the other. Throws tmux's own words when one is an error. */
export function textsOf(blocks: readonly ControlBlock[], doing: string): string[] {
  return blocks.map(({ ok, body }) => {
    const text = body.toString('utf8');
    if (!ok) throw failed(`tmux failed to ${doing}: ${text}`);
    return text;
  });
}
