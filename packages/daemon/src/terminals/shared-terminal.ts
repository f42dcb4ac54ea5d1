import { tmuxSessionName } from '@codepiper/core/paths.ts';
import type { Log } from '../log/log.ts';
import type { Tmux } from '../tmux/tmux.ts';
import type { TerminalSize } from './live-terminal.ts';
import { PresenceList, type PresentViewer } from './presence.ts';
import { SessionInput } from './session-input.ts';
import { SessionSize } from './session-size.ts';
import type { WatchedTerminal } from './terminals.service.ts';

/** How long what clients typed is remembered after the last viewer of a session has left, in milliseconds. */
const rememberMs = 60 * 60_000;

/** One viewer of a session, as the others' doings concern it. */
export interface SharingViewer extends PresentViewer {
  /** The pane has another size, or somebody else decides it. */
  sizeChanged(): void;
  /** Others came, left, typed. */
  presenceChanged(): void;
}

export interface SharingOptions {
  tmux: Pick<Tmux, 'listPanes' | 'resize' | 'typeBytes' | 'pressKeys' | 'listen'>;
  /** The pane of a session has had this size for a while. */
  noteSize(sessionId: string, size: TerminalSize): Promise<void>;
  log: Log;
}

/** What the viewers of one run of a session share: its input, its size, and the knowledge of each other. */
export class SharedTerminal {
  readonly input: SessionInput;
  readonly size: SessionSize<SharingViewer>;
  readonly presence: PresenceList<SharingViewer>;
  leftAt = 0;
  #watched: WatchedTerminal;
  #listening: Disposable | null = null;
  #isLocal = false;

  constructor(watched: WatchedTerminal, { tmux, noteSize, log }: SharingOptions, attached: AttachedNames) {
    this.#watched = watched;
    const { paneId, sessionId } = watched.pane;
    const name = tmuxSessionName(sessionId);
    this.input = new SessionInput({ tmux, paneId, isEnded: () => this.#watched.terminal.isEnded, log });
    this.presence = new PresenceList(() => {
      for (const viewer of this.presence.viewers) viewer.presenceChanged();
    });
    this.size = new SessionSize({
      size: () => this.#watched.terminal.size,
      resize: ({ cols, rows }) => tmux.resize(name, cols, rows),
      isAttached: async () => (await attached()).has(name),
      settled: async (size) => {
        if (!this.#watched.terminal.isEnded) await noteSize(sessionId, size);
      },
      onChanged: () => this.#tellSize(),
      log,
    });
  }

  /** Nobody watches, and what was typed is too long ago, or is of no use any more. */
  isStale(now: number): boolean {
    return this.presence.count === 0 && (this.#watched.terminal.isEnded || now - this.leftAt >= rememberMs);
  }

  join(viewer: SharingViewer, watched: WatchedTerminal): void {
    this.#watched = watched;
    if (this.presence.count === 0) {
      this.#listening = watched.terminal.listen({
        appended: () => undefined,
        resized: () => this.size.resized(),
        ended: () => undefined,
      });
      this.size.resized();
    }
    this.presence.join(viewer);
    this.size.update();
  }

  leave(viewer: SharingViewer): void {
    this.size.lease.release(viewer);
    this.presence.leave(viewer);
    this.#tellSize();
    if (this.presence.count > 0) return;
    this.leftAt = performance.now();
    this.#listening?.[Symbol.dispose]();
    this.#listening = null;
  }

  /** A viewer's input was taken: it may decide the size now. */
  typed(viewer: SharingViewer): void {
    this.presence.typed(viewer, performance.now());
    if (!this.size.lease.typed(viewer)) return;
    this.#tellSize();
    this.size.update();
  }

  takeSize(viewer: SharingViewer, size: TerminalSize): void {
    this.size.lease.take(viewer, size);
    this.#tellSize();
    this.size.update();
  }

  releaseSize(viewer: SharingViewer): void {
    this.size.lease.release(viewer);
    this.#tellSize();
  }

  dispose(): void {
    this.#listening?.[Symbol.dispose]();
    this.size[Symbol.dispose]();
    this.presence[Symbol.dispose]();
  }

  #tellSize(): void {
    for (const viewer of this.presence.viewers) viewer.sizeChanged();
    const { isLocal } = this.size.lease;
    if (isLocal === this.#isLocal) return;
    this.#isLocal = isLocal;
    this.presence.changed();
  }
}

/** Names of the tmux sessions to which a terminal on the machine is attached. */
type AttachedNames = () => Promise<ReadonlySet<string>>;

/** All sessions that are watched over sockets, or were in the last hour. */
export class SharedTerminals implements Disposable {
  readonly #o: SharingOptions;
  /** By session and run. */
  readonly #open = new Map<string, SharedTerminal>();
  readonly #stopListening: () => void;
  #asking: Promise<ReadonlySet<string>> | null = null;

  constructor(options: SharingOptions) {
    this.#o = options;
    this.#stopListening = options.tmux.listen({ clientsChanged: () => this.#lookAgain() });
  }

  of(watched: WatchedTerminal): SharedTerminal {
    const now = performance.now();
    for (const [key, shared] of this.#open) {
      if (!shared.isStale(now)) continue;
      shared.dispose();
      this.#open.delete(key);
    }
    const { sessionId, run } = watched.pane;
    const key = `${sessionId}:${run}`;
    const found = this.#open.get(key) ?? new SharedTerminal(watched, this.#o, () => this.#attached());
    this.#open.set(key, found);
    return found;
  }

  [Symbol.dispose](): void {
    this.#stopListening();
    for (const shared of this.#open.values()) shared.dispose();
    this.#open.clear();
  }

  #lookAgain(): void {
    for (const shared of this.#open.values()) if (shared.presence.count > 0) shared.size.update();
  }

  /** One question for all that ask at the same time. */
  #attached(): Promise<ReadonlySet<string>> {
    this.#asking ??= this.#o.tmux
      .listPanes()
      .then((panes) => new Set(panes.filter((pane) => pane.attached).map((pane) => pane.sessionName)))
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}
