import type { Clock } from '@codepiper/core/clock.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { LivePanes } from '../sessions/live-pane.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { lastLineOf } from './card-text.ts';

export interface PaneLinesOptions {
  tmux: Pick<Tmux, 'activity' | 'screens'>;
  panes: LivePanes;
  /** What was on the pane of an ended session last; with control sequences or without. */
  lastScreen(sessionId: string): Promise<string>;
  clock: Clock;
}

interface Seen {
  run: number;
  line: string | null;
  /** Second in which the screen was read; null: it changes no more. */
  readAt: number | null;
}

/** The last lines on the panes of sessions. A pane on which nothing was printed is not read again. */
export class PaneLines {
  readonly #o: PaneLinesOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: PaneLinesOptions) {
    this.#o = options;
  }

  lineOf({ id, run }: Pick<SessionRecord, 'id' | 'run'>): string | null {
    const seen = this.#seen.get(id);
    return seen?.run === run ? seen.line : null;
  }

  /**
   * Looks at the panes of these sessions. Returns the ids of those with another line.
   *
   * @throws CodepiperError `tmux_failed`
   */
  async look(records: readonly SessionRecord[]): Promise<string[]> {
    this.#forgetOthers(records);
    const ended = await this.#lookAtEnded(records.filter(({ status }) => !isLive(status)));
    return [...ended, ...(await this.#lookAtLive(records.filter(({ status }) => isLive(status))))];
  }

  async #lookAtLive(records: readonly SessionRecord[]): Promise<string[]> {
    const { tmux, panes, clock } = this.#o;
    const shown = records.flatMap((record) => {
      const pane = panes.get(record.id);
      return pane ? [{ record, paneId: pane.paneId }] : [];
    });
    if (shown.length === 0) return [];
    const activity = await tmux.activity();
    // tmux says it in whole seconds: what is printed in the second of the look may come behind it.
    const now = Math.floor(clock.now() / 1000);
    const stale = shown.filter(({ record, paneId }) => {
      const at = activity.get(paneId);
      const seen = this.#seen.get(record.id);
      return at !== undefined && !(seen?.run === record.run && seen.readAt !== null && seen.readAt > at);
    });
    if (stale.length === 0) return [];
    const screens = await tmux.screens(stale.map(({ paneId }) => paneId));
    return stale.flatMap(({ record, paneId }) =>
      this.#note(record, lastLineOf(screens.get(paneId) ?? ''), now) ? [record.id] : [],
    );
  }

  async #lookAtEnded(records: readonly SessionRecord[]): Promise<string[]> {
    const changed: string[] = [];
    for (const record of records) {
      const seen = this.#seen.get(record.id);
      if (seen?.run === record.run && seen.readAt === null) continue;
      const line = lastLineOf(await this.#o.lastScreen(record.id));
      if (this.#note(record, line ?? seen?.line ?? null, null)) changed.push(record.id);
    }
    return changed;
  }

  /** Whether the line is another one. */
  #note({ id, run }: SessionRecord, line: string | null, readAt: number | null): boolean {
    const before = this.#seen.get(id);
    this.#seen.set(id, { run, line, readAt });
    return before?.run !== run || before.line !== line;
  }

  #forgetOthers(records: readonly SessionRecord[]): void {
    const ids = new Set(records.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
  }
}
