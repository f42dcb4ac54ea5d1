import { join } from 'node:path';
import type { EvidenceSource, SessionStatus } from '@codepiper/core/sessions/session.ts';
import type { AgentFact, Provider } from '@codepiper/providers/provider.ts';
import type { Log } from '../log/log.ts';
import type { PaneFolder } from '../panes/pane-folder.ts';
import { readTextFile } from '../platform/files.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { RegistryWatcher } from './registry-watcher.ts';

/** An agent that shows no sign of life after this long is probably showing a dialog. */
const dialogAfterMs = 5_000;
/** Titles are sampled once a second; one sampled before a hook may arrive after it. */
const titleSettleMs = 1_500;
/** A state that was read off the screen is looked at again this often until the screen says otherwise. */
const screenRereadMs = 2_000;
/** A registry file is rewritten in place: read again soon when it was caught half-way. */
const rereadMs = 25;
/** The wrapper writes the process id within milliseconds; a daemon may have to wait for a busy machine. */
const pidPollMs = 5;
const slowestPidPollMs = 2_000;

/** One live run of a session, as the observer needs it. */
export interface Observed {
  sessionId: string;
  run: number;
  paneId: string;
  provider: Provider;
  folder: PaneFolder;
  env: Readonly<Record<string, string>>;
}

interface Watched extends Observed {
  stop: (() => void)[];
  timers: Set<NodeJS.Timeout>;
  /** Since when the state is so that the registry told last, in milliseconds since the epoch. */
  registrySince: number;
  refresh: ((options?: { settled: boolean }) => void) | null;
  lastHookAt: number;
  lastTitle: string;
}

export interface ObserverReports {
  /** `since`: when it became so (milliseconds since the epoch), where the source tells. */
  facts(
    run: { sessionId: string; run: number },
    facts: AgentFact[],
    source: EvidenceSource,
    since?: number,
  ): void;
  /** The program's process id is known. */
  pid(run: { sessionId: string; run: number }, pid: number): void;
  /** What is stored of the session's state, and what it rests on; null when it is gone. */
  stateOf(sessionId: string): Promise<{ status: SessionStatus; source: EvidenceSource } | null>;
}

/** Watches live sessions for what hooks do not tell: registry files, pane titles, start dialogs. */
export class Observer implements Disposable {
  readonly #tmux: Tmux;
  readonly #log: Log;
  readonly #reports: ObserverReports;
  readonly #registries = new RegistryWatcher();
  readonly #watched = new Map<string, Watched>();
  readonly #unlisten: () => void;

  constructor(options: { tmux: Tmux; log: Log; reports: ObserverReports }) {
    this.#tmux = options.tmux;
    this.#log = options.log;
    this.#reports = options.reports;
    this.#unlisten = this.#tmux.listen({ titles: (titles) => this.#onTitles(titles) });
  }

  watch(observed: Observed): void {
    this.unwatch(observed.sessionId);
    const watched: Watched = {
      ...observed,
      stop: [],
      timers: new Set(),
      registrySince: 0,
      refresh: null,
      lastHookAt: 0,
      lastTitle: '',
    };
    this.#watched.set(observed.sessionId, watched);
    this.#awaitPid(watched);
    if (observed.provider.readiness !== 'immediate') {
      this.#after(watched, dialogAfterMs, () => this.#lookForDialog(watched));
    }
  }

  unwatch(sessionId: string): void {
    const watched = this.#watched.get(sessionId);
    if (!watched) return;
    this.#watched.delete(sessionId);
    for (const timer of watched.timers) clearTimeout(timer);
    for (const stop of watched.stop) stop();
  }

  /**
   * Says that a hook spoke of the state, and when (milliseconds since the epoch). True when the agent's own registry has told a
   * newer state already: a hook's file may be read late, and its word about the state is then passed over.
   */
  hookSpoke(sessionId: string, at: number): boolean {
    const watched = this.#watched.get(sessionId);
    if (!watched) return false;
    watched.lastHookAt = Math.max(watched.lastHookAt, at);
    watched.refresh?.();
    // A hook's file is dated late under load: what the agent itself keeps has the last word once it is surely newer.
    this.#whenSettled(watched, titleSettleMs, () => this.#readLevel(watched));
    return watched.registrySince >= at;
  }

  /** The pane's screen, when it says what the agent waits for. */
  async readScreen(sessionId: string): Promise<void> {
    const watched = this.#watched.get(sessionId);
    if (watched) await this.#reportScreen(watched);
  }

