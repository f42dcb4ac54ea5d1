import { randomBytes } from 'node:crypto';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { AttachGate } from './attach-gate.ts';
import type { ControlBlock } from './control-parser.ts';
import { unescapeDollars } from './quote.ts';
import { commandDeadline } from './run-tmux.ts';

/** How one line is run. */
export interface RunOptions {
  /** In milliseconds; counts the time at the gate. */
  deadline?: number;
  /** Called with each block at its place between the notifications and the output. */
  onBlock?(block: ControlBlock): void;
  /** Whether tmux tells all control clients what the line does: not while one is being attached. */
  isTold?: boolean;
  /**
   * Nobody waits for the answer, but for what the line does, e.g. the echo of a key: the answer is asked for and read a
   * moment later, so that neither tmux nor this process has to do with it meanwhile.
   */
  isPatient?: boolean;
}

interface Pending {
  line: string;
  /** What the line's last block says. */
  token: string;
  blocks: ControlBlock[];
  isTold: boolean;
  isPatient: boolean;
  /** When it is late, of `performance.now()`. */
  dueAt: number;
  sentAt: number;
  /** It is inside the gate as a change. */
  isInside: boolean;
  onBlock: ((block: ControlBlock) => void) | undefined;
  settle(blocks: ControlBlock[] | CodepiperError): void;
}

export interface ControlLinesOptions {
  gate: AttachGate | undefined;
  /** All lines are told to others, unless they say otherwise. */
  isAllTold: boolean;
  /** Replies to commands inside others cannot be told apart: all are taken. */
  isUnflagged: boolean;
  /** See `TmuxFeatures`. */
  escapesDollars: boolean;
  /** Reads no answers for a moment, or until `goOn`; then calls back. */
  rest(onRested: () => void): void;
  goOn(): void;
  /** A line that was sent at this time (of `performance.now`) has not been answered in time. */
  onLate(sentAt: number): void;
}

/**
 * The lines that go into one control client, and the blocks that come back.
 *
 * A line may hold several commands, and `if-shell` adds more, so the number of blocks of a line is not known. Each
 * line is therefore followed by one that prints a token nobody can guess, and everything up to that belongs to it.
 *
 * Lines are sent in the order in which they come, but for those that tmux tells others of: they keep their order among
 * themselves, and while they wait at the gate the rest goes on. Whoever needs an order awaits the first.
 */
export class ControlLines {
  readonly #o: ControlLinesOptions;
  readonly #nonce = randomBytes(8).toString('hex');
  /** Lines that were not sent yet, as there is no connection. */
  readonly #waiting: Pending[] = [];
  /** Lines that wait at the gate. */
  readonly #told: Pending[] = [];
  /** Lines that were sent and not answered yet. */
  readonly #sent: Pending[] = [];
  #count = 0;
  #write: ((text: string) => void) | null = null;
  #isAllTold: boolean;
  /** The first line at the gate has asked to be let in. */
  #isAsking = false;
  /** What asks for the answers of patient lines, and is not sent yet. */
  #owed = '';
  /** For the line that is late first, and perhaps answered meanwhile: a timer for each would cost as much as the line. */
  #deadline: { at: number; timer: NodeJS.Timeout } | null = null;

  constructor(options: ControlLinesOptions) {
    this.#o = options;
    this.#isAllTold = options.isAllTold;
  }

  /** From here on all lines are told to others, unless they say otherwise. */
  tellAll(): void {
    this.#isAllTold = true;
  }

