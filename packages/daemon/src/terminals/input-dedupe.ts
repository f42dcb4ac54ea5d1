import type { ViewerFrame } from '@codepiper/core/terminals/frames.ts';
import { begunCharacter } from './begun-character.ts';
import { PasteAssembly } from './paste-assembly.ts';

/** How long a client's numbers are remembered after its last connection, in milliseconds. */
const rememberMs = 60 * 60_000;
/** Clients remembered per session beyond those that are connected. */
const mostRemembered = 200;
/** Refusals remembered per client, for the case that the client was not there to be told. */
const mostRefusals = 16;
/** Most of one client's input that may wait to be typed. */
const mostWaitingBytes = 4 * 1024 * 1024;
const mostWaitingInputs = 1_000;
const nothing = new Uint8Array();

export type InputFrame = Exclude<ViewerFrame, { type: 'ack' }>;

/** What is to be typed, once and in this order: `bytes` and `keys` as if by hand, `paste` as one paste. */
export interface TypedInput {
  client: string;
  n: number;
  input:
    | { type: 'bytes'; bytes: Uint8Array }
    | { type: 'paste'; text: string }
    | { type: 'keys'; keys: readonly string[] };
}

/** What a connection of a client is told. */
export interface InputListener {
  /** Everything up to n is settled: INPUT_ACK. */
  settled(n: number): void;
  /** `n` was not typed. `again`: it is to be sent again after the next INPUT_ACK, from the first unsettled one on. */
  refused(n: number, reason: string, again: boolean): void;
}

export interface InputConnection {
  /** Last settled number; null for a client that was not known: see `subscribed` of the wire. */
  readonly settled: number | null;
  /** What is to be typed now; null when nothing is. Each is followed by `InputDedupe.settle`. */
  receive(frame: InputFrame, now: number): TypedInput | null;
  close(now: number): void;
}

interface Client {
  connections: Set<InputListener>;
  /** Last number that was taken. */
  taken: number;
  /** Bytes of those that were taken and are not settled, by number. */
  waiting: Map<number, number>;
  waitingBytes: number;
  refusals: Map<number, string>;
  /** The beginning of a character that goes on in the next INPUT. */
  begun: Uint8Array;
  /** When it was last connected. */
  leftAt: number;
}

/**
 * Input of all viewers of one session, each numbered by its client. However often and over however many connections a
 * number is sent, it is typed once, and numbers are typed in order; a client that was forgotten is told so and nothing
 * of it is typed twice.
 */
export class InputDedupe {
  /** In the order in which they were last connected. */
  readonly #clients = new Map<string, Client>();

  open(id: string, listener: InputListener, now: number): InputConnection {
    this.#forget(now);
    const known = this.#clients.get(id);
    const client = known ?? newClient();
    this.#clients.delete(id);
    this.#clients.set(id, client);
    client.connections.add(listener);
    const paste = new PasteAssembly();
    return {
      settled: known ? settledOf(known) : null,
      receive: (frame) => this.#receive(id, client, paste, frame, listener),
      close: (at) => {
        client.connections.delete(listener);
        client.leftAt = at;
      },
    };
  }

  /**
   * The input was typed, or not (`refusal` says why, for people), and will not be. Every connection of its client is
   * told. Does nothing when it was settled before.
   */
  settle({ client: id, n }: Pick<TypedInput, 'client' | 'n'>, refusal: string | null): void {
    const client = this.#clients.get(id);
    const bytes = client?.waiting.get(n);
    if (!client || bytes === undefined) return;
    client.waiting.delete(n);
    client.waitingBytes -= bytes;
    if (refusal !== null) {
      client.refusals.set(n, refusal);
      const [oldest] = client.refusals.keys();
      if (client.refusals.size > mostRefusals && oldest !== undefined) client.refusals.delete(oldest);
    }
    for (const listener of [...client.connections]) {
      if (refusal !== null) listener.refused(n, refusal, false);
      listener.settled(settledOf(client));
    }
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#clients.size;
  }

