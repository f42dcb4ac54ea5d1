import { stripVTControlCharacters } from 'node:util';
import type { Clock } from '@codepiper/core/clock.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { parseExit, type Spool, type SpoolFile, type SpoolKey } from '../panes/spool.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { Tmux } from '../tmux/tmux.ts';
import type { Launcher } from './launcher.ts';
import { applyEnd, signalOf } from './lifecycle.ts';
import type { LivePane, LivePanes } from './live-pane.ts';
import type { Observer } from './observer.ts';
import { sessionEvent } from './session-events.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionsStore } from './sessions.store.ts';

/** Lines of history kept of an ended session. */
const lastLines = 2_000;
const lastScreenFile = 'last-screen.ansi';

export interface SessionEndsOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  spool: () => Pick<Spool, 'readExit'>;
  /** Aborted when the daemon stops: what waits for an end then waits no longer. */
  closing: AbortSignal;
  panes: LivePanes;
  observer: () => Observer;
  clock: Clock;
  log: Log;
}

/**
 * How runs end. The order matters: the last screen is taken, then the end is stored, then the pane is given back.
 * A crash anywhere in between leaves the exit file and the held pane, and the next start goes on from there.
 */
export class SessionEnds {
  readonly #o: SessionEndsOptions;
  readonly #queue = new KeyedQueue();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(options: SessionEndsOptions) {
    this.#o = options;
  }

  /** Takes an exit status from the spool. */
  async onExitFile(file: SpoolFile): Promise<void> {
    await this.end(file, { exitCode: parseExit(file.content) });
  }

  /** Stores the end of a run, once; a run that is over already only gives back its pane. */
  async end(key: SpoolKey, end: { exitCode: number | null; detail?: string }): Promise<void> {
    try {
      await this.#queue.run(key.sessionId, () => this.#end(key, end));
    } finally {
      this.#wake(key);
    }
  }

  async hasEnded(sessionId: string, run: number): Promise<boolean> {
    const record = await this.#o.store.get(sessionId);
    return !record || record.run !== run || !isLive(record.status);
  }

  /** Whether the daemon is stopping: then nothing waits for an end any more. */
  get isClosing(): boolean {
    return this.#o.closing.aborted;
  }

  readExit(key: SpoolKey): Promise<number | null> {
    return this.#o.spool().readExit(key);
  }

  /** Whether the end of the run is stored within the time, in milliseconds. */
  async waitForEnd(sessionId: string, run: number, withinMs: number): Promise<boolean> {
    if (await this.hasEnded(sessionId, run)) return true;
    const key = `${sessionId}.${run}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    waiting.add(resolve);
    this.#waiting.set(key, waiting);
    const timer = setTimeout(resolve, Math.max(0, withinMs));
    const { closing } = this.#o;
    const onClosing = () => resolve();
    closing.addEventListener('abort', onClosing);
    if (closing.aborted) resolve();
    // It may have ended between the first look and now.
    if (await this.hasEnded(sessionId, run)) resolve();
    await promise;
    clearTimeout(timer);
    closing.removeEventListener('abort', onClosing);
    waiting.delete(resolve);
    if (waiting.size === 0) this.#waiting.delete(key);
    return this.hasEnded(sessionId, run);
  }

  /** What was on the pane last; empty when nothing could be kept. */
  async lastScreen(sessionId: string, styles: boolean): Promise<string> {
    const text = (await this.#o.launcher.folder(sessionId).read(lastScreenFile)) ?? '';
    return styles ? text : stripVTControlCharacters(text);
  }

  async #end(key: SpoolKey, end: { exitCode: number | null; detail?: string }): Promise<void> {
    const { store, ledger, tmux, panes, clock } = this.#o;
    const record = await store.get(key.sessionId);
    if (record && record.run !== key.run) return;
    const pane = panes.get(key.sessionId);
    if (record && isLive(record.status)) {
      if (pane) await this.#keepLastScreen(pane);
      await ledger.record(async (tx, emit) => {
        const inTx = store.in(tx);
        const now = await inTx.get(record.id);
        if (!now || now.run !== key.run || !isLive(now.status)) return;
        const change = applyEnd(now, { ...end, at: clock.now() });
        await inTx.update(now.id, { ...change, tokenHash: null }, clock.now());
        emit(
          sessionEvent(now, 'session.ended', {
            run: now.run,
            status: change.status,
            exitCode: change.exitCode,
            signal: change.signal,
            evidence: change.evidence,
          }),
        );
      });
    } else if (record) await this.#addExitCode(record, end.exitCode);
    this.#o.observer().unwatch(key.sessionId);
    // A failure is the caller's: the exit file then stays, and the pane is given back by the next attempt.
    await tmux.killSession(tmuxSessionName(key.sessionId));
    panes.delete(key.sessionId);
  }

  /** A program may take its time to end after its pane was taken away: its exit status still comes to its row. */
  async #addExitCode(record: SessionRecord, exitCode: number | null): Promise<void> {
    if (exitCode === null || record.exitCode !== null) return;
    await this.#o.ledger.record(async (tx, emit) => {
      const signal = signalOf(exitCode);
      const evidence = {
        source: 'exit' as const,
        detail: `${record.evidence.detail}; the program ended later, with status ${exitCode}`,
      };
      await this.#o.store.in(tx).update(record.id, { exitCode, signal, evidence }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.exit', { run: record.run, exitCode, signal }));
    });
  }

  async #keepLastScreen(pane: LivePane): Promise<void> {
    try {
      const text = await this.#o.tmux.capture(pane.paneId, {
        history: lastLines,
        styles: true,
        joinWrapped: true,
      });
      await this.#o.launcher.folder(pane.sessionId).writeFile(lastScreenFile, text);
    } catch (error) {
      this.#o.log.warn({ err: error, session: pane.sessionId }, 'the last screen could not be kept');
    }
  }

  #wake(key: SpoolKey): void {
    for (const resolve of this.#waiting.get(`${key.sessionId}.${key.run}`) ?? []) resolve();
  }
}