  run(line: string, options: RunOptions = {}): Promise<ControlBlock[]> {
    const { deadline = commandDeadline, onBlock, isTold = this.#isAllTold, isPatient = false } = options;
    return new Promise((resolve, reject) => {
      const sentAt = performance.now();
      const pending: Pending = {
        line,
        token: `${this.#nonce}-${this.#count++}`,
        blocks: [],
        isTold,
        isPatient,
        sentAt,
        dueAt: sentAt + deadline,
        isInside: false,
        onBlock,
        settle: (result) => {
          pending.dueAt = Number.POSITIVE_INFINITY;
          if (pending.isInside) this.#o.gate?.leave('change');
          pending.isInside = false;
          if (result instanceof CodepiperError) reject(result);
          else resolve(result);
        },
      };
      (isTold && this.#o.gate ? this.#told : this.#waiting).push(pending);
      this.#send();
      this.#expectBy(pending.dueAt);
    });
  }

  /** There is a connection: what waits is sent, and from here on at once. */
  open(write: (text: string) => void): void {
    this.#write = write;
    this.#send();
  }

  /** There is none any more: whatever is not answered fails. */
  close(error: CodepiperError): void {
    this.#write = null;
    this.#owed = '';
    if (this.#deadline) clearTimeout(this.#deadline.timer);
    this.#deadline = null;
    const all = [...this.#sent.splice(0), ...this.#waiting.splice(0), ...this.#told.splice(0)];
    for (const pending of all) pending.settle(error);
  }

  /** Takes a block that tmux said. */
  take(block: ControlBlock): void {
    const pending = this.#sent[0];
    if (!pending) return; // e.g. the block of the attach command itself
    if (block.body.length === pending.token.length && block.body.toString('latin1') === pending.token) {
      this.#sent.shift();
      pending.settle(pending.blocks);
    } else if (block.flags & 1 || this.#o.isUnflagged) {
      const told = this.#o.escapesDollars ? unescaped(block) : block;
      pending.blocks.push(told);
      pending.onBlock?.(told);
    }
  }

  #put(pending: Pending): void {
    this.#sent.push(pending);
    if (pending.isPatient) {
      // What comes back in between belongs to the line before.
      this.#write?.(`${this.#owed}${pending.line}\n`);
      this.#owed = asking(pending.token);
      this.#o.rest(() => this.#pay());
    } else {
      this.#o.goOn();
      this.#write?.(`${pending.line}\n${asking(pending.token)}`);
    }
  }

  #pay(): void {
    if (this.#owed !== '') this.#write?.(this.#owed);
    this.#owed = '';
  }

  #expectBy(at: number): void {
    if (this.#deadline && this.#deadline.at <= at) return;
    if (this.#deadline) clearTimeout(this.#deadline.timer);
    const timer = setTimeout(() => this.#giveUp(), at - performance.now());
    this.#deadline = { at, timer };
  }

  /** Fails what is late, and waits for what is not. */
  #giveUp(): void {
    const at = this.#deadline?.at ?? 0;
    this.#deadline = null;
    const all = [...this.#waiting, ...this.#told, ...this.#sent];
    for (const pending of all.filter(({ dueAt }) => dueAt <= at)) {
      const { sentAt, dueAt } = pending;
      // What was sent stays in line: a late answer must find its place.
      const isSent = !remove(this.#waiting, pending) && !remove(this.#told, pending);
      pending.settle(failed(`tmux did not answer within ${Math.round(dueAt - sentAt) / 1000} s`));
      if (isSent) this.#o.onLate(sentAt);
    }
    const next = Math.min(...all.map(({ dueAt }) => dueAt));
    if (next < Number.POSITIVE_INFINITY) this.#expectBy(next);
  }

  #send(): void {
    if (!this.#write) return;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#put(next);
    const { gate } = this.#o;
    if (!gate || this.#told.length === 0 || this.#isAsking) return;
    this.#isAsking = true;
    gate.enter('change', () => {
      this.#isAsking = false;
      const next = this.#write ? this.#told.shift() : undefined;
      if (next) {
        next.isInside = true;
        this.#put(next);
      } else gate.leave('change'); // it was given up meanwhile
      this.#send();
    });
  }
}

/** The end of a line: a command of its own, which runs whatever becomes of the line. */
function asking(token: string): string {
  return `display-message -p ${token}\n`;
}

function remove<T>(from: T[], item: T): boolean {
  const at = from.indexOf(item);
  if (at !== -1) from.splice(at, 1);
  return at !== -1;
}

function unescaped(block: ControlBlock): ControlBlock {
  return { ...block, body: Buffer.from(unescapeDollars(block.body.toString('utf8'))) };
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

/** tmux's words for a target that is not there. */
export function isMissing(block: ControlBlock): boolean {
  return !block.ok && /^(can't find|no such) (pane|window|session)/.test(block.body.toString('utf8'));
}
