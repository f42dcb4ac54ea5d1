import { frameHeaderBytes, type ServerFrame } from '@codepiper/core/terminals/frames.ts';
import type { ServerMessage, TerminalRole, ViewerMessage } from '@codepiper/core/terminals/messages.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { InputPort, InputQueue } from './input-queue.ts';
import { SinkQueue } from './sink-queue.ts';
import type {
  ChannelState,
  LinkTimers,
  SizeDecider,
  TerminalChannel,
  TerminalProblem,
  TerminalSink,
} from './terminal-sink.ts';

/** Columns and rows of a snapshot or resize. */
const sizeBytes = 4;
/** A subscription that the daemon ended is asked for again after this long, in milliseconds. */
const againMs = 1_000;
/** The same of a session that is being started: its terminal is there in a moment. */
const startingMs = 200;

/** One connection that was greeted; sending on one that is gone does nothing. */
export interface Wire {
  send(data: string | Uint8Array<ArrayBuffer>): void;
}

type ChannelMessage = Extract<ServerMessage, { channel?: unknown }>;
type StreamFrame = Exclude<ServerFrame, { type: 'inputAck' }>;

export interface ChannelOptions {
  number: number;
  session: string;
  sink: TerminalSink;
  input: InputQueue;
  timers: LinkTimers;
  lines: number;
  role: TerminalRole;
  onClosed(): void;
}

/** One of what the daemon was asked for over one connection. */
interface Subscription {
  wire: Wire;
  isGiven: boolean;
  acknowledgements: Acknowledgements;
  /** Why it is not given, as the daemon said before it says that it is not. */
  refusal: TerminalProblem | null;
  /** Who decides the size, as it was last said. */
  decides: SizeDecider | null;
}

/** One terminal over a link that comes and goes. */
export class LinkChannel implements TerminalChannel {
  readonly #o: ChannelOptions;
  readonly #queue: SinkQueue;
  readonly #port: InputPort;
  #state: ChannelState = 'connecting';
  #role: TerminalRole;
  #subscription: Subscription | null = null;
  /** Up to where everything was handed to the sink; null without a whole snapshot. */
  #place: { epoch: number; seq: number } | null = null;
  /** Between the first and the last piece of a snapshot. */
  #isDrawing = false;
  /** The size this viewer wants to decide; `isNew` until the daemon was told. */
  #wish: { cols: number; rows: number; isNew: boolean } | null = null;
  #stopAgain: (() => void) | null = null;

