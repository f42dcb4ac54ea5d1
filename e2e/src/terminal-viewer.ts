import { type TerminalChannel, TerminalLink, type TerminalSize } from '@codepiper/client/terminal-link.ts';
import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import { terminalPaths } from '@codepiper/core/terminals/terminal.endpoints.ts';
import xterm from '@xterm/headless';
import { dump } from './browser.ts';
import type { Shown } from './screen-sessions.ts';

/** A viewer of one session without a browser: the same link, the same emulator. */
export class TerminalViewer implements Disposable {
  readonly channel: TerminalChannel;
  /** What was refused, by its code. */
  readonly problems: string[] = [];
  /** Snapshots so far, and how often the channel was given out. */
  snapshots = 0;
  subscriptions = 0;
  hasEnded = false;
  readonly #link: TerminalLink;
  readonly #terminal = new xterm.Terminal({ cols: 80, rows: 24, scrollback: 5_000, allowProposedApi: true });
  readonly #decoder = { current: new TextDecoder() };

  /** @param port of 127.0.0.1 that leads to the daemon */
  constructor(port: number, session: string, clientId: string) {
    const terminal = this.#terminal;
    terminal.unicode.register(cellWidth);
    terminal.unicode.activeVersion = cellWidth.version;
    this.#link = new TerminalLink({
      connect: () => new WebSocket(`ws://127.0.0.1:${port}${terminalPaths.socket}`),
      clientId,
    });
    const resize = ({ cols, rows }: TerminalSize): void => terminal.resize(cols, rows);
    this.channel = this.#link.open(
      session,
      {
        reset: (size) => {
          this.#decoder.current = new TextDecoder();
          terminal.reset();
          resize(size);
        },
        // Characters come in pieces, which the emulator's own decoder may lose.
        write: (bytes) =>
          new Promise((resolve) =>
            terminal.write(this.#decoder.current.decode(bytes, { stream: true }), resolve),
          ),
        snapshotDone: () => {
          this.snapshots++;
        },
        resize,
        ended: () => {
          this.hasEnded = true;
        },
        error: ({ code }) => this.problems.push(code),
        subscribed: () => {
          this.subscriptions++;
        },
      },
      { lines: 2_000, role: 'typist' },
    );
  }

  get size(): TerminalSize {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** The screen with its looks, as {@link dump} has it. */
  dump(): string[] {
    return dump(this.#terminal);
  }

  /** Lines above the screen, as text. */
  history(): string[] {
    const { normal } = this.#terminal.buffer;
    return Array.from(
      { length: normal.baseY },
      (_, row) => normal.getLine(row)?.translateToString(true) ?? '',
    );
  }

  get shown(): Shown {
    const { cursorX: x, cursorY: y } = this.#terminal.buffer.active;
    return { ...this.size, cursor: { x, y }, lines: this.dump() };
  }

  /** The connection is back: it is not waited for. */
  wake(): void {
    this.#link.wake();
  }

  [Symbol.dispose](): void {
    this.#link.close();
    this.#terminal.dispose();
  }
}
