import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Log } from '../log/log.ts';
import { isAlive } from '../platform/processes.ts';
import type { PaneInfo, Tmux } from '../tmux/tmux.ts';
import type { LivePane, LivePanes } from './live-pane.ts';
import type { SessionEnds } from './session-ends.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionStarter } from './session-starter.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface ReconcilerOptions {
  store: SessionsStore;
  starter: SessionStarter;
  /** Process id of the program of a session's present run. */
  pidOf: (sessionId: string) => Promise<number | null>;
  /** Whether a wrapper has taken the launch file that was written last for a session. */
  wasLaunchTaken: (sessionId: string) => Promise<boolean>;
  /** Takes a session back whose pane was never made; says why. */
  takeBack: (record: SessionRecord, reason: string) => Promise<void>;
  ends: SessionEnds;
  tmux: Tmux;
  panes: LivePanes;
  /** Value of the mark on our tmux sessions; others are never touched. */
  home: string;
  log: Log;
}

/** How long a wrapper whose terminal went away may take to publish the exit status, in milliseconds. */
const exitGraceMs = 400;

/** Brings the stored sessions and tmux together: what is stored is a cache of what tmux says. */
export class Reconciler {
  readonly #o: ReconcilerOptions;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(options: ReconcilerOptions) {
    this.#o = options;
  }

  /** At start: every session, whatever its state. Returns our panes. */
  async all(): Promise<PaneInfo[]> {
    const panes = await this.#ownPanes();
    const byName = new Map(panes.map((pane) => [pane.sessionName, pane]));
    const records = await this.#o.store.list();
    await Promise.all(
      records.map((record) =>
        // One session that cannot be compared must not keep the daemon from the others.
        this.#compare(record, byName.get(tmuxSessionName(record.id))).catch((error) =>
          this.#o.log.error({ err: error, session: record.id }, 'a session could not be compared with tmux'),
        ),
      ),
    );
    const known = new Set(records.map((record) => tmuxSessionName(record.id)));
    for (const pane of panes.filter((pane) => !known.has(pane.sessionName))) {
      this.#o.log.warn(
        { pane: pane.sessionName },
        'a pane of ours has no session in the database; it is left alone',
      );
    }
    return panes;
  }

  /** One session, whatever its state. */
  async one(record: SessionRecord): Promise<void> {
    const name = tmuxSessionName(record.id);
    await this.#compare(
      record,
      (await this.#ownPanes()).find((pane) => pane.sessionName === name),
    );
  }

  async #compare(record: SessionRecord, pane: PaneInfo | undefined): Promise<void> {
    const { ends, panes, starter, pidOf } = this.#o;
    const key = { sessionId: record.id, run: record.run };
    const exitCode = await ends.readExit(key);
    if (pane && exitCode !== null) {
      // Held by its wrapper: the last screen is still there to be taken.
      panes.set(record.id, livePane(record, pane));
      return ends.end(key, { exitCode });
    }
    if (pane) {
      const pid = await pidOf(record.id);
      const isOver = !isLive(record.status) && (pid === null || !isAlive(pid));
      // Its end is stored and its exit file taken: only the pane was not given back.
      return isOver ? ends.end(key, { exitCode: null }) : starter.adopt(record, pane);
    }
    if (!isLive(record.status)) return;
    if (exitCode !== null || !(await this.#wasNeverStarted(record))) {
      return ends.end(key, { exitCode, detail: 'its pane was gone when the daemon looked' });
    }
    const detail = 'the daemon ended before the pane was made';
    // A first start leaves a session or nothing: whoever was cut off asks again, with the same name.
    if (record.run === 1) {
      this.#o.log.info({ session: record.id, name: record.name }, 'a start that was cut off is taken back');
      return this.#o.takeBack(record, detail);
    }
    return ends.end(key, { exitCode, detail });
  }

  /** Whether the daemon ended between the row and the pane. The token is stored when the launch file was written. */
  async #wasNeverStarted({ id, status, tokenHash }: SessionRecord): Promise<boolean> {
    if (status !== 'starting') return false;
    return tokenHash === null || !(await this.#o.wasLaunchTaken(id));
  }

  /** While running: sessions whose pane went away have ended. Calls during a run make it look once more. */
  vanished(detail: string): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#lookForVanished(detail).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #lookForVanished(detail: string): Promise<void> {
    do {
      this.#again = false;
      const before = [...this.#o.panes.values()];
      const there = new Set((await this.#ownPanes()).map((pane) => pane.paneId));
      await Promise.all(
        before
          .filter((pane) => !there.has(pane.paneId) && this.#o.panes.get(pane.sessionId) === pane)
          .map(async (pane) => {
            // The wrapper may be about to say how the program ended; the spool then stores it.
            if (await this.#o.ends.waitForEnd(pane.sessionId, pane.run, exitGraceMs)) return;
            await this.#o.ends.end(pane, { exitCode: await this.#o.ends.readExit(pane), detail });
          }),
      );
    } while (this.#again);
  }

  async #ownPanes(): Promise<PaneInfo[]> {
    return (await this.#o.tmux.listPanes()).filter((pane) => pane.home === this.#o.home);
  }
}

function livePane(record: { id: string; run: number }, pane: PaneInfo): LivePane {
  return { sessionId: record.id, run: record.run, paneId: pane.paneId, wrapperPid: pane.pid };
}
