import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { MakePipe } from '../platform/pipe.ts';
import type { AttachGate } from './attach-gate.ts';
import { ControlLines, failed, type RunOptions } from './control-lines.ts';
import { type ControlBlock, type ControlEvent, ControlParser } from './control-parser.ts';
import { ControlReading } from './control-reading.ts';

/**
 * How long a client may take to be attached before it is killed, in milliseconds. What waits for it fails much sooner;
 * but a kill amid the greeting may end the server, and with it every agent, so it is for what is hopeless.
 */
const attachDeadline = 30_000;
/** How long a client may take to detach before it is killed, in milliseconds. */
const detachDeadline = 2_000;
/** How long what a killed client said may take to be read, in milliseconds: a server that is stuck holds its pipes. */
const killDeadline = 1_000;

/** How long the answers to patient lines are left alone, in milliseconds: most programs have echoed a key by then. */
const restMs = 2;

export interface ControlClientOptions {
  /** tmux's arguments; must end in a command that attaches. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Says when the process may be started, and lines be sent that are told to others. */
  gate?: AttachGate;
  /** All lines are told to others, as tmux tells what happens to paste buffers. */
  isAllTold?: boolean;
  /** Replies to commands inside others cannot be told from what hooks of a person's server say: all are taken. */
  isUnflagged?: boolean;
  /** See `TmuxFeatures`. */
  escapesDollars?: boolean;
  /** The pipe that the process writes to; without it, or where it gives none, node's own. */
  makePipe?: MakePipe;
  /** How long it may take to be attached before it is killed, in milliseconds. */
  attachDeadlineMs?: number;
  /** Notifications and output; blocks are kept. */
  onEvent(event: Exclude<ControlEvent, ControlBlock>): void;
}

