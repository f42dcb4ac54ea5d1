import { CodepiperError } from '@codepiper/core/errors.ts';
import type { LiveTerminal, TerminalListener, TerminalSize } from '../src/terminals/live-terminal.ts';
import { OutputLog } from '../src/terminals/output-log.ts';
import { Screen } from '../src/terminals/screen/screen.ts';
import type { TerminalsService, WatchedTerminal } from '../src/terminals/terminals.service.ts';
import type { Snapshot } from '../src/terminals/viewer.ts';
import { sessionRecord } from './session-record.ts';

/** A live terminal without tmux: its program is the test. */
export class FakeLiveTerminal implements LiveTerminal {
  readonly sessionId: string;
  readonly run = 1;
  readonly ready = Promise.resolve();
  readonly log: OutputLog;
  readonly screen: Screen;
  size: TerminalSize;
  isEnded = false;
  snapshotBytes = 2_000;
  snapshots = 0;
  readonly #listeners = new Set<TerminalListener>();

  constructor(sessionId: string, size: TerminalSize = { cols: 80, rows: 24 }, capacity?: number) {
    this.sessionId = sessionId;
    this.size = size;
    this.log = new OutputLog(7, capacity);
    this.screen = new Screen({ ...size, scrollback: 200 });
  }

  print(output: string | Uint8Array): void {
    const bytes = Buffer.from(output as string);
    this.log.append(bytes);
    this.screen.write(bytes);
    for (const listener of [...this.#listeners]) listener.appended();
  }

  resize(cols: number, rows: number): void {
    this.size = { cols, rows };
    this.log.resize(cols, rows);
    this.screen.resize(cols, rows);
    for (const listener of [...this.#listeners]) {
      listener.appended();
      listener.resized?.(this.size);
    }
  }

  /** The past is not known any more. */
  restart(): void {
    this.log.restart();
    for (const listener of [...this.#listeners]) listener.appended();
  }

  end(): void {
    this.isEnded = true;
    for (const listener of [...this.#listeners]) listener.ended();
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  async snapshot({ lines }: { lines: number }): Promise<Snapshot> {
    this.snapshots++;
    const { cols, rows, data } = this.screen.snapshot({ lines });
    return { epoch: this.log.epoch, seq: this.log.end, cols, rows, bytes: data };
  }

  listen(listener: TerminalListener): Disposable {
    this.#listeners.add(listener);
    if (this.isEnded) queueMicrotask(() => listener.ended());
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

/** Sessions of which only those that were put in are there. */
export class FakeTerminals implements Pick<TerminalsService, 'watch'> {
  readonly terminals = new Map<string, FakeLiveTerminal>();
  /** Watched now. */
  watching = 0;
  /** Times `watch` was called, and what each call waits for. */
  asked = 0;
  hold: Promise<void> = Promise.resolve();

  add(name: string, terminal: FakeLiveTerminal): FakeLiveTerminal {
    this.terminals.set(name, terminal);
    return terminal;
  }

  async watch(ref: string): Promise<WatchedTerminal> {
    this.asked++;
    await this.hold;
    const terminal =
      this.terminals.get(ref) ?? [...this.terminals.values()].find(({ sessionId }) => sessionId === ref);
    if (!terminal) throw new CodepiperError('session_not_found', `No session is called "${ref}".`);
    if (terminal.isEnded) throw new CodepiperError('session_ended', `Session "${ref}" has ended.`);
    this.watching++;
    let isWatched = true;
    const { sessionId, run } = terminal;
    return {
      terminal,
      record: sessionRecord({ id: sessionId, name: ref }),
      pane: { sessionId, run, paneId: '%1', wrapperPid: 1 },
      [Symbol.dispose]: () => {
        if (isWatched) this.watching--;
        isWatched = false;
      },
    };
  }
}
