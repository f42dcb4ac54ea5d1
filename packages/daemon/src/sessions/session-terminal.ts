import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { toTmuxKey } from '@codepiper/core/sessions/keys.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Tmux } from '../tmux/tmux.ts';
import type { LivePanes } from './live-pane.ts';
import type { SessionEnds } from './session-ends.ts';
import { sessionEvent } from './session-events.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionsService } from './sessions.service.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface SessionTerminalOptions {
  sessions: SessionsService;
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  ends: SessionEnds;
  panes: LivePanes;
  clock: Clock;
  /** Throws when what would be pressed must not be. `keys` by tmux's names. */
  preflight: (session: SessionRecord, keys: readonly string[]) => void;
}

/** What is done at the terminal of a session: keys, size, reading the screen. */
export class SessionTerminal {
  readonly #o: SessionTerminalOptions;

  constructor(options: SessionTerminalOptions) {
    this.#o = options;
  }

  async pressKeys(ref: string, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => {
      const key = toTmuxKey(name);
      if (key) return key;
      throw new CodepiperError(
        'invalid_request',
        `body.keys: unknown key "${name}". Keys are single characters, enter, escape, tab, up, …, f1 to f12, with ctrl+, alt+ or shift+ before them.`,
      );
    });
    const { record, pane } = await this.#o.sessions.getLive(ref);
    this.#o.preflight(record, keys);
    await this.#o.tmux.pressKeys(pane.paneId, keys);
  }

  /** Interrupts a running turn, or the dialog that is up; an idle agent is left alone. */
  async interrupt(ref: string): Promise<{ interrupted: boolean; record: SessionRecord }> {
    const { sessions, tmux } = this.#o;
    const { record, pane } = await sessions.getLive(ref);
    const interrupted = record.status !== 'running' || record.activity !== 'idle';
    if (interrupted) await tmux.pressKeys(pane.paneId, sessions.providerOf(record).input.interrupt);
    return { interrupted, record: await sessions.get(record.id) };
  }

  async resize(ref: string, cols: number, rows: number): Promise<SessionRecord> {
    const { sessions, tmux, ledger, store, clock } = this.#o;
    const { record } = await sessions.getLive(ref);
    await tmux.resize(tmuxSessionName(record.id), cols, rows);
    await ledger.record(async (tx, emit) => {
      await store.in(tx).update(record.id, { cols, rows }, clock.now());
      emit(sessionEvent(record, 'session.resized', { cols, rows }));
    });
    return sessions.get(record.id);
  }

  /** The pane has another size, whoever gave it that. */
  async noteSize(id: string, { cols, rows }: { cols: number; rows: number }): Promise<void> {
    const { ledger, store, clock } = this.#o;
    await ledger.record(async (tx, emit) => {
      const record = await store.in(tx).get(id);
      if (!record || !isLive(record.status) || (record.cols === cols && record.rows === rows)) return;
      await store.in(tx).update(id, { cols, rows }, clock.now());
      emit(sessionEvent(record, 'session.resized', { cols, rows }));
    });
  }

  /** Text of the pane; of an ended session what was on it last. */
  async output(
    ref: string,
    request: { lines?: number; styles: boolean },
  ): Promise<{ output: string; live: boolean }> {
    const { sessions, tmux, ends, panes } = this.#o;
    const record = await sessions.get(ref);
    const pane = panes.get(record.id);
    const { lines: wanted, styles } = request;
    const text =
      isLive(record.status) && pane
        ? await tmux.capture(pane.paneId, { history: wanted ?? 0, styles, joinWrapped: true })
        : await ends.lastScreen(record.id, styles);
    const lines = text.replace(/\n+$/, '').split('\n');
    const kept = wanted === undefined ? lines : lines.slice(-wanted);
    return { output: kept.join('\n'), live: isLive(record.status) };
  }
}
