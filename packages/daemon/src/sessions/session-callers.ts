import { lineOf, startedWith } from '../platform/ancestry.ts';
import { hashToken } from './launcher.ts';
import type { LivePanes } from './live-pane.ts';
import type { SessionsStore } from './sessions.store.ts';

/** Tells which session a caller is: by the token it has, or by the process it is. */
export class SessionCallers {
  readonly #store: SessionsStore;
  readonly #panes: LivePanes;
  /** Sessions by the hash of a token that was theirs; whether it still is says the row. */
  readonly #known = new Map<string, string>();

  constructor(options: { store: SessionsStore; panes: LivePanes }) {
    this.#store = options.store;
    this.#panes = options.panes;
  }

  /** The live session whose present run has this token. */
  async byToken(token: string): Promise<string | null> {
    const hash = hashToken(token);
    const known = this.#known.get(hash);
    if (known !== undefined && (await this.#store.hasToken(known, hash))) return known;
    this.#known.delete(hash);
    const record = await this.#store.findByTokenHash(hash);
    if (record) this.#known.set(hash, record.id);
    return record?.id ?? null;
  }

  /**
   * The session a process runs in: below the program or the wrapper of a live one, or started with the environment of
   * one, as what an agent has sent into the background is. `unknown` when the process is gone.
   */
  async byProcess(pid: number): Promise<{ sessionId: string } | 'outside' | 'unknown'> {
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
    return 'outside';
  }
}
