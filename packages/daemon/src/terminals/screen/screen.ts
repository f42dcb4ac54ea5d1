import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import xterm from '@xterm/headless';
import type { PaneState } from '../../tmux/pane-state.ts';
import { divideHistory, drawAbove, type PackedRows } from './above.ts';
import { type Internals, internalsOf } from './internals.ts';
import { rebuild } from './rebuild.ts';
import { cutToSize } from './resized.ts';
import { serialize } from './snapshot.ts';
import { Unfinished } from './unfinished.ts';

export interface ScreenOptions {
  cols: number;
  rows: number;
  /** Lines of history that are kept. */
  scrollback: number;
  /**
   * How many of them come from what was printed since the last picture, where that is fewer: laid out, a line takes ten
   * times what it takes in a picture.
   */
  laidOut?: number;
}

export interface Snapshot {
  cols: number;
  rows: number;
  /**
   * To be written to a fresh terminal of this size. The stream goes on right behind it: where that is in the middle
   * of a sequence or a character, so is the end of this; the emulator must be given whole characters then too.
   */
  data: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/**
 * The terminal of a session as the daemon sees it, for snapshots of it at any moment. What it answers to queries goes
 * nowhere: tmux answers them.
 */
export class Screen implements Disposable {
  readonly #scrollback: number;
  readonly #laidOut: number;
  #terminal: xterm.Terminal;
  #core: Internals;
  /** History from before the last picture. */
  #above: PackedRows | null = null;
  /** Lines were dropped above those the emulator has. */
  #isCut = false;
  #unfinished = new Unfinished();

  constructor({ cols, rows, scrollback, laidOut = scrollback }: ScreenOptions) {
    this.#scrollback = scrollback;
    this.#laidOut = Math.min(laidOut, scrollback);
    this.#terminal = this.#open(cols, rows);
    this.#core = internalsOf(this.#terminal);
  }

  /** The emulator, for comparisons in tests and reading cells. */
  get core(): Internals {
    return this.#core;
  }

  get cols(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  /**
   * Prints what the program printed, at any split. Done when it returns: about 2 to 7 ms for 64 KB, so larger blocks
   * are the caller's to divide.
   */
  write(bytes: Uint8Array): void {
    const whole = this.#unfinished.whole(bytes);
    const { _inputHandler: input } = this.#core;
    input.parse(whole);
    this.#unfinished.follow(whole, input._parser.currentState);
    this.#noteCut();
  }

  /** Whether there were so many lines of history once, and only another picture has them. */
  isShortOf(lines: number): boolean {
    return this.#isCut && lines > this.#core.buffers.normal.ybase;
  }

  /**
   * Lines of the main screen that wrap are laid out anew, but for history from before the last picture: where there was
   * any, another picture tells better what a pane does with it.
   */
  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    cutToSize(this.#core);
    this.#noteCut();
  }

  /**
   * Starts over from what tmux tells of the pane. What it does not tell is as in a fresh terminal: the pen, charsets,
   * the cursor kept by DECSC (but for that behind the alternate screen), focus reports. History is kept as tmux told it:
   * laid out it would take ten times the memory, and as much time as a snapshot of it again.
   *
   * @param above what `divideHistory` took from the state already
   */
  restore(state: PaneState, above?: PackedRows): void {
    const divided = above ? { above, near: state.history } : divideHistory(state.history);
    this.#terminal.dispose();
    this.#terminal = this.#open(state.cols, state.rows);
    this.#core = internalsOf(this.#terminal);
    this.#unfinished = new Unfinished();
    rebuild(this.#core, { ...state, history: divided.near });
    this.#above = divided.above;
    this.#isCut = false;
    this.write(state.pending);
  }

  /** @param lines of history, at most; all of it when there are fewer */
  snapshot({ lines }: { lines: number }): Snapshot {
    const { ybase } = this.#core.buffers.normal;
    const older = Math.min(lines - ybase, this.#scrollback - ybase, this.#above?.count ?? 0);
    const above =
      this.#above && older > 0
        ? { rows: older, text: drawAbove(this.#above, older, this.cols) }
        : { rows: 0, text: '' };
    const drawn = encoder.encode(serialize(this.#core, lines, above));
    const { bytes } = this.#unfinished;
    const data = new Uint8Array(drawn.length + bytes.length);
    data.set(drawn);
    data.set(bytes, drawn.length);
    return { cols: this.cols, rows: this.rows, data };
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }

  /** What is full counts as cut: whether a line was dropped since is not worth a look at each line. */
  #noteCut(): void {
    if (this.#isCut || this.#laidOut === this.#scrollback) return;
    if (this.#core.buffers.normal.ybase < this.#laidOut) return;
    this.#isCut = true;
    this.#above = null;
  }

  #forgetHistory(): void {
    this.#above = null;
    this.#isCut = false;
  }

  #open(cols: number, rows: number): xterm.Terminal {
    const terminal = new xterm.Terminal({
      ...{ cols, rows, scrollback: this.#laidOut },
      ...{ allowProposedApi: true, logLevel: 'off' },
    });
    // As many cells as tmux gives a character.
    terminal.unicode.register(cellWidth);
    terminal.unicode.activeVersion = cellWidth.version;
    guardErase(terminal);
    wrapPlainly(terminal);
    // What clears the emulator's history clears what stands above it too: ED 3 and RIS.
    terminal.parser.registerCsiHandler({ final: 'J' }, (params) => {
      if (params[0] === 3) this.#forgetHistory();
      return false;
    });
    terminal.parser.registerEscHandler({ final: 'c' }, () => {
      this.#forgetHistory();
      return false;
    });
    return terminal;
  }
}

/**
 * ED 1 in the last column of the last row throws in the emulator while there is no history: it looks at the line below.
 * The same must be done in a viewer, where it stops the terminal for good.
 */
function guardErase(terminal: xterm.Terminal): void {
  const core = internalsOf(terminal);
  terminal.parser.registerCsiHandler({ final: 'J' }, (params) => {
    const { active } = core.buffers;
    if (params[0] !== 1 || active.lines.get(active.y + 1)) return false;
    active.lines.push(active.getBlankLine(core._inputHandler._curAttrData));
    core._inputHandler.eraseInDisplay({ params: [1] });
    active.lines.pop();
    return true;
  });
}

/**
 * A line that wraps at the bottom goes on in an empty one, as in tmux; the emulator alone fills that one with the
 * background of the pen. The same must be done in a viewer.
 */
function wrapPlainly(terminal: xterm.Terminal): void {
  const { _bufferService: service, buffers } = internalsOf(terminal);
  const scroll = service.scroll.bind(service);
  service.scroll = (look, isWrapped) => scroll(isWrapped ? buffers.active.getNullCell() : look, isWrapped);
}
