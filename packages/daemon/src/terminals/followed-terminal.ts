import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Log } from '../log/log.ts';
import type { LivePane } from '../sessions/live-pane.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import type { PaneStream } from '../tmux/tmux.ts';
import { Leaving } from './leaving.ts';
import type { LiveTerminal, SnapshotRequest, TerminalListener, TerminalSize } from './live-terminal.ts';
import { OutputLog } from './output-log.ts';
import { TitleFilter } from './screen/title-filter.ts';
import { ScreenOnDemand } from './screen-on-demand.ts';
import type { Screens } from './screens.ts';
import { TapFeed } from './tap-feed.ts';
import type { SessionTap } from './terminal-tap.ts';
import type { Snapshot } from './viewer.ts';

export interface FollowedTerminalOptions {
  pane: LivePane;
  /** Until the pane is seen. */
  size: TerminalSize;
  /** Not asked for anything yet. */
  stream: PaneStream;
  firstEpoch: number;
  screens: Screens;
  scrollback: number;
  deadlineMs: number;
  /** Text of what an ended session showed last, with colours; empty when nothing was kept. */
  lastScreen(): Promise<string>;
  log: Log;
  /** There is no tap any more. */
  onTapFailed(): void;
  /** The pane is gone; listeners know. */
  onEnded(): void;
}

/**
 * How long after its last change the size counts as settled, in milliseconds. tmux lays its lines out anew in its own
 * way; what an emulator makes of them is not the same, and no program draws the lines above its own again.
 */
const settledMs = 300;
/** The same once a program has left the alternate screen: its last words come with it. */
const leftMs = 50;

const encoder = new TextEncoder();

/**
 * Reads the stream of one pane, always at once, and hands it to all who want it: the log and those who listen to it,
 * the screen, the tap. Whatever one of them does, it does not hold up the others or the program.
 */
export class FollowedTerminal implements LiveTerminal, AsyncDisposable {
  readonly ready: Promise<void>;
  readonly #o: FollowedTerminalOptions;
  readonly #screen: ScreenOnDemand;
  readonly #tap: TapFeed;
  readonly #listeners = new Set<TerminalListener>();
  readonly #reading: Promise<void>;
  #log: OutputLog;
  #isWatched = false;
  #filter = new TitleFilter();
  #size: TerminalSize;
  #isEnded = false;
  #isClosed = false;
  /** Most lines of history that a snapshot of this log was asked for; null when nobody has drawn it. */
  #drawnLines: number | null = null;
  #settling: NodeJS.Timeout | null = null;
  /** The next picture is for all who draw. */
  #isRedrawing = false;
  /**
   * Whether the screen behind the alternate one may be of another size than the pane: tmux lays it out anew when the
   * program leaves, and only then.
   */
  #isBehindOld = false;
  readonly #leaving = new Leaving();
  /** Listeners are to be told of news. */
  #isTelling = false;

