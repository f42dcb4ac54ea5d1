import type { Clock } from '@codepiper/core/clock.ts';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Conversation, Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Ledger } from '../events/ledger.ts';
import type { PaneInfo, Tmux } from '../tmux/tmux.ts';
import type { Launcher } from './launcher.ts';
import type { LivePanes } from './live-pane.ts';
import type { Observer } from './observer.ts';
import { sessionEvent } from './session-events.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface SessionStarterOptions {
  ledger: Ledger;
  store: SessionsStore;
  tmux: Tmux;
  launcher: Launcher;
  panes: LivePanes;
  observer: () => Observer;
  clock: Clock;
}

/** Gives a stored session its pane: a new one, or the one an earlier daemon made. */
export class SessionStarter {
  readonly #o: SessionStarterOptions;

  constructor(options: SessionStarterOptions) {
    this.#o = options;
  }

  /** Makes the pane of a run whose row is stored. */
  async start(
    provider: Provider,
    record: SessionRecord,
    conversation: Conversation | null,
    given: Record<string, string>,
  ): Promise<void> {
    const { launcher, tmux, store, ledger, clock } = this.#o;
    const prepared = await launcher.prepare(provider, record, conversation, given);
    const change = {
      tokenHash: prepared.tokenHash,
      conversation: {
        ...record.conversation,
        id: prepared.conversationId ?? record.conversation.id,
        source: record.conversation.source ?? (prepared.conversationId ? ('codepiper' as const) : null),
      },
    };
    await store.update(record.id, change, clock.now());
    const pane = await tmux.createPane({
      sessionName: tmuxSessionName(record.id),
      cols: record.cols,
      rows: record.rows,
      argv: prepared.paneArgv,
    });
    this.#keep(record, pane);
    if (provider.readiness === 'immediate') await this.#markStarted(record);
    else {
      await ledger.record(async (_tx, emit) =>
        emit(sessionEvent(record, 'session.started', { run: record.run })),
      );
    }
    await this.#observe(record, provider);
  }

  /** Takes up the pane of a session that an earlier daemon started. */
  async adopt(record: SessionRecord, pane: PaneInfo): Promise<void> {
    const provider = getProvider(record.provider);
    this.#keep(record, pane);
    if (!isLive(record.status)) {
      await this.#o.ledger.record(async (tx, emit) => {
        const change = {
          status: 'running' as const,
          activity: null,
          evidence: { source: 'tmux' as const, detail: 'its pane is live' },
          endedAt: null,
          exitCode: null,
          signal: null,
        };
        await this.#o.store.in(tx).update(record.id, change, this.#o.clock.now());
        emit(sessionEvent(record, 'session.adopted', { before: record.status }));
      });
    } else if (record.status === 'starting' && provider.readiness === 'immediate') {
      await this.#markStarted(record);
    }
    await this.#observe(record, provider);
  }

  #keep(record: SessionRecord, pane: PaneInfo): void {
    this.#o.panes.set(record.id, {
      sessionId: record.id,
      run: record.run,
      paneId: pane.paneId,
      wrapperPid: pane.pid,
    });
  }

  async #markStarted(record: SessionRecord): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const now = await store.get(record.id);
      if (!now || now.run !== record.run || now.status !== 'starting') return;
      const change = {
        status: 'running' as const,
        evidence: { source: 'tmux' as const, detail: 'its pane is live' },
      };
      await store.update(record.id, change, this.#o.clock.now());
      emit(sessionEvent(record, 'session.started', { run: record.run }));
    });
  }

  async #observe(record: SessionRecord, provider: Provider): Promise<void> {
    const pane = this.#o.panes.get(record.id);
    if (!pane) return;
    const given = await this.#o.launcher.givenEnvironment(record.id);
    this.#o.observer().watch({
      sessionId: record.id,
      run: record.run,
      paneId: pane.paneId,
      provider,
      folder: this.#o.launcher.folder(record.id),
      env: this.#o.launcher.environment(provider, record, given),
    });
  }
}
