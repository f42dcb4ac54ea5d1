import { CodepiperError, type ErrorCode } from '@codepiper/core/errors.ts';
import type { ServerFrame } from '@codepiper/core/terminals/frames.ts';
import type { ServerMessage, TerminalRole } from '@codepiper/core/terminals/messages.ts';
import type { InputConnection, InputFrame } from './input-dedupe.ts';
import type { TerminalSize } from './live-terminal.ts';
import type { SharedTerminal, SharingViewer } from './shared-terminal.ts';
import type { WatchedTerminal } from './terminals.service.ts';
import { Viewer, type ViewerAction } from './viewer.ts';

/** How long what is settled is told late, in milliseconds: nobody waits for it, but everybody for the echo. */
const settledMs = 10;
/** What counts as long for a timer, which may then be as much as a second early, in milliseconds. */
const longWaitMs = 2_000;
/** What is shorter is not worth compressing, in bytes. */
const leastCompressed = 1024;

/** The connection that a subscription speaks over. */
export interface SubscriptionWire {
  frame(frame: ServerFrame, options?: { compress: boolean }): void;
  tell(message: ServerMessage): void;
  /** More waits to be sent than should: `drained` of the subscription is called when it has left. */
  readonly isFull: boolean;
}

export interface SubscriptionOptions {
  wire: SubscriptionWire;
  channel: number;
  client: string;
  label: string;
  role: TerminalRole;
  watched: WatchedTerminal;
  shared: SharedTerminal;
  lines: number;
  resume: { epoch: number; seq: number } | null;
  /** It is over, and the viewer was told. */
  onClosed(): void;
}

/** One viewer of one session: what it is sent, and what becomes of what it sends. */
export class Subscription implements SharingViewer {
  readonly label: string;
  readonly role: TerminalRole;
  readonly #o: SubscriptionOptions;
  readonly #viewer: Viewer;
  readonly #input: InputConnection | null;
  readonly #listening: Disposable;
  #timer: { at: number; timer: NodeJS.Timeout } | null = null;
  /** Last acknowledgement that came while the wire was full. */
  #acknowledged: number | null = null;
  #settling: { n: number; timer: NodeJS.Timeout } | null = null;
  #isOver = false;
  #toldSize = '';
  /** The wire was full when others came, left or typed. */
  #owesPresence = false;

