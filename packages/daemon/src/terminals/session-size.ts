import type { Log } from '../log/log.ts';
import type { TerminalSize } from './live-terminal.ts';
import { SizeLease } from './size-lease.ts';

/** Between two changes of one size, in milliseconds: each makes the program draw everything anew. */
const betweenMs = 50;
/** A size that stayed for so long is noted in the session, in milliseconds. */
const settledMs = 1_000;

export interface SessionSizeOptions {
  /** The size that the pane has. */
  size(): TerminalSize;
  resize(size: TerminalSize): Promise<void>;
  /** Whether a terminal is attached on the machine. */
  isAttached(): Promise<boolean>;
  /** The pane has had this size for a while. */
  settled(size: TerminalSize): Promise<void>;
  /** The pane has another size, or somebody else decides it. */
  onChanged(): void;
  log: Log;
}

/** Gives a session the size that its lease says, one change at a time, and tells what became of it. */
export class SessionSize<V> implements Disposable {
  readonly lease = new SizeLease<V>();
  readonly #o: SessionSizeOptions;
  #state: 'idle' | 'applying' | 'again' | 'over' = 'idle';
  #settling: NodeJS.Timeout | null = null;

  constructor(options: SessionSizeOptions) {
    this.#o = options;
  }

  /** Looks who is attached and what is wanted, now or, when that is under way, once more after it. */
  update(): void {
    if (this.#state === 'applying') this.#state = 'again';
    if (this.#state !== 'idle') return;
    this.#state = 'applying';
    void this.#apply();
  }

  /** The pane has another size. */
  resized(): void {
    this.#o.onChanged();
    if (this.#settling) clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#note(), settledMs).unref();
  }

  [Symbol.dispose](): void {
    this.#state = 'over';
    if (this.#settling) this.#note();
  }

  async #apply(): Promise<void> {
    const before = this.lease.decider;
    try {
      this.lease.setLocal(await this.#o.isAttached());
      const { wanted } = this.lease;
      const { cols, rows } = this.#o.size();
      if (wanted && (wanted.cols !== cols || wanted.rows !== rows)) await this.#o.resize(wanted);
    } catch (error) {
      this.#o.log.warn({ err: error }, 'the size of a session could not be set');
    }
    if (this.#state === 'over') return;
    if (before.kind !== this.lease.decider.kind) this.#o.onChanged();
    setTimeout(() => {
      const isAgain = this.#state === 'again';
      if (this.#state !== 'over') this.#state = 'idle';
      if (isAgain) this.update();
    }, betweenMs).unref();
  }

  #note(): void {
    if (this.#settling) clearTimeout(this.#settling);
    this.#settling = null;
    const failed = (error: unknown): void =>
      this.#o.log.warn({ err: error }, 'the size of a session could not be noted');
    void this.#o.settled(this.#o.size()).catch(failed);
  }
}
