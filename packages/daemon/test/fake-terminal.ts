import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Screens, SessionScreen } from '../src/terminals/screens.ts';
import type { Snapshot } from '../src/terminals/viewer.ts';
import type { PaneState } from '../src/tmux/pane-state.ts';
import type { PaneEvent, PaneStream } from '../src/tmux/tmux.ts';
import { blankPane } from './blank-pane.ts';

/** A stream that a test tells what to say. */
export class FakeStream implements PaneStream {
  readonly paneId: string;
  readonly history: number;
  /** Lines of history of the pictures that were asked for. */
  readonly repaints: number[] = [];
  isPrompt = true;
  isClosed = false;
  #events: PaneEvent[] = [];
  #wake: () => void = () => undefined;

  constructor(paneId: string, history: number) {
    this.paneId = paneId;
    this.history = history;
  }

  push(event: PaneEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  print(...pieces: string[]): void {
    for (const piece of pieces) this.push({ type: 'bytes', bytes: Buffer.from(piece) });
  }

  repaint({ history = this.history }: { history?: number } = {}): void {
    this.repaints.push(history);
  }

  setPrompt(isPrompt: boolean): void {
    this.isPrompt = isPrompt;
  }

  async flush(): Promise<void> {}

  async each(take: (event: PaneEvent) => void): Promise<void> {
    for await (const event of this) take(event);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PaneEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (this.isClosed) return;
      if (event) {
        yield event;
        if (event.type === 'ended') return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    this.#wake();
  }
}

/** Screens that show the text of the first row of a picture, and all that was printed behind it. */
export class FakeScreens implements Screens {
  /** Those that are open. */
  readonly all: FakeScreen[] = [];
  /** Snapshots wait for `release`. */
  isHeld = false;
  #held: (() => void)[] = [];

  open(): SessionScreen {
    const screen = new FakeScreen(this);
    this.all.push(screen);
    return screen;
  }

  draw(snapshot: () => void): void {
    if (this.isHeld) this.#held.push(snapshot);
    else snapshot();
  }

  release(): void {
    this.isHeld = false;
    for (const snapshot of this.#held.splice(0)) snapshot();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class FakeScreen implements SessionScreen {
  text = '';
  isCurrent = false;
  readonly #screens: FakeScreens;
  readonly #waiting = new Set<(error: Error) => void>();
  #place = { epoch: 0, seq: 0 };
  #size = { cols: 0, rows: 0 };

  constructor(screens: FakeScreens) {
    this.#screens = screens;
  }

  /** Snapshots that are not drawn yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  restore(state: PaneState, at: { epoch: number; seq: number }): void {
    this.lose();
    this.isCurrent = true;
    this.text = state.main[0]?.text ?? '';
    this.#place = { ...at };
    this.#size = { cols: state.cols, rows: state.rows };
  }

  write(bytes: Uint8Array): void {
    if (!this.isCurrent) return;
    this.text += Buffer.from(bytes).toString();
    this.#place.seq += bytes.length;
  }

  resize(cols: number, rows: number): void {
    if (!this.isCurrent) return;
    this.#size = { cols, rows };
    this.#place.seq += 1;
  }

  /** As when it cannot keep up. */
  lose(): void {
    this.isCurrent = false;
    for (const reject of this.#waiting) reject(new CodepiperError('internal', 'It was lost.'));
    this.#waiting.clear();
  }

  snapshot(): Promise<Snapshot> {
    if (!this.isCurrent) return Promise.reject(new CodepiperError('internal', 'It is not current.'));
    const snapshot = { ...this.#place, ...this.#size, bytes: new Uint8Array(Buffer.from(this.text)) };
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#screens.draw(() => {
        this.#waiting.delete(reject);
        resolve(snapshot);
      });
    });
  }

  [Symbol.dispose](): void {
    this.lose();
    this.#screens.all.splice(this.#screens.all.indexOf(this), 1);
  }
}

/** What is said of a picture. */
interface PictureWords {
  cols?: number;
  rows?: number;
  /** Lines above the screen. */
  history?: number;
  /** How many there are. */
  historySize?: number;
  pending?: string;
}

/** A picture of a pane, 10 by 3 cells if nothing else is said. */
export function pictureOf(text: string, words: PictureWords = {}): PaneState {
  const { cols = 10, rows = 3, history = 0, historySize = history, pending = '' } = words;
  const row = (value: string) => ({ text: value, wrapped: false });
  return {
    ...blankPane(cols, rows),
    cursor: { x: text.length, y: 0 },
    history: Array.from({ length: history }, (_, index) => row(`line ${index}`)),
    historySize,
    main: [row(text), ...Array.from({ length: rows - 1 }, () => row(''))],
    pending: Buffer.from(pending),
  };
}