  constructor(options: SubscriptionOptions) {
    const { wire, channel, client, role, watched, shared, lines, resume } = options;
    const { terminal } = watched;
    this.#o = options;
    this.role = role;
    this.label = options.label;
    this.#input =
      role === 'typist'
        ? shared.input.open(client, {
            settled: (n) => this.#settle(n),
            refused: (n, reason, again) => this.#refuse(n, reason, again),
          })
        : null;
    const settled = this.#input ? this.#input.settled : 0;
    wire.tell({ type: 'subscribed', channel, session: terminal.sessionId, role, settled });
    shared.join(this, watched);
    this.sizeChanged();
    const { log, snapshotBytes } = terminal;
    this.#viewer = new Viewer({ log, channel, lines, resume, snapshotBytes });
    this.#listening = terminal.listen({
      appended: () => this.#advance(),
      ended: () => this.#do(this.#viewer.finish(performance.now())),
    });
    this.#do(this.#viewer.start(performance.now()));
  }

  /** It has parsed so many bytes of frames. */
  acknowledge(received: number): void {
    if (this.#o.wire.isFull) this.#acknowledged = Math.max(received, this.#acknowledged ?? 0);
    else this.#do(this.#viewer.ack(received, performance.now()));
  }

  receive(frame: InputFrame): void {
    if (!this.#input) {
      this.#tellError('forbidden', 'This viewer follows the session: subscribe as typist to type.', frame.n);
      return;
    }
    const typed = this.#input.receive(frame, performance.now());
    if (!typed) return;
    this.#o.shared.input.take(typed);
    this.#o.shared.typed(this);
  }

  takeSize(size: TerminalSize): void {
    if (this.role === 'typist') this.#o.shared.takeSize(this, size);
    else
      this.#tellError('forbidden', 'This viewer follows the session: only a typist may take its size.', null);
  }

  releaseSize(): void {
    this.#o.shared.releaseSize(this);
  }

  /** What waited on the wire has left. */
  drained(): void {
    const received = this.#acknowledged;
    this.#acknowledged = null;
    const now = performance.now();
    this.sizeChanged();
    if (this.#owesPresence) this.presenceChanged();
    this.#do(received === null ? this.#viewer.tick(now) : this.#viewer.ack(received, now));
  }

  sizeChanged(): void {
    // A viewer that reads nothing is told the last of it, once it does.
    if (this.#isOver || this.#o.wire.isFull) return;
    const { cols, rows } = this.#o.watched.terminal.size;
    const { decider } = this.#o.shared.size.lease;
    const mine = decider.kind === 'viewer' && decider.viewer === this;
    const decides = decider.kind === 'viewer' ? (mine ? 'you' : 'other') : decider.kind;
    const told = `${cols} ${rows} ${decides}`;
    if (told === this.#toldSize) return;
    this.#toldSize = told;
    this.#o.wire.tell({ type: 'size', channel: this.#o.channel, cols, rows, decides });
  }

  presenceChanged(): void {
    if (this.#isOver) return;
    this.#owesPresence = this.#o.wire.isFull;
    if (this.#owesPresence) return;
    const { wire, channel, shared } = this.#o;
    const viewers = shared.presence.list(this, performance.now());
    wire.tell({ type: 'presence', channel, viewers, attached: shared.size.lease.isLocal });
  }

  /** Lets go of everything and says nothing. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer) clearTimeout(this.#timer.timer);
    if (this.#settling) clearTimeout(this.#settling.timer);
    this.#listening[Symbol.dispose]();
    this.#input?.close(performance.now());
    this.#o.shared.leave(this);
    this.#o.watched[Symbol.dispose]();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#tellSettled();
    this.close();
    this.#o.wire.tell({ type: 'unsubscribed', channel: this.#o.channel, reason });
    this.#o.onClosed();
  }

  #advance(): void {
    if (!this.#o.wire.isFull) this.#do(this.#viewer.appended(performance.now()));
  }

  #do(actions: readonly ViewerAction[]): void {
    if (this.#isOver) return;
    for (const action of actions) {
      if (action.type === 'snapshot') void this.#snapshot(action);
      else if (action.type === 'drop') this.#end(action.reason);
      else {
        this.#o.wire.frame(action.frame, { compress: this.#isWorthCompressing(action.frame) });
        if (action.frame.type === 'ended') this.#end('the session has ended');
      }
    }
    if (!this.#isOver) this.#wake();
  }

  /** Keystrokes and their echoes never are. */
  #isWorthCompressing(frame: ServerFrame): boolean {
    return 'bytes' in frame && frame.bytes.length >= leastCompressed && this.#viewer.isSlow;
  }

  async #snapshot(request: { lines: number; maxBytes: number | null }): Promise<void> {
    try {
      const snapshot = await this.#o.watched.terminal.snapshot(request);
      this.#do(this.#viewer.snapshotReady(snapshot, performance.now()));
    } catch (error) {
      if (this.#isOver) return;
      const code = error instanceof CodepiperError ? error.code : 'internal';
      const message = error instanceof Error ? error.message : String(error);
      this.#tellError(code, message, null);
      this.#end(message);
    }
  }

  /** One timer, which may be early: then it is set anew. */
  #wake(): void {
    const at = this.#viewer.wakeAt;
    if (at === null || (this.#timer && this.#timer.at <= at)) return;
    if (this.#timer) clearTimeout(this.#timer.timer);
    const delay = Math.max(0, at - performance.now());
    const timer = setTimeout(
      () => {
        this.#timer = null;
        const now = performance.now();
        if (this.#viewer.wakeAt !== null && this.#viewer.wakeAt > now) this.#wake();
        else if (!this.#o.wire.isFull) this.#do(this.#viewer.tick(now));
      },
      // Whole seconds of a long one: Node keeps a list for each length, until the time is over.
      delay < longWaitMs ? delay : Math.floor(delay / 1000) * 1000,
    );
    timer.unref();
    this.#timer = { at, timer };
  }

  #settle(n: number): void {
    if (this.#settling) this.#settling.n = n;
    else this.#settling = { n, timer: setTimeout(() => this.#tellSettled(), settledMs) };
  }

  #tellSettled(): void {
    const n = this.#settling?.n;
    if (this.#settling) clearTimeout(this.#settling.timer);
    this.#settling = null;
    const { channel, wire } = this.#o;
    if (n !== undefined) wire.frame({ type: 'inputAck', channel, n });
  }

  #refuse(n: number, message: string, again: boolean): void {
    const { channel, wire } = this.#o;
    // "The next INPUT_ACK" is one that comes after this.
    this.#tellSettled();
    wire.tell({
      type: 'error',
      channel,
      n,
      again,
      code: again ? 'session_busy' : 'invalid_request',
      message,
    });
  }

  #tellError(code: ErrorCode, message: string, n: number | null): void {
    const { channel, wire } = this.#o;
    wire.tell({ type: 'error', channel, ...(n === null ? {} : { n }), code, message });
  }
}
