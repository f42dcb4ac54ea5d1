import { encodeFrame, maxPasteBytes } from '@codepiper/core/terminals/frames.ts';

/** Text and pieces of pastes per frame: a keystroke behind a paste does not wait long for its turn. */
const pieceBytes = 64 * 1024;
/** Input under way that is not settled. What is behind waits here, where it can still be put together. */
const mostSent = 100;
const mostSentBytes = 1024 * 1024;
/** All input that waits. Two of the longest pastes. */
const mostWaitingBytes = 2 * maxPasteBytes;
/** Names of keys per frame, and bytes of them. */
const mostKeys = 64;
const mostNameBytes = 40;

type Entry =
  | { type: 'input'; pieces: Uint8Array[]; bytes: number }
  | { type: 'paste'; pieces: Uint8Array[]; bytes: number }
  | { type: 'keys'; keys: readonly string[]; bytes: number };

/** Takes frames to the daemon, for one subscription. */
export interface InputPort {
  readonly channel: number;
  send(frame: Uint8Array<ArrayBuffer>): void;
}

/**
 * What one client types into one session: numbered when it is first sent, kept until it is settled, sent again when a
 * new connection says that it was not. Each input is typed once, in order, or said not to be.
 */
export class InputQueue {
  /** Sent and not settled: the first has number `#first`, the next one more, and so on. */
  #sent: Entry[] = [];
  #first = 1;
  /** Not sent yet. */
  #waiting: Entry[] = [];
  #bytes = 0;
  /** The newest last; it is the one that is used. */
  #ports: InputPort[] = [];
  #isNumbered = false;
  /** All that is sent is sent again after the next acknowledgement. */
  #isRepeating = false;

  /** Bytes that are not settled. */
  get unsettledBytes(): number {
    return this.#bytes;
  }

  /** @returns why it is refused, for people; null when it is taken */
  type(bytes: Uint8Array): string | null {
    for (const piece of cutUtf8(bytes, pieceBytes)) {
      const refusal = this.#refusal(piece.length);
      if (refusal !== null) return refusal;
      const last = this.#waiting.at(-1);
      this.#bytes += piece.length;
      if (last?.type === 'input' && last.bytes + piece.length <= pieceBytes) {
        last.pieces.push(piece);
        last.bytes += piece.length;
      } else this.#waiting.push({ type: 'input', pieces: [piece], bytes: piece.length });
    }
    this.#pump();
    return null;
  }

  /** As `type`; all or nothing. */
  paste(bytes: Uint8Array): string | null {
    if (bytes.length === 0) return null;
    if (bytes.length > maxPasteBytes) {
      return `The paste has ${bytes.length} bytes, the most is ${maxPasteBytes}: it was not typed. Paste a part, or a file's name.`;
    }
    const refusal = this.#refusal(bytes.length);
    if (refusal !== null) return refusal;
    this.#bytes += bytes.length;
    this.#waiting.push({ type: 'paste', pieces: cutUtf8(bytes, pieceBytes), bytes: bytes.length });
    this.#pump();
    return null;
  }

  /** As `type`. */
  keys(names: readonly string[]): string | null {
    const bad = names.find((name) => !/^[^\n]{1,40}$/.test(name));
    if (bad !== undefined) return `"${bad.slice(0, 80)}" is no name of a key: it was not pressed.`;
    for (let at = 0; at < names.length; at += mostKeys) {
      const keys = names.slice(at, at + mostKeys);
      const refusal = this.#refusal(keys.length * mostNameBytes);
      if (refusal !== null) return refusal;
      this.#bytes += keys.length * mostNameBytes;
      this.#waiting.push({ type: 'keys', keys, bytes: keys.length * mostNameBytes });
    }
    this.#pump();
    return null;
  }

  /**
   * A subscription is there.
   *
   * @param settled as the daemon said it: null when it does not know this client
   * @returns whether input was given up that may or may not have been typed
   */
  attach(port: InputPort, settled: number | null): boolean {
    this.#ports.push(port);
    let isLost = false;
    if (settled === null) {
      isLost = this.#sent.length > 0;
      for (const entry of this.#sent) this.#bytes -= entry.bytes;
      this.#sent = [];
      this.#first = 1;
    } else if (this.#isNumbered && settled < this.#first + this.#sent.length) this.#settle(settled);
    else {
      // Somebody went by our name before us, and typed more than we know of.
      isLost = this.#sent.length > 0;
      for (const entry of this.#sent) this.#bytes -= entry.bytes;
      this.#sent = [];
      this.#first = settled + 1;
    }
    this.#isNumbered = true;
    this.#isRepeating = false;
    this.#repeat();
    this.#pump();
    return isLost;
  }

  detach(port: InputPort): void {
    this.#ports = this.#ports.filter((one) => one !== port);
  }

  /** Everything up to n is settled. */
  acknowledged(n: number): void {
    this.#settle(n);
    if (this.#isRepeating) {
      this.#isRepeating = false;
      this.#repeat();
    }
    this.#pump();
  }

  /** The input n was not typed; what is to be sent again is after the next acknowledgement. */
  refused(again: boolean): void {
    if (again) this.#isRepeating = true;
  }

  #refusal(bytes: number): string | null {
    if (this.#bytes + bytes <= mostWaitingBytes) return null;
    return 'Too much input waits to be typed: the program does not read, or the connection is gone. This was not typed.';
  }

  #settle(n: number): void {
    const count = Math.min(Math.max(0, n - this.#first + 1), this.#sent.length);
    for (const entry of this.#sent.splice(0, count)) this.#bytes -= entry.bytes;
    this.#first += count;
  }

  #repeat(): void {
    this.#sent.forEach((entry, index) => {
      this.#send(entry, this.#first + index);
    });
  }

  #pump(): void {
    if (this.#ports.length === 0 || this.#isRepeating) return;
    let bytes = this.#sent.reduce((sum, entry) => sum + entry.bytes, 0);
    for (;;) {
      const [entry] = this.#waiting;
      if (!entry || this.#sent.length >= mostSent) return;
      if (this.#sent.length > 0 && bytes + entry.bytes > mostSentBytes) return;
      this.#waiting.shift();
      this.#sent.push(entry);
      bytes += entry.bytes;
      this.#send(entry, this.#first + this.#sent.length - 1);
    }
  }

  #send(entry: Entry, n: number): void {
    const port = this.#ports.at(-1);
    if (!port) return;
    const { channel } = port;
    if (entry.type === 'keys') port.send(encodeFrame({ type: 'keys', channel, n, keys: entry.keys }));
    else if (entry.type === 'input') {
      port.send(encodeFrame({ type: 'input', channel, n, bytes: concat(entry.pieces, entry.bytes) }));
    } else {
      entry.pieces.forEach((bytes, index) => {
        const last = index === entry.pieces.length - 1;
        port.send(encodeFrame({ type: 'paste', channel, n, last, bytes }));
      });
    }
  }
}

/** Pieces of at most so many bytes; no character of valid UTF-8 is cut. Views of `bytes`. */
function cutUtf8(bytes: Uint8Array, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + most);
    // A byte 10xxxxxx goes on with the character before it.
    for (let back = 0; to < bytes.length && back < 3 && ((bytes[to] ?? 0) & 0xc0) === 0x80; back++) to--;
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

function concat(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