  constructor(options: ChannelOptions) {
    this.#o = options;
    this.#role = options.role;
    this.#queue = new SinkQueue((error) => {
      this.#problem('internal', `The terminal could not be drawn: ${String(error)}`);
    });
    this.#port = {
      channel: options.number,
      send: (frame) => this.#subscription?.wire.send(frame),
    };
  }

  get state(): ChannelState {
    return this.#state;
  }

  type(input: string | Uint8Array): void {
    this.#input((queue) =>
      queue.type(typeof input === 'string' ? new TextEncoder().encode(input) : input.slice()),
    );
  }

  paste(text: string): void {
    this.#input((queue) => queue.paste(new TextEncoder().encode(text)));
  }

  keys(names: readonly string[]): void {
    this.#input((queue) => queue.keys(names));
  }

  takeSize(cols: number, rows: number): void {
    if (this.#isOver) return;
    this.#wish = { cols, rows, isNew: true };
    this.#sendWish();
  }

  releaseSize(): void {
    this.#wish = null;
    if (this.#subscription?.isGiven) this.#tell({ type: 'size', channel: this.#o.number, action: 'release' });
  }

  close(): void {
    if (this.#state === 'closed') return;
    if (this.#subscription) this.#tell({ type: 'unsubscribe', channel: this.#o.number });
    this.#end('closed');
    this.#queue.clear();
  }

  /** The daemon does not give the session out, or does not talk to us at all. */
  refuse(problem: TerminalProblem): void {
    if (this.#isOver) return;
    this.#end('closed');
    this.#o.sink.error?.(problem);
  }

  /** A connection is there. */
  connected(wire: Wire): void {
    if (this.#isOver) return;
    const acknowledgements = new Acknowledgements(this.#o.number, this.#o.timers, wire.send);
    this.#subscription = { wire, isGiven: false, acknowledgements, refusal: null, decides: null };
    const { number: channel, session, lines, role } = this.#o;
    this.#tell({ type: 'subscribe', channel, session, lines, role, ...(this.#place ?? {}) });
  }

  /** The connection is no more. */
  lost(): void {
    if (this.#isOver) return;
    this.#unsubscribed();
    if (this.#state === 'live') this.#state = 'reconnecting';
  }

  /** What was drawn is not trusted any more: the next subscription begins with a snapshot. */
  forgetPlace(): void {
    this.#place = null;
  }

  message(message: ChannelMessage): void {
    if (this.#isOver) return;
    switch (message.type) {
      case 'subscribed':
        this.#subscribed(message);
        break;
      case 'unsubscribed':
        this.#ungiven(message.reason);
        break;
      case 'size':
        this.#sized(message);
        break;
      case 'presence':
        this.#o.sink.presence?.({ viewers: message.viewers, attached: message.attached });
        break;
      case 'error':
        this.#refused(message);
        break;
    }
  }

  /** @throws Error when it does not follow what came before */
  frame(frame: ServerFrame): void {
    const subscription = this.#subscription;
    if (this.#isOver || !subscription) return;
    if (frame.type === 'inputAck') this.#o.input.acknowledged(frame.n);
    else this.#streamed(frame, subscription);
  }

  get #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'ended';
  }

  #input(put: (queue: InputQueue) => string | null): void {
    if (this.#isOver) return;
    const refusal =
      this.#role === 'follow' ? 'This view only watches: nothing was typed.' : put(this.#o.input);
    if (refusal !== null) this.#problem(this.#role === 'follow' ? 'forbidden' : 'invalid_request', refusal);
  }

  #subscribed({ session, role, settled }: Extract<ServerMessage, { type: 'subscribed' }>): void {
    const subscription = this.#subscription;
    if (!subscription || subscription.isGiven) return;
    subscription.isGiven = true;
    this.#state = 'live';
    this.#role = role;
    this.#o.sink.subscribed?.({ session, role });
    if (role === 'follow') return;
    if (this.#wish?.isNew) this.#sendWish();
    if (this.#o.input.attach(this.#port, settled)) {
      this.#problem(
        'internal',
        'What was typed just before the connection broke may or may not have arrived: look before you type it again.',
      );
    }
  }

  #streamed(frame: StreamFrame, subscription: Subscription): void {
    const { sink } = this.#o;
    switch (frame.type) {
      case 'snapshot': {
        const { cols, rows, bytes, epoch, seq, last } = frame;
        if (!frame.first && !this.#isDrawing) throw new Error('the daemon sent the rest of a snapshot alone');
        if (frame.first) {
          this.#place = null;
          this.#queue.push(() => sink.reset({ cols, rows }));
        }
        this.#isDrawing = !last;
        this.#parse(subscription, frameHeaderBytes + sizeBytes + bytes.length, () => sink.write(bytes));
        if (last) {
          this.#place = { epoch, seq };
          this.#queue.push(() => sink.snapshotDone?.());
        }
        return;
      }
      case 'output': {
        const { bytes } = frame;
        this.#expect(frame);
        this.#place = { epoch: frame.epoch, seq: frame.seq + bytes.length };
        this.#parse(subscription, frameHeaderBytes + bytes.length, () => sink.write(bytes));
        return;
      }
      case 'resize': {
        const { cols, rows } = frame;
        this.#expect(frame);
        this.#place = { epoch: frame.epoch, seq: frame.seq + 1 };
        this.#parse(subscription, frameHeaderBytes + sizeBytes, () => sink.resize({ cols, rows }));
        return;
      }
      case 'ended':
        this.#end('ended');
        this.#queue.push(() => sink.ended());
    }
  }

  /** Nothing may be missing, and nothing may come twice. */
  #expect({ type, epoch, seq }: { type: string; epoch: number; seq: number }): void {
    const place = this.#place;
    if (place && !this.#isDrawing && place.epoch === epoch && place.seq === seq) return;
    throw new Error(`the daemon sent ${type} of another place in the stream`);
  }

  #parse({ acknowledgements }: Subscription, length: number, call: () => void | Promise<void>): void {
    this.#queue.push(withThen(call, () => acknowledgements.parsed(length)));
  }

  #refused({ n, again, code, message }: Extract<ServerMessage, { type: 'error' }>): void {
    if (n !== undefined) {
      this.#o.input.refused(again === true);
      // What is sent again is not worth a word.
      if (again !== true) this.#problem(code, message);
    } else if (this.#subscription?.isGiven === false) this.#subscription.refusal = { code, message };
    else this.#problem(code, message);
  }

  /** Refused; or the daemon let go of us, being too slow or asleep: what we have is still good then. */
  #ungiven(reason: string): void {
    const subscription = this.#subscription;
    if (!subscription) return;
    const { wire, refusal } = subscription;
    if (!subscription.isGiven && refusal?.code !== 'session_busy') {
      this.refuse(refusal ?? { code: 'internal', message: reason });
      return;
    }
    this.#unsubscribed();
    if (!subscription.isGiven) {
      this.#stopAgain = this.#o.timers.after(startingMs, () => this.connected(wire));
      return;
    }
    this.#state = 'reconnecting';
    this.#problem('internal', `The daemon ended the view: ${reason}. It is asked for again.`);
    this.#stopAgain = this.#o.timers.after(againMs, () => this.connected(wire));
  }

  /** Who had the size taken away does not take it back by itself; who only made room for the machine's terminal does. */
  #sized({ cols, rows, decides }: Extract<ServerMessage, { type: 'size' }>): void {
    const subscription = this.#subscription;
    if (!subscription) return;
    const before = subscription.decides;
    subscription.decides = decides;
    if (decides === 'other' && this.#wish?.isNew === false) this.#wish = null;
    if (decides === 'nobody' && (before === null || before === 'local')) this.#sendWish();
    this.#o.sink.size?.({ cols, rows, decides });
  }

  #sendWish(): void {
    if (!this.#wish || !this.#subscription?.isGiven || this.#role === 'follow') return;
    const { cols, rows } = this.#wish;
    this.#wish.isNew = false;
    this.#tell({ type: 'size', channel: this.#o.number, action: 'take', cols, rows });
  }

  #tell(message: ViewerMessage): void {
    this.#subscription?.wire.send(JSON.stringify(message));
  }

  #problem(code: string, message: string): void {
    this.#o.sink.error?.({ code, message });
  }

  #unsubscribed(): void {
    this.#stopAgain?.();
    this.#stopAgain = null;
    this.#subscription?.acknowledgements.stop();
    this.#subscription = null;
    this.#o.input.detach(this.#port);
    // Half a snapshot is no place to go on from.
    this.#isDrawing = false;
  }

  #end(state: 'ended' | 'closed'): void {
    this.#state = state;
    this.#unsubscribed();
    this.#o.onClosed();
  }
}

/** `then` follows `call`, at once unless it takes time, and also when it fails. */
function withThen(call: () => void | Promise<void>, then: () => void): () => void | Promise<void> {
  return () => {
    let done: void | Promise<void>;
    try {
      done = call();
    } catch (error) {
      then();
      throw error;
    }
    if (done) return done.finally(then);
    then();
  };
}
