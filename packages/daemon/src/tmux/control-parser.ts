/** The answer to one tmux command. */
export interface ControlBlock {
  type: 'block';
  /** Whether it ended in %end; false for %error, with tmux's words in `body`. */
  ok: boolean;
  /** Bit 0: the command came from this client's own input. */
  flags: number;
  /** Everything between the guards, without the last newline. */
  body: Buffer;
}

/** What a control client is told. Notifications without a case of their own have `type: 'other'`. */
export type ControlEvent =
  | ControlBlock
  /** What one pane printed, without a gap; several of tmux's own lines when they come together. */
  | { type: 'output'; paneId: string; data: Buffer }
  | { type: 'pause'; paneId: string }
  | { type: 'continue'; paneId: string }
  | { type: 'layout-change'; layout: string; visible: string }
  | { type: 'window-close'; windowId: string }
  | { type: 'sessions-changed' }
  | { type: 'subscription-changed'; name: string; value: string }
  | { type: 'exit'; reason: string }
  | { type: 'other'; text: string };

const nothing = Buffer.alloc(0);
const newline = 0x0a;
const space = 0x20;
const backslash = 0x5c;
const outputWord = Buffer.from('%output ');
const extendedOutputWord = Buffer.from('%extended-output ');
const beginWord = Buffer.from('%begin ');
const colonWord = Buffer.from(' : ');

/**
 * Reads tmux's control mode: bytes in, events out. Works on bytes throughout, as a pane's output may be cut anywhere,
 * inside a UTF-8 character too.
 */
export class ControlParser {
  readonly #onEvent: (event: ControlEvent) => void;
  /** Pieces of a line whose end has not come yet. */
  #partial: Buffer[] = [];
  #partialLength = 0;
  #block: { guard: string; flags: number; lines: Buffer[] } | null = null;
  /** Holds the output of one push, its escapes undone: never longer than what tmux wrote. */
  #decoded = nothing;
  #decodedEnd = 0;
  /** The pane whose output stands at the end of it, not told yet, and where that begins. */
  #pane = '';
  #paneBytes = new Uint8Array();
  #paneStart = 0;

  constructor(onEvent: (event: ControlEvent) => void) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    // A new one each time: what was told is the reader's.
    this.#decoded = Buffer.allocUnsafe(this.#partialLength + chunk.length);
    this.#decodedEnd = 0;
    this.#paneStart = 0;
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#line(this.#whole(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#partial.push(Buffer.from(chunk.subarray(start)));
      this.#partialLength += chunk.length - start;
    }
    this.#tellOutput();
    // A pane may be quiet for hours after this.
    this.#decoded = nothing;
  }

  #whole(end: Buffer): Buffer {
    if (this.#partial.length === 0) return end;
    const line = Buffer.concat([...this.#partial, end]);
    this.#partial = [];
    this.#partialLength = 0;
    return line;
  }

  #line(line: Buffer): void {
    const block = this.#block;
    if (block) {
      // Anything may stand in a block, lines that look like notifications too: only its own guard ends it.
      const ok = isGuard(line, '%end ', block.guard);
      if (!ok && !isGuard(line, '%error ', block.guard)) {
        block.lines.push(Buffer.from(line));
        return;
      }
      this.#block = null;
      this.#tell({ type: 'block', ok, flags: block.flags, body: joinLines(block.lines) });
    } else if (startsWith(line, outputWord)) {
      const from = line.indexOf(space, outputWord.length);
      if (from !== -1) this.#output(outputWord.length, from, line, from + 1);
    } else if (startsWith(line, extendedOutputWord)) {
      // `%extended-output %1 <age> … : data`: what stands between may grow, the colon ends it.
      const word = line.indexOf(space, extendedOutputWord.length);
      const colon = line.indexOf(colonWord, extendedOutputWord.length);
      if (colon === -1) return;
      this.#output(extendedOutputWord.length, word, line, colon + colonWord.length);
    } else if (startsWith(line, beginWord)) {
      const guard = line.toString('latin1', beginWord.length);
      this.#block = { guard, flags: Number(guard.split(' ')[2] ?? 0), lines: [] };
    } else {
      this.#tell(notification(line.toString('utf8')));
    }
  }

  /** The output of the pane whose id stands between two places of the line. */
  #output(idFrom: number, idEnd: number, line: Buffer, from: number): void {
    const known = this.#paneBytes;
    if (known.length !== idEnd - idFrom || !hasAt(line, idFrom, known)) {
      this.#tellOutput();
      // Memory of its own: it stays as long as the connection, and a small Buffer keeps 64 kB of others with it.
      this.#paneBytes = new Uint8Array(line.subarray(idFrom, idEnd));
      this.#pane = line.toString('latin1', idFrom, idEnd);
    }
    this.#decodedEnd = unescapeOctal(line, from, this.#decoded, this.#decodedEnd);
  }

  #tellOutput(): void {
    const data = this.#decoded.subarray(this.#paneStart, this.#decodedEnd);
    this.#paneStart = this.#decodedEnd;
    if (data.length > 0) this.#onEvent({ type: 'output', paneId: this.#pane, data });
  }

  #tell(event: ControlEvent): void {
    this.#tellOutput();
    this.#onEvent(event);
  }
}

function notification(text: string): ControlEvent {
  const [name, first = '', ...rest] = text.split(' ');
  switch (name) {
    case '%pause':
      return { type: 'pause', paneId: first };
    case '%continue':
      return { type: 'continue', paneId: first };
    case '%layout-change':
      return { type: 'layout-change', layout: rest[0] ?? '', visible: rest[1] ?? '' };
    case '%window-close':
    case '%unlinked-window-close':
      return { type: 'window-close', windowId: first };
    case '%sessions-changed':
      return { type: 'sessions-changed' };
    case '%subscription-changed': {
      const colon = text.indexOf(' : ');
      return { type: 'subscription-changed', name: first, value: colon === -1 ? '' : text.slice(colon + 3) };
    }
    case '%exit':
      return { type: 'exit', reason: text.slice('%exit '.length) };
    default:
      return { type: 'other', text };
  }
}

function startsWith(line: Buffer, word: Buffer): boolean {
  return hasAt(line, 0, word);
}

/** Written out: a few bytes are compared sooner than `Buffer.compare` is called. */
function hasAt(line: Buffer, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) if (line[at + index] !== word[index]) return false;
  return true;
}

function isGuard(line: Buffer, word: string, guard: string): boolean {
  const length = word.length + guard.length;
  return line.length === length && line.toString('latin1') === word + guard;
}

function joinLines(lines: Buffer[]): Buffer {
  const separator = Buffer.from('\n');
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [separator, line])));
}

/**
 * tmux writes control characters and the backslash of a pane's output as three octal digits. Writes what they stand for
 * into `target` from `at` on, and returns where that ends.
 */
function unescapeOctal(line: Buffer, from: number, target: Buffer, at: number): number {
  let end = at;
  for (let index = from; index < line.length; index++) {
    let byte = line[index] ?? 0;
    if (byte === backslash && index + 3 < line.length) {
      byte = (digit(line[index + 1]) << 6) | (digit(line[index + 2]) << 3) | digit(line[index + 3]);
      index += 3;
    }
    target[end++] = byte;
  }
  return end;
}

function digit(byte = 0): number {
  return byte & 7; // 0x30 to 0x37
}
