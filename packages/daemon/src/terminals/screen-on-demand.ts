import { CodepiperError } from '@codepiper/core/errors.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import type { SnapshotRequest } from './live-terminal.ts';
import type { Screens, SessionScreen } from './screens.ts';
import type { Snapshot } from './viewer.ts';

export interface ScreenOnDemandOptions {
  screens: Screens;
  /** Lines of history that are kept. */
  scrollback: number;
  /** How long a screen may take, in milliseconds. */
  deadlineMs: number;
  /** How the session is called in errors. */
  label: string;
  /** Asks for a picture with so many lines of history, sooner or later: `picture` or `rebuilt` is called with it. */
  askPicture(lines: number): void;
  /** What is left of the screen of a session that ended. */
  lastScreen(request: SnapshotRequest): Promise<Snapshot>;
}

/** Somebody waits for a snapshot. */
interface Wish {
  request: SnapshotRequest;
  /** Lines of history that the screen must have for it. */
  lines: number;
  /** More was printed than the screen could follow before it was drawn. */
  wasOutrun: boolean;
  resolve(snapshot: Snapshot): void;
  reject(error: unknown): void;
}

/** What a skipped viewer gets has at least this many bytes a line: no more lines are looked for. */
const leastLineBytes = 16;
/** A snapshot that nobody has made yet has about so many bytes. */
const usualBytes = 64 << 10;

/**
 * The screen of a session, made when somebody wants it: from a picture of the pane, and again from another one when it
 * could not keep up with the output or has less history than is wanted. Then it follows the stream until it is let go.
 */
export class ScreenOnDemand {
  readonly #o: ScreenOnDemandOptions;
  #screen: SessionScreen | null = null;
  /** Lines of history that the screen has; infinite when it has all there are. */
  #lines = 0;
  /** It goes on with the stream. One that was outrun is drawn as the picture shows it, and then needs another one. */
  #isFollowing = false;
  /** Wait for a picture. */
  readonly #wishes = new Set<Wish>();
  /** All who wait, for a picture or for the screen. */
  readonly #unsettled = new Set<Wish>();
  #isEnded = false;
  #bytes = usualBytes;

  constructor(options: ScreenOnDemandOptions) {
    this.#o = options;
  }

  /** Bytes of the last whole snapshot. */
  get snapshotBytes(): number {
    return this.#bytes;
  }

  /** Somebody will want it: a picture that comes anyway is used. */
  expect(): void {
    this.#screen ??= this.#o.screens.open({ scrollback: this.#o.scrollback });
  }

  async snapshot(request: SnapshotRequest): Promise<Snapshot> {
    const { promise, resolve, reject } = Promise.withResolvers<Snapshot>();
    const { maxBytes } = request;
    const wanted =
      maxBytes === null ? request.lines : Math.min(request.lines, Math.ceil(maxBytes / leastLineBytes));
    const wish: Wish = {
      request,
      lines: Math.min(wanted, this.#o.scrollback),
      wasOutrun: false,
      resolve,
      reject,
    };
    this.#unsettled.add(wish);
    const { deadlineMs, label } = this.#o;
    const late = setTimeout(() => {
      const seconds = deadlineMs / 1_000;
      reject(
        new CodepiperError(
          'tmux_failed',
          `The screen of session ${label} could not be read within ${seconds} s. Try again.`,
        ),
      );
    }, deadlineMs);
    try {
      if (this.#isEnded) this.#drawEnded(wish);
      else {
        this.expect();
        if (this.#has(wish)) this.#draw(wish);
        else this.#want(wish);
      }
      const snapshot = await promise;
      if (maxBytes === null) this.#bytes = snapshot.bytes.length;
      return snapshot;
    } finally {
      clearTimeout(late);
      this.#wishes.delete(wish);
      this.#unsettled.delete(wish);
    }
  }

  /** What came before was not all: a screen must start over. */
  rebuilt(state: PaneState, at: { epoch: number; seq: number }): void {
    if (this.#screen) this.#restore(this.#screen, state, at);
  }

  /** The pane as it is at a place of the stream. */
  picture(state: PaneState, at: { epoch: number; seq: number }): void {
    // A screen that followed the stream knows more than tmux tells: it starts over only where it must.
    if (this.#screen && this.#wishes.size > 0) this.#restore(this.#screen, state, at);
  }

  write(bytes: Uint8Array): void {
    if (this.#isFollowing) this.#screen?.write(bytes);
  }

  resize(cols: number, rows: number): void {
    if (this.#isFollowing) this.#screen?.resize(cols, rows);
  }

  /** There will be no more pictures. */
  end(): void {
    this.#isEnded = true;
    for (const wish of this.#wishes) this.#drawEnded(wish);
    this.#wishes.clear();
  }

  /** Nobody waits for it any more. */
  release(): void {
    this.#screen?.[Symbol.dispose]();
    this.#screen = null;
    this.#lines = 0;
  }

  close(error: CodepiperError): void {
    for (const wish of this.#unsettled) wish.reject(error);
    // What they asked of the screen fails now, and must not be asked of anybody else.
    this.#unsettled.clear();
    this.#wishes.clear();
    this.#screen?.[Symbol.dispose]();
    this.#screen = null;
    this.#isEnded = true;
  }

  get #isCurrent(): boolean {
    return this.#isFollowing && this.#screen?.isCurrent === true;
  }

  #has(wish: Wish): boolean {
    return this.#isCurrent && wish.lines <= this.#lines;
  }

  #want(wish: Wish): void {
    this.#wishes.add(wish);
    this.#o.askPicture(wish.lines);
  }

  #restore(screen: SessionScreen, state: PaneState, at: { epoch: number; seq: number }): void {
    screen.restore(state, at);
    const wishes = [...this.#wishes];
    this.#wishes.clear();
    const { length } = state.history;
    this.#lines = length < state.historySize ? length : Number.POSITIVE_INFINITY;
    this.#isFollowing = true;
    // At once, and so of this very place.
    for (const wish of wishes) {
      if (this.#has(wish)) this.#draw(wish);
      else this.#want(wish);
    }
    this.#isFollowing = !wishes.some(({ wasOutrun }) => wasOutrun);
  }

  #draw(wish: Wish): void {
    const again = (wasOutrun: boolean): void => {
      if (!this.#unsettled.has(wish)) return;
      wish.wasOutrun ||= wasOutrun;
      if (this.#isEnded) this.#drawEnded(wish);
      else this.#want(wish);
    };
    this.#screen?.snapshot(wish.request).then(
      (snapshot) => (snapshot ? wish.resolve(snapshot) : again(false)),
      () => again(true),
    );
  }

  #drawEnded(wish: Wish): void {
    const { request, resolve, reject } = wish;
    const last = (): void => void this.#o.lastScreen(request).then(resolve, reject);
    if (this.#screen && this.#isCurrent) {
      // As many lines as it still has are more than nothing.
      const least = { ...request, maxBytes: request.maxBytes ?? Number.MAX_SAFE_INTEGER };
      this.#screen.snapshot(least).then((snapshot) => (snapshot ? resolve(snapshot) : last()), last);
    } else last();
  }
}
