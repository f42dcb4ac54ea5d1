import { createHash } from 'node:crypto';
import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import xterm from '@xterm/headless';
import type { LiveTerminal } from '../src/terminals/live-terminal.ts';

/**
 * A viewer that keeps up as long as it is let: draws a snapshot into a terminal of its own and then all that follows it
 * in the log, and starts over where that is gone.
 */
export class ViewerTerminal implements Disposable {
  /** Of the bytes of the log since the first snapshot. */
  readonly hash = createHash('sha256');
  length = 0;
  snapshots = 0;
  /** A snapshot that could not be had. */
  failure: unknown = null;
  readonly #terminal: LiveTerminal;
  readonly #lines: number;
  readonly #screen = new xterm.Terminal({ cols: 80, rows: 24, scrollback: 10_000, allowProposedApi: true });
  readonly #listening: Disposable;
  #place: { epoch: number; seq: number } | null = null;
  #isDrawing = false;
  #isClosed = false;

  constructor(terminal: LiveTerminal, lines = 0) {
    this.#screen.unicode.register(cellWidth);
    this.#screen.unicode.activeVersion = cellWidth.version;
    this.#terminal = terminal;
    this.#lines = lines;
    this.#listening = terminal.listen({ appended: () => this.#follow(), ended: () => this.#follow() });
    void this.#draw();
  }

  /** Everything that is in the log is drawn. */
  get isUpToDate(): boolean {
    const { epoch, end } = this.#terminal.log;
    return this.#place?.epoch === epoch && this.#place.seq === end;
  }

  /** Column and row. */
  get cursor(): string {
    const { cursorX, cursorY } = this.#screen.buffer.active;
    return `${cursorX} ${cursorY}`;
  }

  /** The rows of the screen as text, as tmux prints them. */
  async text(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#screen.write('', resolve));
    const { baseY } = this.#screen.buffer.active;
    return this.#textOf(baseY, baseY + this.#screen.rows);
  }

  /** The rows above the screen. */
  async history(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#screen.write('', resolve));
    return this.#textOf(0, this.#screen.buffer.active.baseY);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#listening[Symbol.dispose]();
    this.#screen.dispose();
  }

  #textOf(from: number, to: number): string[] {
    const { active } = this.#screen.buffer;
    const rows = Array.from({ length: to - from }, (_, index) => active.getLine(from + index));
    return rows.map((row) => (row?.translateToString(true) ?? '').trimEnd());
  }

  async #draw(): Promise<void> {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    this.#place = null;
    try {
      const snapshot = await this.#terminal.snapshot({ lines: this.#lines, maxBytes: null });
      if (this.#isClosed) return;
      this.snapshots++;
      this.#screen.reset();
      this.#screen.resize(snapshot.cols, snapshot.rows);
      this.#screen.write(snapshot.bytes);
      this.#place = { epoch: snapshot.epoch, seq: snapshot.seq };
    } catch (error) {
      this.failure = error;
      return;
    } finally {
      this.#isDrawing = false;
    }
    this.#follow();
  }

  #follow(): void {
    if (!this.#place || this.#isClosed) return;
    const { epoch, seq } = this.#place;
    const { log } = this.#terminal;
    const pieces = log.read(epoch, seq, Number.POSITIVE_INFINITY);
    if (pieces === 'gone' || seq < log.redrawnAt) {
      void this.#draw();
      return;
    }
    let at = seq;
    for (const piece of pieces) {
      if (piece.type === 'resize') {
        this.#resize(piece.cols, piece.rows);
        at++;
      } else {
        this.hash.update(piece.bytes);
        this.length += piece.bytes.length;
        // A copy: the log is written to before it is parsed.
        this.#screen.write(piece.bytes.slice());
        at += piece.bytes.length;
      }
    }
    this.#place = { epoch, seq: at };
  }

  /** At its place: behind what was written. */
  #resize(cols: number, rows: number): void {
    this.#screen.write('', () => this.#screen.resize(cols, rows));
  }
}