  [Symbol.dispose](): void {
    this.#unlisten();
    for (const sessionId of [...this.#watched.keys()]) this.unwatch(sessionId);
    this.#registries[Symbol.dispose]();
  }

  #isCurrent(watched: Watched): boolean {
    return this.#watched.get(watched.sessionId) === watched;
  }

  #after(watched: Watched, ms: number, work: () => Promise<void> | void): void {
    const timer = setTimeout(() => {
      watched.timers.delete(timer);
      if (!this.#isCurrent(watched)) return;
      Promise.resolve(work()).catch((error) =>
        this.#log.warn({ err: error, session: watched.sessionId }, 'observing failed'),
      );
    }, ms);
    watched.timers.add(timer);
  }

  #awaitPid(watched: Watched): void {
    let wait = pidPollMs;
    const look = async () => {
      const pid = await watched.folder.readPid();
      if (!this.#isCurrent(watched)) return;
      if (pid === null) {
        wait = Math.min(wait * 2, slowestPidPollMs);
        return this.#after(watched, wait, look);
      }
      this.#reports.pid(watched, pid);
      this.#watchRegistry(watched, pid);
    };
    void look().catch((error) => this.#log.warn({ err: error, session: watched.sessionId }, 'pid not read'));
  }

  #watchRegistry(watched: Watched, pid: number): void {
    const registry = watched.provider.registry;
    if (!registry) return;
    const folder = registry.directory(watched.env);
    const fileName = registry.fileName(pid);
    let reading = false;
    let again = false;
    const read = async (settled = false): Promise<void> => {
      if (reading) {
        again = true;
        return;
      }
      reading = true;
      try {
        const content = await readTextFile(join(folder, fileName));
        if (content === null) return;
        const entry = registry.read(content, pid);
        if (entry === null) this.#after(watched, rereadMs, () => read(settled));
        else if (this.#isCurrent(watched)) this.#reportRegistry(watched, entry, settled);
      } finally {
        reading = false;
        if (again) {
          again = false;
          this.#after(watched, 0, () => read());
        }
      }
    };
    watched.refresh = (options) => this.#after(watched, 0, () => read(options?.settled));
    watched.stop.push(this.#registries.watch(folder, fileName, () => watched.refresh?.()));
  }

  /** The registry lags behind a prompt by moments: a state from before the last hook is old news. */
  #reportRegistry(watched: Watched, entry: { facts: AgentFact[]; since: number }, settled: boolean): void {
    if (entry.since < watched.lastHookAt && !settled) return;
    watched.registrySince = entry.since;
    if (entry.facts.length > 0) this.#reports.facts(watched, entry.facts, 'registry', entry.since);
  }

  #onTitles(titles: ReadonlyMap<string, string>): void {
    for (const watched of this.#watched.values()) {
      const title = titles.get(watched.paneId);
      if (title === undefined || title === watched.lastTitle) continue;
      watched.lastTitle = title;
      const quiet = watched.lastHookAt + titleSettleMs - Date.now();
      this.#whenSettled(watched, Math.max(0, quiet), () => this.#readTitle(watched));
    }
  }

  /** Unless a hook speaks meanwhile: what was heard before it is old then, and it looks again by itself. */
  #whenSettled(watched: Watched, ms: number, work: () => Promise<void> | void): void {
    const heard = watched.lastHookAt;
    this.#after(watched, ms, () => (watched.lastHookAt === heard ? work() : undefined));
  }

  async #readTitle(watched: Watched): Promise<void> {
    const facts = watched.provider.readTitle(watched.lastTitle);
    if (facts.length === 0) return;
    // A title that says somebody is needed does not say what for: the screen may.
    const needed = facts.some((fact) => fact.kind === 'state' && fact.state.status === 'needs_permission');
    if (needed && (await this.#reportScreen(watched))) return;
    if (this.#isCurrent(watched)) this.#reports.facts(watched, facts, 'title');
  }

  /** What the agent itself keeps about its state, whatever was heard before. */
  async #readLevel(watched: Watched): Promise<void> {
    watched.refresh?.({ settled: true });
    if (watched.lastTitle !== '') await this.#readTitle(watched);
  }

  /** Whether the screen said something. */
  async #reportScreen(watched: Watched): Promise<boolean> {
    const screen = await this.#tmux.capture(watched.paneId, {
      history: 0,
      styles: false,
      joinWrapped: false,
    });
    const facts = watched.provider.readScreen(screen);
    if (facts.length === 0 || !this.#isCurrent(watched)) return false;
    this.#reports.facts(watched, facts, 'screen');
    this.#after(watched, screenRereadMs, () => this.#reviseScreen(watched));
    return true;
  }

  /** Nobody tells when a dialog that was seen on the screen is closed: look until it is. */
  async #reviseScreen(watched: Watched): Promise<void> {
    if ((await this.#reports.stateOf(watched.sessionId))?.source !== 'screen') return;
    if (!(await this.#reportScreen(watched))) await this.#readLevel(watched);
  }

  async #lookForDialog(watched: Watched): Promise<void> {
    if ((await this.#reports.stateOf(watched.sessionId))?.status !== 'starting') return;
    if (await this.#reportScreen(watched)) return;
    // Unknown words on the screen stay `starting`; look again as long as nothing else speaks.
    this.#after(watched, dialogAfterMs, () => this.#lookForDialog(watched));
  }
}