  #receive(
    id: string,
    client: Client,
    paste: PasteAssembly,
    frame: InputFrame,
    listener: InputListener,
  ): TypedInput | null {
    const { n } = frame;
    if (!client.connections.has(listener)) return null;
    if (paste.n !== null && (frame.type !== 'paste' || frame.n !== paste.n)) {
      const cut = paste.n;
      paste.take();
      this.#sendAgain(
        client,
        cut,
        'The paste was cut short: another input came before its last piece.',
        listener,
      );
    }
    // Pieces of what will not be typed need no memory.
    if (frame.type === 'paste' && !paste.add(frame, n === client.taken + 1)) return null;
    const pasted = frame.type === 'paste' ? paste.take() : null;
    if (n <= client.taken) {
      this.#repeat(client, n, listener);
      return null;
    }
    // The beginning of a paste that came too early is gone, also when its turn has come meanwhile.
    if (n !== client.taken + 1 || pasted?.isWhole === false) {
      this.#sendAgain(client, n, `Input ${n} came before the one that precedes it.`, listener);
      return null;
    }
    const bytes = pasted?.bytes ?? (frame.type === 'keys' ? frame.keys.length : frame.bytes.length);
    if (client.waiting.size >= mostWaitingInputs || client.waitingBytes + bytes > mostWaitingBytes) {
      listener.refused(n, 'Too much input waits to be typed: the program does not read.', true);
      return null;
    }
    client.taken = n;
    client.waiting.set(n, bytes);
    client.waitingBytes += bytes;
    // Half a character before something else stays half: it is not typed.
    if (frame.type !== 'input') client.begun = nothing;
    const result = pasted?.result ?? read(client, frame);
    if ('input' in result) return { client: id, n, input: result.input };
    this.settle({ client: id, n }, result.refusal);
    return null;
  }

  /** Told to the one who asks; what still waits is told to all when it is settled. */
  #repeat(client: Client, n: number, listener: InputListener): void {
    if (client.waiting.has(n)) return;
    const refusal = client.refusals.get(n);
    if (refusal !== undefined) listener.refused(n, refusal, false);
    listener.settled(settledOf(client));
  }

  #sendAgain(client: Client, n: number, reason: string, listener: InputListener): void {
    listener.refused(n, reason, true);
    // Otherwise the next acknowledgement comes by itself.
    if (client.waiting.size === 0) listener.settled(client.taken);
  }

  #forget(now: number): void {
    const away = [...this.#clients].filter(
      ([, client]) => client.connections.size === 0 && client.waiting.size === 0,
    );
    away.forEach(([id, client], index) => {
      if (now - client.leftAt >= rememberMs || away.length - index > mostRemembered) this.#clients.delete(id);
    });
  }
}

/** What an input comes to: something to type, or nothing, with the reason when it should have been something. */
export type ReadInput = { input: TypedInput['input'] } | { refusal: string | null };

function read(client: Client, frame: InputFrame): ReadInput {
  if (frame.type === 'keys') return { input: { type: 'keys', keys: frame.keys } };
  // A copy in any case: the frame is another's.
  const bytes =
    client.begun.length === 0 ? Buffer.from(frame.bytes) : Buffer.concat([client.begun, frame.bytes]);
  const whole = bytes.length - begunCharacter(bytes);
  // A copy: a client is remembered for an hour, and a view would keep the memory of many such inputs with it.
  client.begun = whole === bytes.length ? nothing : new Uint8Array(bytes.subarray(whole));
  return whole === 0 ? { refusal: null } : { input: { type: 'bytes', bytes: bytes.subarray(0, whole) } };
}

function newClient(): Client {
  return {
    connections: new Set(),
    taken: 0,
    waiting: new Map(),
    waitingBytes: 0,
    refusals: new Map(),
    begun: nothing,
    leftAt: 0,
  };
}

/** Everything up to it is settled. */
function settledOf({ taken, waiting }: Client): number {
  // They are in the order in which they were taken.
  const [first] = waiting.keys();
  return first === undefined ? taken : first - 1;
}