  constructor(options: FollowedTerminalOptions) {
    const { screens, scrollback, deadlineMs, pane, firstEpoch, log } = options;
    this.#o = options;
    this.#size = options.size;
    this.#log = new OutputLog(firstEpoch);
    this.#screen = new ScreenOnDemand({
      ...{ screens, scrollback, deadlineMs },
      label: pane.sessionId.slice(0, 8),
      askPicture: (lines) => this.#askPicture(lines),
      lastScreen: (request) => this.#lastScreen(request),
    });
    this.#tap = new TapFeed({
      ...{ log, sessionId: pane.sessionId },
      askPicture: () => this.#askPicture(0),
      onFailed: () => options.onTapFailed(),
    });
    options.stream.setPrompt(false);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#reading = this.#read(resolve).finally(resolve);
  }

  get sessionId(): string {
    return this.#o.pane.sessionId;
  }

  get run(): number {
    return this.#o.pane.run;
  }

  get paneId(): string {
    return this.#o.pane.paneId;
  }

  get log(): OutputLog {
    return this.#log;
  }

  get size(): TerminalSize {
    return this.#size;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get snapshotBytes(): number {
    return this.#screen.snapshotBytes;
  }

  get isTapped(): boolean {
    return this.#tap.isOpen;
  }

  snapshot(request: SnapshotRequest): Promise<Snapshot> {
    if (this.#isClosed) return Promise.reject(letGo());
    this.#drawnLines = Math.max(this.#drawnLines ?? 0, Math.min(request.lines, this.#o.scrollback));
    return this.#screen.snapshot(request);
  }

  listen(listener: TerminalListener): Disposable {
    // An object of its own, so that one that listens twice is two.
    const own: TerminalListener = {
      appended: () => listener.appended(),
      resized: (size) => listener.resized?.(size),
      ended: () => listener.ended(),
    };
    this.#listeners.add(own);
    if (this.#isEnded) {
      queueMicrotask(() => {
        if (this.#listeners.delete(own)) this.#tell([own], (each) => each.ended());
      });
    }
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /** From here on there is a log. `wantsScreen`: a picture that comes anyway is made the screen. */
  startWatch(wantsScreen: boolean): void {
    this.#isWatched = true;
    this.#o.stream.setPrompt(true);
    if (wantsScreen && !this.#isEnded && !this.#isClosed) this.#screen.expect();
  }

  /** Nobody watches it, and nobody is to come back: what is only for viewers goes. */
  stopWatch(): void {
    this.#isWatched = false;
    this.#o.stream.setPrompt(false);
    this.#log = new OutputLog(this.#log.epoch + 1);
    this.#drawnLines = null;
    this.#stopSettling();
    this.#screen.release();
  }

  /** Hands everything from here on to a tap, instead of the one before; null for none. */
  setTap(tap: SessionTap | null): void {
    this.#tap.set(tap);
    if (tap && (this.#isEnded || this.#isClosed)) this.#tap.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#stopSettling();
    this.#tap.close();
    this.#screen.close(letGo());
    await this.#o.stream[Symbol.asyncDispose]();
    await this.#reading;
    // Who remembers what its viewers typed knows it for longer.
    this.#log = new OutputLog(this.#log.epoch + 1);
  }

  async #read(onReady: () => void): Promise<void> {
    const { stream, log } = this.#o;
    try {
      await stream.each((event) => {
        if (this.#isClosed) return;
        if (event.type === 'bytes') this.#takeBytes(event.bytes);
        else if (event.type === 'resize') this.#takeSize(event);
        else if (event.type !== 'ended') {
          this.#takePicture(event.type, event.state);
          onReady();
        }
      });
    } catch (error) {
      log.error({ err: error, session: this.sessionId }, 'following a pane failed');
    }
    if (!this.#isClosed) this.#end();
  }

  #takeBytes(bytes: Uint8Array): void {
    const kept = this.#filter.filter(bytes);
    if (kept.length === 0) return;
    if (this.#isWatched) {
      this.#log.append(kept);
      // Who watches is told first: it may be the echo of a key.
      this.#tell(this.#listeners, (listener) => listener.appended());
    }
    this.#screen.write(kept);
    this.#tap.bytes(kept);
    if (this.#isBehindOld && this.#leaving.isIn(kept)) this.#settleSoon(leftMs);
  }

  #takeSize({ cols, rows }: TerminalSize): void {
    this.#size = { cols, rows };
    if (this.#isWatched) this.#log.resize(cols, rows);
    this.#screen.resize(cols, rows);
    this.#tap.resized(cols, rows);
    this.#isBehindOld = true;
    this.#settleSoon(settledMs);
    this.#tellSoon();
    this.#tell(this.#listeners, (listener) => listener.resized?.({ cols, rows }));
  }

  #takePicture(type: 'rebuilt' | 'picture', told: PaneState): void {
    const { cols, rows } = told;
    // What has begun of a title is not for the log's readers either: the filter goes on behind it.
    const filter = new TitleFilter();
    const state = { ...told, pending: filter.filter(told.pending) };
    const isRebuilt = type === 'rebuilt';
    if (isRebuilt) {
      this.#filter = filter;
      this.#log.restart();
      this.#isRedrawing = false;
    }
    const isForAll = this.#isRedrawing;
    // tmux tells the rows of the one behind, and not how wide they are.
    this.#isBehindOld = state.alternate !== null;
    this.#leaving.forget();
    this.#isRedrawing = false;
    if (isForAll) this.#log.redraw(cols, rows);
    const at = { epoch: this.#log.epoch, seq: this.#log.end };
    if (isRebuilt || isForAll) this.#screen.rebuilt(state, at);
    else this.#screen.picture(state, at);
    this.#tap[type](state);
    if (isRebuilt || isForAll) this.#tellSoon();
    if (cols !== this.#size.cols || rows !== this.#size.rows) {
      this.#size = { cols, rows };
      this.#tell(this.#listeners, (listener) => listener.resized?.({ cols, rows }));
    }
  }

  #end(): void {
    this.#isEnded = true;
    this.#stopSettling();
    this.#screen.end();
    this.#tap.ended();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    if (this.#isTelling) this.#tell(listeners, (listener) => listener.appended());
    this.#tell(listeners, (listener) => listener.ended());
    this.#o.onEnded();
  }

  #askPicture(lines: number): void {
    if (!this.#isEnded && !this.#isClosed) this.#o.stream.repaint({ history: lines });
  }

  /** All who draw start over from a picture when nothing else calls for one so long. */
  #settleSoon(delayMs: number): void {
    if (this.#drawnLines === null) return;
    this.#stopSettling();
    this.#settling = setTimeout(() => {
      this.#settling = null;
      this.#isRedrawing = true;
      this.#askPicture(this.#drawnLines ?? 0);
    }, delayMs).unref();
  }

  #stopSettling(): void {
    if (this.#settling) clearTimeout(this.#settling);
    this.#settling = null;
    this.#isRedrawing = false;
  }

  /** Once for all that comes together. */
  #tellSoon(): void {
    if (this.#isTelling || this.#listeners.size === 0) return;
    this.#isTelling = true;
    process.nextTick(() => {
      this.#isTelling = false;
      this.#tell(this.#listeners, (listener) => listener.appended());
    });
  }

  #tell(listeners: Iterable<TerminalListener>, tell: (listener: TerminalListener) => void): void {
    for (const listener of [...listeners]) {
      try {
        tell(listener);
      } catch (error) {
        this.#o.log.error({ err: error, session: this.sessionId }, 'a viewer of a terminal failed');
      }
    }
  }

  async #lastScreen({ lines, maxBytes }: SnapshotRequest): Promise<Snapshot> {
    const { cols, rows } = this.#size;
    const text = (await this.#o.lastScreen()).replace(/\n+$/, '');
    if (text === '') {
      throw new CodepiperError(
        'session_ended',
        `Session ${this.sessionId.slice(0, 8)} has ended, and its last screen was not kept.`,
      );
    }
    const kept = text.split('\n').slice(-(lines + rows));
    const draw = (): Uint8Array => encoder.encode(kept.join('\r\n'));
    let bytes = draw();
    while (maxBytes !== null && bytes.length > maxBytes && kept.length > 1) {
      kept.splice(0, Math.ceil(kept.length / 4));
      bytes = draw();
    }
    return { epoch: this.#log.epoch, seq: this.#log.end, cols, rows, bytes };
  }
}

function letGo(): CodepiperError {
  return new CodepiperError('shutting_down', 'The daemon no longer follows this terminal. Try again.');
}
