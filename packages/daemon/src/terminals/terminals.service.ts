import { randomInt } from 'node:crypto';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Log } from '../log/log.ts';
import type { LivePane, LivePanes } from '../sessions/live-pane.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { FollowedTerminal } from './followed-terminal.ts';
import type { LiveTerminal } from './live-terminal.ts';
import type { Screens } from './screens.ts';
import type { SessionTap, TerminalTap } from './terminal-tap.ts';

export interface TerminalsOptions {
  sessions: Pick<SessionsService, 'getLive'>;
  panes: LivePanes;
  tmux: Pick<Tmux, 'stream'>;
  screens: Screens;
  /** null: nothing is recorded. */
  tap: TerminalTap | null;
  /** What was on the pane of an ended session last, with colours; empty when nothing was kept. */
  lastScreen(sessionId: string): Promise<string>;
  log: Log;
  /** How long a terminal that nobody watches is kept for who comes back, in milliseconds. */
  lingerMs?: number;
  /** How long a snapshot may take, in milliseconds. */
  deadlineMs?: number;
}

/** A terminal that is there until this is disposed of. */
export interface WatchedTerminal extends Disposable {
  readonly terminal: LiveTerminal;
  readonly record: SessionRecord;
  readonly pane: LivePane;
}

export interface WatchOptions {
  /** Lines of history that will be asked for with the first snapshot: it then comes sooner. */
  lines?: number;
}

export interface TerminalsService extends AsyncDisposable {
  /**
   * Watches a live session, by id, prefix or name. The first watcher makes the daemon follow its pane.
   *
   * @throws CodepiperError `session_not_found`, `session_ambiguous`, `session_ended`, `session_busy`, `shutting_down`
   */
  watch(ref: string, options?: WatchOptions): Promise<WatchedTerminal>;
  /** Offers every live session that has no tap yet to it: once the daemon knows its panes. */
  start(): Promise<void>;
  /** Offers a session to the tap anew: it has another run, or recording was switched on or off. */
  retap(sessionId: string): Promise<void>;
}

const defaultLingerMs = 30_000;
const defaultDeadlineMs = 10_000;
/** Lines of history that can be had: as many as tmux keeps. */
const scrollback = 10_000;

export function createTerminals(options: TerminalsOptions): TerminalsService {
  return new Terminals(options);
}

interface Followed {
  terminal: FollowedTerminal;
  watchers: number;
  /** Nobody watches; it is let go when this is over. */
  linger: NodeJS.Timeout | null;
}

class Terminals implements TerminalsService {
  readonly #o: TerminalsOptions;
  /** Of the present run of each session. */
  readonly #current = new Map<string, Followed>();
  /** With those that have ended and are watched still. */
  readonly #all = new Set<Followed>();
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: TerminalsOptions) {
    this.#o = options;
  }

  async watch(ref: string, { lines = 0 }: WatchOptions = {}): Promise<WatchedTerminal> {
    this.#requireOpen();
    const { record, pane } = await this.#o.sessions.getLive(ref);
    this.#requireOpen();
    const followed = this.#find(pane) ?? this.#follow(record, pane, Math.min(lines, scrollback));
    followed.terminal.startWatch(lines > 0);
    followed.watchers++;
    if (followed.linger) clearTimeout(followed.linger);
    followed.linger = null;
    let isWatching = true;
    return {
      terminal: followed.terminal,
      record,
      pane,
      [Symbol.dispose]: () => {
        if (isWatching) this.#leave(followed);
        isWatching = false;
      },
    };
  }

  async start(): Promise<void> {
    // One that began after the daemon listened is recorded already.
    const untapped = [...this.#o.panes.values()].filter((pane) => !this.#find(pane)?.terminal.isTapped);
    if (this.#o.tap) await Promise.all(untapped.map(({ sessionId }) => this.retap(sessionId)));
  }

  async retap(sessionId: string): Promise<void> {
    const { tap, sessions, log } = this.#o;
    if (!tap || this.#isClosed) return;
    try {
      const { record, pane } = await sessions.getLive(sessionId);
      if (this.#isClosed) return;
      const found = this.#find(pane);
      found?.terminal.setTap(null);
      let opened: SessionTap | null = null;
      try {
        opened = tap.open(record);
      } finally {
        if (!opened && found) this.#letGoUnused(found);
      }
      if (opened) (found ?? this.#follow(record, pane, 0)).terminal.setTap(opened);
    } catch (error) {
      // It ended meanwhile, for instance.
      const isExpected = error instanceof CodepiperError && error.code !== 'internal';
      log[isExpected ? 'debug' : 'error']({ err: error, session: sessionId }, 'a session is not recorded');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const followed of [...this.#all]) this.#letGo(followed);
    await Promise.all(this.#closing);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new CodepiperError('shutting_down', 'The daemon is stopping.');
  }

  /** The terminal of a pane, where it is followed. */
  #find({ sessionId, run, paneId }: LivePane): Followed | undefined {
    const followed = this.#current.get(sessionId);
    const { terminal } = followed ?? {};
    return terminal?.run === run && terminal.paneId === paneId ? followed : undefined;
  }

  #follow(record: SessionRecord, pane: LivePane, history: number): Followed {
    const { tmux, screens, lastScreen, log, deadlineMs = defaultDeadlineMs } = this.#o;
    const terminal = new FollowedTerminal({
      ...{ pane, screens, scrollback, deadlineMs, log },
      size: { cols: record.cols, rows: record.rows },
      stream: tmux.stream(pane.paneId, { history }),
      // A viewer of an earlier terminal, or of an earlier daemon, must not take its place for one of ours.
      firstEpoch: randomInt(2 ** 31),
      lastScreen: () => lastScreen(pane.sessionId),
      onTapFailed: () => this.#letGoUnused(followed),
      onEnded: () => this.#onEnded(followed),
    });
    const followed: Followed = { terminal, watchers: 0, linger: null };
    const before = this.#current.get(pane.sessionId);
    this.#current.set(pane.sessionId, followed);
    this.#all.add(followed);
    // Of an earlier run: its stream ends by itself, and who watches it is told so.
    if (before) this.#letGoUnused(before);
    return followed;
  }

  #leave(followed: Followed): void {
    if (--followed.watchers > 0 || !this.#all.has(followed)) return;
    if (followed.terminal.isEnded || !this.#isCurrent(followed)) {
      this.#letGo(followed);
      return;
    }
    followed.linger = setTimeout(() => {
      followed.linger = null;
      followed.terminal.stopWatch();
      this.#letGoUnused(followed);
    }, this.#o.lingerMs ?? defaultLingerMs).unref();
  }

  #onEnded(followed: Followed): void {
    if (this.#isCurrent(followed)) this.#current.delete(followed.terminal.sessionId);
    if (followed.watchers === 0) this.#letGo(followed);
  }

  #isCurrent(followed: Followed): boolean {
    return this.#current.get(followed.terminal.sessionId) === followed;
  }

  #letGoUnused(followed: Followed): void {
    const isKept = this.#isCurrent(followed) && (followed.linger !== null || followed.terminal.isTapped);
    if (followed.watchers === 0 && !isKept) this.#letGo(followed);
  }

  #letGo(followed: Followed): void {
    if (!this.#all.delete(followed)) return;
    if (this.#isCurrent(followed)) this.#current.delete(followed.terminal.sessionId);
    if (followed.linger) clearTimeout(followed.linger);
    const { terminal } = followed;
    const closing = terminal[Symbol.asyncDispose]()
      .catch((error) =>
        this.#o.log.error({ err: error, session: terminal.sessionId }, 'letting go of a terminal failed'),
      )
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
