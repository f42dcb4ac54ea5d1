import type {
  ChannelState,
  SizeDecider,
  TerminalChannel,
  TerminalPresence,
  TerminalProblem,
  TerminalSink,
  TerminalSize,
} from '@codepiper/client/terminal-link.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';
import type { ITheme, Terminal } from '@xterm/xterm';
import { type Emulator, makeEmulator } from './emulator.ts';
import { type Glance, glanceAgain, glanceAt } from './glass.ts';
import { GridFit } from './grid-fit.ts';
import { guardComposition } from './guard-composition.ts';
import { copyMarked, ownerOf, withCtrl } from './keyboard.ts';
import { holdTheGlass, pictureOf } from './picture.ts';
import { searchColours } from './search-colours.ts';
import { isReport } from './swallow-queries.ts';
import { scrollByTouch } from './touch-scroll.ts';
import { blankState, nobody, type ViewState } from './view-state.ts';
import { isWebAddress } from './web-address.ts';

export interface ViewOptions {
  /** Lines that are kept above the screen. */
  scrollback: number;
  theme: ITheme;
  /** The size that the pane probably has. */
  grid?: { cols: number; rows: number } | undefined;
  onState(state: ViewState): void;
  onSearch(): void;
  /** A person without a mouse wants out of the terminal. */
  onLeave(): void;
}

/** One emulator in one element: draws a channel of the link and hands on what a person does. Made once, disposed once. */
export class TerminalView implements TerminalSink {
  readonly terminal: Terminal;
  readonly #host: HTMLElement;
  readonly #o: ViewOptions;
  readonly #fit: GridFit;
  readonly #search: Emulator['search'];
  readonly #held: (() => void)[] = [];
  #channel: TerminalChannel | null = null;
  #state = blankState;
  /** Pieces of a snapshot that is not whole yet, and the size it has. */
  #drawing: { size: TerminalSize; pieces: Uint8Array[] } | null = null;
  #isParsingPicture = false;

  constructor(host: HTMLElement, options: ViewOptions) {
    this.#host = host;
    this.#o = options;
    const emulator = makeEmulator({
      scrollback: options.scrollback,
      theme: options.theme,
      grid: options.grid,
      onLink: (event, uri) => this.#openLink(event, uri),
      onHover: (link) => this.#set({ link }),
    });
    const { terminal } = emulator;
    this.terminal = terminal;
    this.#search = emulator.search;
    this.#held.push(() => terminal.dispose());
    terminal.open(host);
    const fit = new GridFit(emulator, host, ({ cols, rows }) => this.#channel?.takeSize(cols, rows));
    this.#held.push(() => fit[Symbol.dispose]());
    this.#fit = fit;
    this.#listen();
  }

  get state(): ViewState {
    return this.#state;
  }

  get channelState(): ChannelState {
    return this.#channel?.state ?? 'connecting';
  }

  /** From now on this channel is drawn; the one before is closed. What is seen stays until the new snapshot. */
  attach(role: TerminalRole, open: (sink: TerminalSink) => TerminalChannel): void {
    this.#channel?.close();
    this.#drawing = null;
    this.#fit.follow();
    this.#set({ hasEnded: false, problem: null, decides: 'nobody', present: nobody });
    // What is typed before the daemon has answered is kept by the channel.
    this.#setRole(role);
    this.#channel = open(this);
  }

  // ---- the stream ---------------------------------------------------------------------------------------

  reset(size: TerminalSize): void {
    this.#drawing = { size, pieces: [] };
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#drawing) {
      this.#drawing.pieces.push(bytes);
      return;
    }
    return new Promise((resolve) => this.terminal.write(bytes, resolve));
  }

  snapshotDone(): Promise<void> {
    const drawing = this.#drawing;
    this.#drawing = null;
    if (!drawing) return Promise.resolve();
    const { terminal } = this;
    const isFirst = !this.#state.hasPicture;
    this.#isParsingPicture = true;
    return new Promise((resolve) => {
      // Anything that was written before is parsed by then.
      terminal.write(holdTheGlass, () => {
        const glance: Glance | null = isFirst ? null : glanceAt(terminal);
        this.#setGrid(drawing.size);
        terminal.write(pictureOf(drawing.pieces), () => {
          if (glance) glanceAgain(terminal, glance);
          this.#isParsingPicture = false;
          this.#set({ hasPicture: true, problem: null });
          this.#noteScroll();
          resolve();
        });
      });
    });
  }

  resize(size: TerminalSize): void {
    this.#setGrid(size);
  }

  ended(): void {
    this.#set({ hasEnded: true });
  }

  presence(present: TerminalPresence): void {
    this.#set({ present });
  }

  size({ decides, cols, rows }: TerminalSize & { decides: SizeDecider }): void {
    const isTaken = decides !== 'you' && this.#state.decides === 'you';
    this.#set({ decides, size: { cols, rows } });
    if (isTaken) this.#fit.follow();
    else this.#fit.gridChanged();
  }

  error(problem: TerminalProblem): void {
    this.#set({ problem });
  }

  subscribed({ role }: { role: TerminalRole }): void {
    this.#setRole(role);
  }

  // ---- what a person does -------------------------------------------------------------------------------

  focus(): void {
    this.terminal.focus();
  }

  toBottom(): void {
    this.terminal.scrollToBottom();
    this.terminal.focus();
  }

