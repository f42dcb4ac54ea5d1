import type { SizeDecider, TerminalSink, TerminalSize } from '@codepiper/client/terminal-link.ts';
import { Screen } from '@codepiper/daemon/terminals/screen/screen.ts';
import { Bells } from './bells.ts';
import { Painter, type ViewSize } from './painter.ts';

/** Between two pictures, in milliseconds: what is printed faster than a person sees is painted once. */
const frameMs = 16;
/** How long a program may hold its picture back (synchronized output), in milliseconds. */
const mostHeldMs = 150;
/** History that is kept, for what a larger pane brings back from it. */
export const historyLines = 500;

export interface PaneViewOptions {
  /** The first picture is there to be painted. */
  onReady(): void;
  /** Where it is painted; null as long as the terminal is not ours. */
  terminal(): { readonly size: ViewSize; write(text: string): void } | null;
  onEnded(): void;
  onSize(size: TerminalSize & { decides: SizeDecider }): void;
  onProblem(problem: { code: string; message: string }): void;
}

/**
 * A pane as the local terminal shows it. Everything goes through an emulator of our own: the local terminal sees no
 * query (it would answer into the program what tmux answers already) and no change of screens, and may have any size.
 */
export class PaneView implements TerminalSink, Disposable {
  readonly #o: PaneViewOptions;
  readonly #painter = new Painter();
  #screen: Screen | null = null;
  /** What a snapshot draws. It is not shown before it is whole. */
  #drawn: Screen | null = null;
  #bells = new Bells();
  #rings = false;
  #notice: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #paintedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PaneViewOptions) {
    this.#o = options;
  }

  /** A line for the person, over the last row; null takes it away. */
  notice(text: string | null): void {
    if (this.#notice === text) return;
    this.#notice = text;
    this.#plan();
  }

  /** The local terminal shows something else now, or has another size. */
  repaint(): void {
    this.#painter.forget();
    this.#plan();
  }

  reset({ cols, rows }: TerminalSize): void {
    this.#drawn?.[Symbol.dispose]();
    this.#drawn = new Screen({ cols, rows, scrollback: historyLines });
    this.#bells = new Bells();
  }

  write(bytes: Uint8Array): void {
    const rings = this.#bells.hear(bytes);
    if (this.#drawn) this.#drawn.write(bytes);
    else {
      // Of the past that a snapshot tells, nothing rings.
      this.#rings ||= rings;
      this.#screen?.write(bytes);
      this.#plan();
    }
  }

  snapshotDone(): void {
    this.#screen?.[Symbol.dispose]();
    this.#screen = this.#drawn;
    this.#drawn = null;
    this.#o.onReady();
    this.#plan();
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#screen?.resize(cols, rows);
    this.#plan();
  }

  ended(): void {
    this.#paint();
    this.#o.onEnded();
  }

  size(size: TerminalSize & { decides: SizeDecider }): void {
    this.#o.onSize(size);
  }

  error(problem: { code: string; message: string }): void {
    this.#o.onProblem(problem);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#screen?.[Symbol.dispose]();
    this.#drawn?.[Symbol.dispose]();
    this.#screen = null;
    this.#drawn = null;
  }

  /** At once when nothing was painted for a while: what a key brings is seen without delay. */
  #plan(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        const isHeld = this.#screen?.core.coreService.decPrivateModes.synchronizedOutput ?? false;
        if (isHeld && performance.now() - this.#paintedAt < mostHeldMs) this.#plan();
        else this.#paint();
      },
      Math.max(0, this.#paintedAt + frameMs - performance.now()),
    );
  }

  #paint(): void {
    const terminal = this.#o.terminal();
    if (!terminal || !this.#screen) return;
    this.#paintedAt = performance.now();
    const bell = this.#rings ? '\x07' : '';
    this.#rings = false;
    terminal.write(this.#painter.paint(this.#screen.core, terminal.size, this.#notice) + bell);
  }
}
