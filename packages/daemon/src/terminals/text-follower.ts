import xterm from '@xterm/headless';

/** A full-screen program redraws in pieces; its screen is read when it has been quiet this long, in milliseconds. */
const quietMs = 250;
const scrollback = 2_000;

/**
 * Turns the bytes of a pane into lines of plain text. A terminal reads them, so control sequences never come through
 * and a line that a progress bar rewrites is told once, when the cursor has left it. Full-screen programs have no
 * finished lines: of those, lines that are new on the screen are told when it is quiet.
 */
export class TextFollower implements Disposable {
  readonly #terminal: xterm.Terminal;
  readonly #tell: (lines: string[]) => void;
  #next: xterm.IMarker | undefined;
  #shown = new Set<string>();
  #quiet: NodeJS.Timeout | null = null;

  constructor(size: { cols: number; rows: number }, tell: (lines: string[]) => void) {
    this.#terminal = new xterm.Terminal({ ...size, scrollback, allowProposedApi: true });
    this.#tell = tell;
    this.#next = this.#terminal.registerMarker(0);
  }

  /** Resolves when the bytes are read. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      for (let at = 0; at === 0 || at < bytes.length; at += scrollback) {
        // No more lines than are remembered until they are told, even where each is one byte.
        this.#terminal.write(bytes.subarray(at, at + scrollback), () => {
          if (this.#terminal.buffer.active.type === 'normal') this.#tellFinishedLines();
          else this.#tellWhenQuiet();
          if (at + scrollback >= bytes.length) resolve();
        });
      }
    });
  }

  /** Tells what is on the last line although the cursor has not left it. */
  end(): void {
    const buffer = this.#terminal.buffer.active;
    if (buffer.type !== 'normal') {
      this.#tellScreen();
      return;
    }
    const rest = buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(true) ?? '';
    if (rest !== '') this.#tell([rest]);
  }

  [Symbol.dispose](): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    this.#terminal.dispose();
  }

  #tellFinishedLines(): void {
    const buffer = this.#terminal.buffer.active;
    const cursorLine = buffer.baseY + buffer.cursorY;
    const from = this.#next && !this.#next.isDisposed ? this.#next.line : 0;
    const lines: string[] = [];
    for (let at = from; at < cursorLine; at++) {
      const line = buffer.getLine(at);
      const text = line?.translateToString(!buffer.getLine(at + 1)?.isWrapped) ?? '';
      if (line?.isWrapped && lines.length > 0) lines.push(`${lines.pop()}${text}`);
      else lines.push(text);
    }
    if (lines.length === 0) return;
    this.#next?.dispose();
    this.#next = this.#terminal.registerMarker(0);
    this.#tell(lines);
  }

  #tellWhenQuiet(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#tellScreen(), quietMs);
  }

  #tellScreen(): void {
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < this.#terminal.rows; row++) {
      const text = buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '';
      if (text.trim() !== '') lines.push(text);
    }
    const fresh = lines.filter((line) => !this.#shown.has(line));
    this.#shown = new Set(lines);
    if (fresh.length > 0) this.#tell(fresh);
  }
}
