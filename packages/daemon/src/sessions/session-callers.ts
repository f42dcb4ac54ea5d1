import type { Whereabouts } from '../http/server.ts';
import { hasTerminal, lineOf, startedWith } from '../platform/ancestry.ts';
import { systemTable } from '../platform/process-table.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { hashToken } from './launcher.ts';
import type { LivePanes } from './live-pane.ts';
import type { SessionsStore } from './sessions.store.ts';

/** Sessions of which a token is remembered; those of others are looked up. */
const mostKnown = 200;

/** Tells which session a caller is: by the token it has, or by the process it is. */
export class SessionCallers {
  readonly #store: SessionsStore;
  readonly #panes: LivePanes;
  readonly #tmux: Pick<Tmux, 'listPanes'>;
  readonly #isOwnServer: boolean;
  /** Sessions by the hash of a token that was theirs; whether it still is says the row. */
  readonly #known = new Map<string, string>();

  constructor(options: {
    store: SessionsStore;
    panes: LivePanes;
    tmux: Pick<Tmux, 'listPanes'>;
    /** Whether the tmux server is there for sessions only; on the person's own server the person works too. */
    isOwnServer: boolean;
  }) {
    this.#store = options.store;
    this.#panes = options.panes;
    this.#tmux = options.tmux;
    this.#isOwnServer = options.isOwnServer;
  }

  /** The live session whose present run has this token. */
  async byToken(token: string): Promise<string | null> {
    const hash = hashToken(token);
    const known = this.#known.get(hash);
    if (known !== undefined && (await this.#store.hasToken(known, hash))) return known;
    this.#known.delete(hash);
    const record = await this.#store.findByTokenHash(hash);
    if (record) this.#known.set(hash, record.id);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    return record?.id ?? null;
  }

  /**
   * The session a process runs in: below the program or the wrapper of a live one, or started with the environment of
   * one, as what an agent has sent into the background is. `unknown` when the process is gone.
   *
   * `beside`: below the tmux server of the sessions, and in none. Whoever can talk to that server, an agent among them,
   * can have it start programs there. A popup on an attached terminal is the one thing there that counts as a person:
   * it alone has a terminal that is no pane's.
   */
  async byProcess(pid: number): Promise<Whereabouts> {
    const owners = new Map<number, string>();
    for (const { sessionId, wrapperPid, programPid } of this.#panes.values()) {
      owners.set(wrapperPid, sessionId);
      if (programPid !== undefined) owners.set(programPid, sessionId);
    }
    const line = lineOf(pid, (one) => owners.has(one));
    const owner = owners.get(line.at(-1) ?? 0);
    if (owner !== undefined) return { sessionId: owner };
    if (line.length === 0) return 'unknown';
    for (const one of line) {
      const sessionId = startedWith(one, 'CODEPIPER_SESSION');
      // Another daemon's session is none of ours.
      if (sessionId && (await this.#store.get(sessionId))) return { sessionId };
    }
    return (await this.#isBeside(line)) ? 'beside' : 'outside';
  }

  async #isBeside(line: readonly number[]): Promise<boolean> {
    if (!this.#isOwnServer) return false;
    const servers = new Set<number | undefined>();
    for (const { wrapperPid } of this.#panes.values()) servers.add(systemTable.find(wrapperPid)?.parent);
    const at = line.findIndex((one) => one !== 1 && servers.has(one));
    const top = line[at - 1];
    if (at < 0) return false;
    if (top === undefined || !hasTerminal(top)) return true;
    return (await this.#tmux.listPanes()).some(({ pid }) => pid === top);
  }
}
