import { toTmuxKey } from '@codepiper/core/sessions/keys.ts';
import type { Log } from '../log/log.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { type InputConnection, InputDedupe, type InputListener, type TypedInput } from './input-dedupe.ts';

/** Small inputs that wait are typed together, up to this many bytes. */
const mostTogether = 8_192;
/** Most that may wait to be typed in one session, of all its viewers together, in bytes and in inputs. */
const mostWaitingBytes = 16 * 1024 * 1024;
const mostWaitingInputs = 10_000;

export interface SessionInputOptions {
  tmux: Pick<Tmux, 'typeBytes' | 'pressKeys'>;
  paneId: string;
  /** Nothing is typed any more once it is true. */
  isEnded(): boolean;
  log: Log;
}

/**
 * The one way of viewers' input into a session: typed in the order in which it was taken, each to the end before the
 * next begins, and settled when tmux has done it.
 */
export class SessionInput {
  readonly #o: SessionInputOptions;
  readonly #dedupe = new InputDedupe();
  #waiting: TypedInput[] = [];
  #waitingBytes = 0;
  #isTyping = false;

  constructor(options: SessionInputOptions) {
    this.#o = options;
  }

  /** One connection of a client; what it receives is taken by `take`. */
  open(client: string, listener: InputListener): InputConnection {
    return this.#dedupe.open(client, listener, performance.now());
  }

  /** Types it when its turn has come, and settles it. */
  take(typed: TypedInput): void {
    const bytes = sizeOf(typed);
    if (this.#waitingBytes + bytes > mostWaitingBytes || this.#waiting.length >= mostWaitingInputs) {
      this.#dedupe.settle(typed, 'Too much input of all viewers waits to be typed; it was not typed.');
      return;
    }
    this.#waiting.push(typed);
    this.#waitingBytes += bytes;
    if (!this.#isTyping) void this.#typeAll();
  }

  async #typeAll(): Promise<void> {
    this.#isTyping = true;
    while (this.#waiting.length > 0) {
      const together = this.#next();
      const refusal = await this.#type(together);
      for (const typed of together) {
        this.#waitingBytes -= sizeOf(typed);
        this.#dedupe.settle(typed, refusal);
      }
    }
    this.#isTyping = false;
  }

  /** The first that waits, and the keystrokes behind it that can go with it. */
  #next(): TypedInput[] {
    let count = 0;
    let bytes = 0;
    for (const { input } of this.#waiting) {
      if (input.type !== 'bytes' || bytes + input.bytes.length > mostTogether) break;
      bytes += input.bytes.length;
      count++;
    }
    return this.#waiting.splice(0, Math.max(1, count));
  }

  /** @returns why it was not typed, for people; null when it was */
  async #type(together: readonly TypedInput[]): Promise<string | null> {
    if (this.#o.isEnded()) return 'The session has ended; it was not typed.';
    try {
      const [first] = together;
      if (first?.input.type === 'keys') return await this.#press(first.input.keys);
      const bracketed = first?.input.type === 'paste';
      const result = await this.#o.tmux.typeBytes(this.#o.paneId, bytesOf(together), { bracketed });
      return result === 'typed' ? null : 'The session has ended; it was not typed.';
    } catch (error) {
      this.#o.log.warn({ err: error, pane: this.#o.paneId }, 'typing failed');
      const reason = error instanceof Error ? error.message : String(error);
      return `It may not have been typed: ${reason}`;
    }
  }

  async #press(names: readonly string[]): Promise<string | null> {
    const keys: string[] = [];
    for (const name of names) {
      const key = toTmuxKey(name);
      if (!key) return `No key is called "${name}"; none was pressed.`;
      keys.push(key);
    }
    await this.#o.tmux.pressKeys(this.#o.paneId, keys);
    return null;
  }
}

function bytesOf(together: readonly TypedInput[]): Uint8Array {
  const parts = together.map(({ input }) =>
    input.type === 'bytes' ? input.bytes : Buffer.from(input.type === 'paste' ? input.text : ''),
  );
  const [only] = parts;
  return parts.length === 1 && only ? only : Buffer.concat(parts);
}

function sizeOf({ input }: TypedInput): number {
  if (input.type === 'bytes') return input.bytes.length;
  return input.type === 'paste' ? Buffer.byteLength(input.text) : input.keys.length;
}
