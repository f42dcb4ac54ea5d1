import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Log } from '../log/log.ts';
import { startThread, type Thread } from '../platform/thread.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import type { FromScreens, ToScreens } from './screen-thread.ts';
import { notCurrent, type ScreenLine, ThreadScreen } from './thread-screen.ts';
import type { Snapshot } from './viewer.ts';

/** The screens of sessions, in a thread of their own: what they cost delays nothing else. */
export interface Screens extends AsyncDisposable {
  /** A screen of its own. Nothing is held before `restore`. */
  open(options: { scrollback: number }): SessionScreen;
}

/** The screen of one session. It takes the places of the stream as `OutputLog` counts them: a resize takes one too. */
export interface SessionScreen extends Disposable {
  /**
   * False while nothing was restored, and from when what waits to be parsed passed the limit, so that all of it was
   * dropped, or the pane got another size and only tmux knows what that does to its history, or the thread died: a
   * picture is needed. What is written until then is ignored.
   */
  readonly isCurrent: boolean;
  /** Starts over from a picture; `at` is the place of the stream that it shows. */
  restore(state: PaneState, at: { epoch: number; seq: number }): void;
  /** The stream goes on. Bytes are copied before it returns. */
  write(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  /**
   * The screen after everything written so far.
   *
   * @param request.lines of history, at most; fewer where the snapshot would be longer than `maxBytes`
   * @returns null where it has dropped some of those lines, and no `maxBytes` allows for fewer: a picture has them
   * @throws CodepiperError `internal` when it is not current, or stops being so meanwhile
   */
  snapshot(request: { lines: number; maxBytes: number | null }): Promise<Snapshot | null>;
}

/** Starts the thread; `failed` is told when it ended by itself. */
export type StartScreenThread = (on: {
  heard: (message: FromScreens) => void;
  failed: (error: Error) => void;
}) => Thread<ToScreens>;

/** What is written waits for company this long, in milliseconds. */
const batchMs = 16;
/** The emulator is loaded here so long after a screen was opened, in milliseconds: asking for its picture takes one. */
const loadMs = 5;
/** The thread is started so long after a snapshot was drawn without it, in milliseconds: that one is to go first. */
const beginMs = 250;
/** How long the thread stays without a screen, in milliseconds. */
const idleMs = 30_000;

type Restore = Extract<ToScreens, { type: 'restore' }>;
type Ask = Extract<ToScreens, { type: 'snapshot' }>;

/**
 * The thread is started with the first screen that has anything to follow, and ends when there has been none for half a
 * minute. Until it can draw, snapshots of what only a picture shows are drawn without it.
 */
export function startScreens(log: Log): Screens {
  return new ThreadScreens(log, ({ heard, failed }) =>
    startThread<ToScreens, FromScreens>({
      program: 'screen-worker',
      source: join(import.meta.dirname, 'screen-worker.ts'),
      data: null,
      stop: { type: 'stop' },
      heard,
      failed,
    }),
  );
}

/** Waits for a snapshot. */
interface Asked {
  run: number;
  place: { epoch: number; seq: number };
  resolve: (snapshot: Snapshot | null) => void;
  reject: (error: Error) => void;
}

export class ThreadScreens implements Screens, ScreenLine {
  readonly #log: Log;
  readonly #startThread: StartScreenThread;
  readonly #open = new Set<ThreadScreen>();
  /** By run: what a screen is from one picture to the next. */
  readonly #runs = new Map<number, ThreadScreen>();
  readonly #asked = new Map<number, Asked>();
  readonly #staged = new Set<ThreadScreen>();
  #thread: Thread<ToScreens> | null = null;
  /** The thread has been heard. */
  #isReady = false;
  /** Until then, by run: the picture of a screen to which nothing has come since. */
  readonly #pictures = new Map<number, Restore>();
  #ending: Promise<void> = Promise.resolve();
  #lastId = 0;
  #batch: NodeJS.Timeout | null = null;
  #idle: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(log: Log, start: StartScreenThread) {
    this.#log = log;
    this.#startThread = start;
  }