/** One `tmux -C` process: its life, its place in the gate, and what it says. Lines are `ControlLines`. */
export class ControlClient {
  /** Resolves when the process has ended and all it said was read. */
  readonly closed: Promise<void>;
  readonly #options: ControlClientOptions;
  readonly #parser: ControlParser;
  readonly #lines: ControlLines;
  readonly #reading: ControlReading;
  readonly #ended = Promise.withResolvers<void>();
  #child: ChildProcess | null = null;
  #lastByte = 0;
  #isOpen = true;
  #words = '';
  /**
   * The server reads our input before it has the attach command that is in the arguments, and what comes too early
   * fails with `no current client`: lines are sent from then on.
   */
  #isAttached = false;
  /** Where the process stands in the gate. */
  #gate: 'none' | 'attaching' | 'leaving' = 'none';
  /** For a process that does not come, or does not go. */
  #deadline: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(options: ControlClientOptions) {
    const { gate, isAllTold = false, isUnflagged = false, escapesDollars = false } = options;
    this.#options = options;
    this.closed = this.#ended.promise;
    this.#lines = new ControlLines({
      ...{ gate, isAllTold, isUnflagged, escapesDollars },
      rest: (onRested) => this.#reading.rest(restMs, onRested),
      goOn: () => this.#reading.goOn(),
      // A client that said nothing at all meanwhile is stuck, or its server is.
      onLate: (sentAt) => {
        if (this.#lastByte < sentAt) this.kill();
      },
    });
    this.#parser = new ControlParser((event) => this.#onEvent(event));
    this.#reading = new ControlReading((chunk) => {
      this.#lastByte = performance.now();
      this.#parser.push(chunk);
    });
    if (gate) gate.enter('attach', () => this.#start());
    else this.#start();
  }

  /** Undefined before the process was started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether a line can be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the process has ended; there may be output of it to read. */
  get hasExited(): boolean {
    return this.#child !== null && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }

  /** From here on all lines are told to others. */
  tellAll(): void {
    this.#lines.tellAll();
  }

  /**
   * Runs one line of commands and returns their blocks, those with errors too.
   *
   * @throws CodepiperError `tmux_failed` when the connection is lost or no answer comes in time; the line may have
   * run all the same
   */
  run(line: string, options?: RunOptions): Promise<ControlBlock[]> {
    if (!this.#isOpen) return Promise.reject(failed('the connection to tmux was lost'));
    return this.#lines.run(line, options);
  }

  /** Sends a line whose answer does not matter. It has its place in the order all the same. */
  send(line: string): void {
    void this.run(line).catch(() => undefined);
  }

  /** Stops reading: tmux then holds the output back. */
  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  /** Reads much at a time so many milliseconds late, in few large pieces; 0, as at first, at once. */
  gather(ms: number): void {
    this.#reading.gather(ms);
  }

  /** Detaches and reads to the end, so that nothing is left in the server; kills the client if that takes too long. */
  async close(): Promise<void> {
    this.resume();
    this.gather(0);
    const { gate } = this.#options;
    if (!this.#child) this.#end();
    else if (!gate || this.#gate === 'leaving') this.#detach();
    else {
      // One that is being attached leaves after that, whatever becomes of it.
      gate.enter('change', () => {
        if (this.#gate === 'leaving') gate.leave('change');
        this.#detach();
      });
    }
    const timer = setTimeout(() => this.kill(), this.#attachDeadline + detachDeadline);
    await this.closed;
    clearTimeout(timer);
  }

  /** For a client that is stuck; `close` is how one is let go. */
  kill(): void {
    this.#isOpen = false;
    if (!this.#child) {
      this.#end();
      return;
    }
    this.#leave();
    this.#child.kill('SIGKILL');
    this.#after(killDeadline, () => {
      this.#reading.destroy();
      this.#child?.stderr?.destroy();
    });
  }

  get #attachDeadline(): number {
    return this.#options.attachDeadlineMs ?? attachDeadline;
  }

  #start(): void {
    const { args, env, gate } = this.#options;
    if (!this.#isOpen) {
      gate?.leave('attach');
      return;
    }
    const pipe = this.#options.makePipe?.() ?? null;
    let child: ChildProcess;
    try {
      child = spawn('tmux', [...args], { env, cwd: '/', stdio: ['pipe', pipe?.write ?? 'pipe', 'pipe'] });
    } catch (error) {
      // Out of memory, for instance; most errors come as events.
      this.#words = String(error);
      if (pipe) closeSync(pipe.read);
      this.#end();
      gate?.leave('attach');
      return;
    } finally {
      if (pipe) closeSync(pipe.write);
    }
    this.#gate = 'attaching';
    this.#child = child;
    this.#after(this.#attachDeadline, () => this.kill());
    child.once('error', () => this.#end());
    // Its pipe may have more to read than its process has lived for.
    child.once('close', () => void this.#reading.closed.then(() => this.#end()));
    const output = pipe?.read ?? child.stdout;
    // Out of file descriptors there is a process object without pipes, and its `error` comes later.
    if (output === null || output === undefined) return;
    this.#reading.start(output);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#words = chunk.toString('utf8').trim();
    });
    child.stdin?.on('error', () => undefined); // the process is gone: `close` tells
  }

  #onEvent(event: ControlEvent): void {
    if (event.type === 'block') {
      this.#lines.take(event);
      return;
    }
    if (event.type === 'exit') {
      this.#isOpen = false;
      this.#leave();
    }
    if (event.type === 'exit' || event.type === 'other')
      this.#words = 'text' in event ? event.text : event.reason;
    if (event.type === 'other' && event.text.startsWith('%session-changed ')) this.#onAttached();
    this.#options.onEvent(event);
  }

  #onAttached(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    if (this.#gate === 'attaching') {
      this.#gate = 'none';
      clearTimeout(this.#deadline);
      this.#options.gate?.leave('attach');
    }
    this.#lines.open((text) => this.#child?.stdin?.write(text));
  }

  #detach(): void {
    this.#gate = 'leaving';
    this.#after(detachDeadline, () => this.kill());
    this.#child?.stdin?.end(this.#isOpen ? 'detach-client\n' : '');
  }

  /** The process ends, and tmux will tell: nothing is attached until it has. */
  #leave(): void {
    const { gate } = this.#options;
    if (this.#gate === 'leaving') return;
    gate?.mark();
    if (this.#gate === 'attaching') gate?.leave('attach');
    this.#gate = 'leaving';
    this.#after(detachDeadline, () => this.kill());
  }

  #after(delay: number, act: () => void): void {
    clearTimeout(this.#deadline);
    if (!this.#hasEnded) this.#deadline = setTimeout(act, delay);
  }

  #end(): void {
    if (this.#hasEnded) return; // a program that cannot be run is an error, and is closed too
    this.#isOpen = false;
    if (this.#child) {
      this.#leave();
      void this.#options.gate?.leaveAfterBarrier();
    }
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    const words = this.#words.replace(/^%\S+\s*/, '');
    this.#lines.close(failed(`the connection to tmux was lost${words ? ` (${words})` : ''}`));
    this.#ended.resolve();
  }
}