  keys(names: readonly string[]): void {
    const { isCtrlHeld } = this.#state;
    this.#channel?.keys(isCtrlHeld ? names.map((name) => `ctrl+${name.replace(/^ctrl\+/, '')}`) : names);
    if (isCtrlHeld) this.holdCtrl(false);
    this.terminal.scrollToBottom();
  }

  /** The pane gets the size of this window, and follows it. */
  takeSize(): void {
    this.#fit.decide();
  }

  releaseSize(): void {
    this.#channel?.releaseSize();
    this.#fit.follow();
  }

  /** @param size in CSS pixels; null: what fits */
  chooseFont(size: number | null): void {
    this.#fit.chooseFont(size);
  }

  setTheme(theme: ITheme): void {
    this.terminal.options.theme = theme;
  }

  /** The next key that is typed, or pressed in the strip, goes with Ctrl. */
  holdCtrl(isHeld: boolean): void {
    this.#set({ isCtrlHeld: isHeld });
  }

  copy(): Promise<void> {
    return copyMarked(this.terminal);
  }

  paste(text: string): void {
    if (text !== '' && this.#state.role === 'typist') this.#channel?.paste(text);
    this.terminal.scrollToBottom();
  }

  makeReadable(isReadable: boolean): void {
    this.#fit.makeReadable(isReadable);
  }

  find(text: string, direction: 'next' | 'previous'): void {
    const colours = searchColours(this.terminal.options.theme ?? {});
    if (text === '') this.#search.clearDecorations();
    else if (direction === 'next') this.#search.findNext(text, colours);
    else this.#search.findPrevious(text, colours);
  }

  dismissProblem(): void {
    this.#set({ problem: null });
  }

  endSearch(): void {
    this.#search.clearDecorations();
    this.#set({ matches: null });
    this.terminal.focus();
  }

  dispose(): void {
    this.#channel?.close();
    for (const letGo of this.#held.reverse()) letGo();
  }

  // ---- inside -------------------------------------------------------------------------------------------

  #listen(): void {
    const { terminal } = this;
    const controller = new AbortController();
    const { signal } = controller;
    this.#held.push(() => controller.abort());
    scrollByTouch(this.#host, signal);
    guardComposition(terminal, this.#host, signal);

    terminal.onData((data) => {
      // A snapshot switches modes on, and the emulator reports to them: that is no person's doing.
      if (this.#isParsingPicture && isReport(data)) return;
      if (!this.#state.isCtrlHeld) {
        this.#channel?.type(data);
        return;
      }
      this.holdCtrl(false);
      this.#channel?.type(withCtrl(data));
    });
    // Mouse reports of the old kind: every character is a byte.
    terminal.onBinary((data) => this.#channel?.type(Uint8Array.from(data, (c) => c.charCodeAt(0))));
    terminal.onTitleChange((title) => this.#set({ title }));
    terminal.onSelectionChange(() => this.#set({ hasSelection: terminal.hasSelection() }));
    terminal.onScroll(() => this.#noteScroll());
    terminal.onWriteParsed(() => this.#noteScroll());
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) =>
      this.#set({ matches: { index: resultIndex, count: resultCount } }),
    );
    // Before the emulator: a paste is one thing for the daemon, which puts the brackets of the mode around it.
    this.#host.addEventListener(
      'paste',
      (event) => {
        event.preventDefault();
        event.stopPropagation();
        this.paste(event.clipboardData?.getData('text/plain') ?? '');
      },
      { capture: true, signal },
    );
    terminal.attachCustomKeyEventHandler((event) => this.#isForTerminal(event));
  }

  /** Whether the emulator gets the key. */
  #isForTerminal(event: KeyboardEvent): boolean {
    const owner = ownerOf(event);
    if (owner === 'program') return true;
    if (owner === 'browser') return false;
    event.preventDefault();
    if (event.type !== 'keydown') return false;
    if (owner === 'search') this.#o.onSearch();
    else if (owner === 'leave') this.#o.onLeave();
    else if (this.#state.hasSelection) void this.copy();
    return false;
  }

  #openLink(event: MouseEvent, uri: string): void {
    // Without the key it is a click in the terminal; where it leads is shown, with something to press.
    if ((event.ctrlKey || event.metaKey) && isWebAddress(uri)) open(uri, '_blank', 'noopener,noreferrer');
    else this.#set({ link: uri });
  }

  #setRole(role: TerminalRole): void {
    this.terminal.options.disableStdin = role === 'follow';
    this.#set({ role });
  }

  #setGrid(size: TerminalSize): void {
    const { terminal } = this;
    if (terminal.cols !== size.cols || terminal.rows !== size.rows) terminal.resize(size.cols, size.rows);
    if (this.#state.size?.cols !== size.cols || this.#state.size?.rows !== size.rows) this.#set({ size });
    this.#fit.gridChanged();
  }

  #noteScroll(): void {
    const { baseY, viewportY } = this.terminal.buffer.active;
    const scrolledBack = baseY - viewportY;
    const isAtTop = viewportY === 0 && baseY > this.terminal.rows;
    if (scrolledBack !== this.#state.scrolledBack || isAtTop !== this.#state.isAtTop) {
      this.#set({ scrolledBack, isAtTop });
    }
  }

  #set(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#o.onState(this.#state);
  }
}