  open({ scrollback }: { scrollback: number }): SessionScreen {
    if (this.#isStopped) throw stopping();
    const screen = new ThreadScreen(this, scrollback);
    this.#open.add(screen);
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    // Loaded while tmux takes the picture, and not before it was asked to.
    if (!this.#isReady) setTimeout(() => void loadEmulator().catch(() => undefined), loadMs).unref();
    return screen;
  }

  begin(screen: ThreadScreen): number | null {
    if (this.#isStopped) return null;
    this.#lastId += 1;
    this.#runs.set(this.#lastId, screen);
    return this.#lastId;
  }

  end(run: number, why: string): void {
    this.#runs.delete(run);
    this.#thread?.send({ type: 'drop', run });
    this.#reject((asked) => asked.run === run, notCurrent(why));
  }

  send(message: ToScreens, transfer: readonly ArrayBuffer[] = []): void {
    if (message.type === 'restore' && !this.#isReady) {
      this.#pictures.set(message.run, message);
      // Without a thread it goes along with what comes after it.
      this.#thread?.send(message);
      return;
    }
    if (message.type !== 'drop') this.#begin();
    if (message.type !== 'stop') this.#pictures.delete(message.run);
    this.#thread?.send(message, transfer);
  }

  stage(screen: ThreadScreen): void {
    this.#staged.add(screen);
    this.#batch ??= setTimeout(() => {
      this.#batch = null;
      for (const each of this.#staged) each.flush();
      this.#staged.clear();
    }, batchMs).unref();
  }

  ask(
    run: number,
    place: Asked['place'],
    request: { lines: number; maxBytes: number | null },
  ): Promise<Snapshot | null> {
    this.#lastId += 1;
    const ask = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { run, place, resolve, reject });
      const picture = this.#pictures.get(run);
      const message = { type: 'snapshot', run, ask, ...request } as const;
      if (picture) void this.#drawHere(picture, message);
      else this.send(message);
    });
  }

  close(screen: ThreadScreen): void {
    this.#staged.delete(screen);
    if (!this.#open.delete(screen) || this.#open.size > 0 || this.#isStopped) return;
    this.#idle = setTimeout(() => void this.#endThread(), idleMs).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    if (this.#idle) clearTimeout(this.#idle);
    if (this.#batch) clearTimeout(this.#batch);
    if (this.#soon) clearTimeout(this.#soon);
    this.#loseAll(stopping());
    await this.#endThread();
  }

  /** Draws a picture in this thread: the other one takes longer to start than all else that a first viewer waits for. */
  async #drawHere(picture: Restore, ask: Ask): Promise<void> {
    try {
      const { ScreenThread } = await loadEmulator();
      using screens = new ScreenThread((message) => this.#heard(message));
      screens.take(picture);
      screens.take(ask);
      // Nothing else waits for more than one of its steps.
      while (screens.isBusy) {
        await nextTurn();
        screens.step();
      }
    } catch (error) {
      this.#asked.get(ask.ask)?.reject(error instanceof Error ? error : new Error(String(error)));
      this.#asked.delete(ask.ask);
    }
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      if (this.#open.size > 0 && !this.#isStopped) this.#begin();
    }, beginMs).unref();
  }

  /** Starts the thread where there is none. */
  #begin(): void {
    if (this.#thread) return;
    this.#thread = this.#start();
    for (const picture of this.#pictures.values()) this.#thread.send(picture);
  }

  #start(): Thread<ToScreens> {
    const thread: Thread<ToScreens> = this.#startThread({
      heard: (message) => {
        if (this.#thread === thread) this.#setReady(true);
        this.#heard(message);
      },
      failed: (error) => {
        if (this.#thread !== thread) return;
        this.#thread = null;
        this.#setReady(false);
        this.#log.error({ err: error }, 'the thread of the screens failed; the next picture starts another');
        this.#loseAll(notCurrent(`its thread failed: ${error.message}`));
      },
    });
    return thread;
  }

  #endThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#setReady(false);
    if (thread) {
      const before = this.#ending;
      this.#ending = Promise.all([before, thread[Symbol.asyncDispose]()]).then(() => undefined);
    }
    return this.#ending;
  }

  #setReady(isReady: boolean): void {
    this.#isReady = isReady;
    this.#pictures.clear();
  }

  #heard(message: FromScreens): void {
    if (message.type === 'ready') return;
    if (message.type === 'snapshot') {
      const asked = this.#asked.get(message.ask);
      this.#asked.delete(message.ask);
      asked?.resolve({ ...asked.place, cols: message.cols, rows: message.rows, bytes: message.bytes });
    } else if (message.type === 'short') {
      this.#asked.get(message.ask)?.resolve(null);
      this.#asked.delete(message.ask);
    } else if (message.type === 'parsed') {
      this.#runs.get(message.run)?.parsed(message.cost);
    } else {
      const screen = this.#runs.get(message.run);
      if (!screen) return;
      this.#log.error({ reason: message.reason }, 'a screen failed; it starts over from a picture');
      screen.lose(`it failed: ${message.reason}`);
    }
  }

  #loseAll(error: Error): void {
    for (const screen of this.#runs.values()) screen.forget();
    this.#runs.clear();
    this.#reject(() => true, error);
  }

  #reject(isMeant: (asked: Asked) => boolean, error: Error): void {
    for (const [ask, asked] of this.#asked) {
      if (!isMeant(asked)) continue;
      this.#asked.delete(ask);
      asked.reject(error);
    }
  }
}

/** Only where there is a viewer: it takes memory, and 30 ms the first time. */
async function loadEmulator(): Promise<typeof import('./screen-thread.ts')> {
  // By itself, so that nothing else waits for both.
  await import('@xterm/headless');
  await nextTurn();
  return await import('./screen-thread.ts');
}

function stopping(): CodepiperError {
  return new CodepiperError('shutting_down', 'The daemon is stopping.');
}
