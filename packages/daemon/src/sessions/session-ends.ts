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
import { applyEnd } from './lifecycle.ts';
import type { Observer } from './observer.ts';
import { type LivePane, sessionEvent } from './sessions.service.ts';
import type { SessionsStore } from './sessions.store.ts';

/** Lines of history kept of an ended session. */
const lastLines = 2_000;
const lastScreenFile = 'last-screen.ansi';

export interface SessionEndsOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  spool: () => Pick<Spool, 'readExit' | 'removeExit'>;
  panes: Map<string, LivePane>;
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
    await this.#queue.run(key.sessionId, () => this.#end(key, end));
    this.#wake(key);
  }

  async hasEnded(sessionId: string, run: number): Promise<boolean> {
    const record = await this.#o.store.get(sessionId);
    return !record || record.run !== run || !isLive(record.status);
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
    // It may have ended between the first look and now.
    if (await this.hasEnded(sessionId, run)) resolve();
    await promise;
    clearTimeout(timer);
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
    const { store, ledger, tmux, panes, clock, log } = this.#o;
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
            status: change.status,
            exitCode: change.exitCode,
            signal: change.signal,
            evidence: change.evidence,
          }),
        );
      });
    }
    this.#o.observer().unwatch(key.sessionId);
    panes.delete(key.sessionId);
    await tmux.killSession(tmuxSessionName(key.sessionId)).catch((error) => {
      log.warn(
        { err: error, session: key.sessionId },
        'the pane of an ended session could not be given back',
      );
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
