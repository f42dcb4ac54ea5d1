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
  | { type: 'output'; paneId: string; data: Buffer }
  | { type: 'pause'; paneId: string }
  | { type: 'continue'; paneId: string }
  | { type: 'layout-change'; windowId: string; layout: string }
  | { type: 'window-close'; windowId: string }
  | { type: 'sessions-changed' }
  | { type: 'subscription-changed'; name: string; value: string }
  | { type: 'exit'; reason: string }
  | { type: 'other'; text: string };

const newline = 0x0a;
const backslash = 0x5c;

/**
 * Reads tmux's control mode: bytes in, events out. Works on bytes throughout, as a pane's output may be cut anywhere,
 * inside a UTF-8 character too.
 */
export class ControlParser {
  readonly #onEvent: (event: ControlEvent) => void;
  /** Pieces of a line whose end has not come yet. */
  #partial: Buffer[] = [];
  #block: { guard: string; flags: number; lines: Buffer[] } | null = null;

  constructor(onEvent: (event: ControlEvent) => void) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#partial.push(chunk.subarray(start, end));
      const line = this.#partial.length === 1 ? this.#partial[0] : Buffer.concat(this.#partial);
      this.#partial = [];
      start = end + 1;
      if (line) this.#line(line);
    }
    if (start < chunk.length) this.#partial.push(Buffer.from(chunk.subarray(start)));
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
      this.#onEvent({ type: 'block', ok, flags: block.flags, body: joinLines(block.lines) });
      return;
    }
    if (startsWith(line, '%output ')) {
      const space = line.indexOf(0x20, 8);
      if (space === -1) return;
      const paneId = line.toString('latin1', 8, space);
      this.#onEvent({ type: 'output', paneId, data: unescapeOctal(line.subarray(space + 1)) });
    } else if (startsWith(line, '%extended-output ')) {
      // `%extended-output %1 <age> … : data`: what stands between may grow, the colon ends it.
      const colon = line.indexOf(' : ', 17, 'latin1');
      const space = line.indexOf(0x20, 17);
      if (colon === -1) return;
      const paneId = line.toString('latin1', 17, space);
      this.#onEvent({ type: 'output', paneId, data: unescapeOctal(line.subarray(colon + 3)) });
    } else if (startsWith(line, '%begin ')) {
      const guard = line.toString('latin1', 7);
      this.#block = { guard, flags: Number(guard.split(' ')[2] ?? 0), lines: [] };
    } else {
      this.#onEvent(notification(line.toString('utf8')));
    }
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
      return { type: 'layout-change', windowId: first, layout: rest[0] ?? '' };
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

function startsWith(line: Buffer, prefix: string): boolean {
  return line.length >= prefix.length && line.toString('latin1', 0, prefix.length) === prefix;
}

function isGuard(line: Buffer, word: string, guard: string): boolean {
  const length = word.length + guard.length;
  return line.length === length && line.toString('latin1') === word + guard;
}

function joinLines(lines: Buffer[]): Buffer {
  const separator = Buffer.from('\n');
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [separator, line])));
}

/** tmux writes control characters and the backslash of a pane's output as three octal digits. */
function unescapeOctal(escaped: Buffer): Buffer {
  const result = Buffer.allocUnsafe(escaped.length);
  let length = 0;
  for (let index = 0; index < escaped.length; index++) {
    const byte = escaped[index] ?? 0;
    if (byte === backslash && index + 3 < escaped.length) {
      const value = Number.parseInt(escaped.toString('latin1', index + 1, index + 4), 8);
      result[length++] = value & 0xff;
      index += 3;
    } else {
      result[length++] = byte;
    }
  }
  return result.subarray(0, length);
}
