import type { TerminalSize } from '@codepiper/client/terminal-link.ts';
import type { Terminal } from '@xterm/xterm';
import { drawQuickly, type Emulator } from './emulator.ts';
import { fontFor, usualFont } from './fit-font.ts';
import { cellMeasure } from './measure-cells.ts';

/** How long a window must keep its size before the pane gets it, in milliseconds. */
const settleMs = 120;
/** What the emulator keeps free for its scroll bar, in CSS pixels. */
const scrollBar = 14;

/**
 * Brings grid and window together: the letters give way to a grid that somebody else decided; a window that decides gives
 * the pane the grid that fits it. Begins when the terminal is in the page.
 */
export class GridFit implements Disposable {
  readonly #terminal: Terminal;
  readonly #fit: Emulator['fit'];
  readonly #host: HTMLElement;
  readonly #take: (size: TerminalSize) => void;
  readonly #cellAt: ReturnType<typeof cellMeasure>;
  readonly #watched = new ResizeObserver(() => this.#roomChanged());
  readonly #drawing: ReturnType<typeof drawQuickly>;
  #decides = false;
  #isReadable = false;
  #chosen: number | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;

  /** @param take asks for this size of the pane */
  constructor({ terminal, fit }: Emulator, host: HTMLElement, take: (size: TerminalSize) => void) {
    this.#terminal = terminal;
    this.#fit = fit;
    this.#host = host;
    this.#take = take;
    this.#drawing = drawQuickly(terminal, () => this.#roomChanged());
    this.#cellAt = cellMeasure(() => this.#drawing.isOn);
    this.#watched.observe(host);
  }

  /** The window decides, now and when its size changes, until `follow`. */
  decide(): void {
    this.#decides = true;
    this.#terminal.options.fontSize = this.#chosen ?? usualFont;
    const { cols = 0, rows = 0 } = this.#fit.proposeDimensions() ?? {};
    if (cols > 1 && rows > 1) this.#take({ cols, rows });
  }

  /** Somebody else decides. */
  follow(): void {
    this.#decides = false;
    this.gridChanged();
  }

  /** Letters that can be read, and a grid that is scrolled to, where the whole of it has too small ones. */
  makeReadable(isReadable: boolean): void {
    this.#isReadable = isReadable;
    this.gridChanged();
  }

  /** Letters of this size, whatever fits; null: the largest at which all is seen. */
  chooseFont(size: number | null): void {
    if (this.#chosen === size) return;
    this.#chosen = size;
    if (this.#decides) this.decide();
    else this.gridChanged();
  }

  gridChanged(): void {
    if (this.#decides || this.#host.clientWidth === 0) return;
    const { fontSize, scrollback } = this.#terminal.options;
    const room = {
      width: this.#host.clientWidth - (scrollback === 0 ? 0 : scrollBar),
      height: this.#host.clientHeight,
    };
    const font = this.#chosen ?? fontFor(this.#terminal, room, this.#isReadable, this.#cellAt);
    if (font !== fontSize) this.#terminal.options.fontSize = font;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#settling);
    this.#watched.disconnect();
    this.#drawing.end();
  }

  #roomChanged(): void {
    // Behind another tab there is no room to fit into, and nobody sees it.
    if (this.#host.clientWidth === 0) return;
    if (!this.#decides) {
      this.gridChanged();
      return;
    }
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (this.#decides) this.decide();
    }, settleMs);
  }
}
