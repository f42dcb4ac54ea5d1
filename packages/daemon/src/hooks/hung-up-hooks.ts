/** A call whose hook waits for an answer. */
export interface AskedCall {
  callId: string | null;
  inputHash: string;
  /** Whether the agent shows a dialog of its own meanwhile. */
  inTerminal: boolean;
}

interface Gone {
  call: AskedCall;
  /** When it was asked and when its hook hung up, in milliseconds since the epoch. */
  askedAt: number;
  goneAt: number;
}

/** When a hook that hung up is of no interest any more, in milliseconds: its approval is withdrawn by then. */
const keptMs = 120_000;

/**
 * Hooks that hung up before they had their answer. One that was cut off comes back. One whose turn is over, or whose
 * dialog is closed, was given up by its agent (a person pressed Escape): nothing of it needs to wait for anybody.
 */
export class HungUpHooks {
  readonly #onGivenUp: (sessionId: string, call: AskedCall) => void;
  readonly #now: () => number;
  /** Since when a session's turn, and since when its dialogs, are known to be over. */
  readonly #over = new Map<string, { turn: number; dialog: number }>();
  readonly #gone = new Map<string, Gone[]>();

  /** @param now milliseconds since the epoch */
  constructor(onGivenUp: (sessionId: string, call: AskedCall) => void, now: () => number = () => Date.now()) {
    this.#onGivenUp = onGivenUp;
    this.#now = now;
  }

  /** A hook waits, maybe again. Returns what to call when it hangs up. */
  waits(sessionId: string, call: AskedCall): () => void {
    const askedAt = this.#now();
    this.#keep(
      sessionId,
      this.#goneOf(sessionId).filter((gone) => !isSame(gone.call, call)),
    );
    return () => {
      const gone = { call, askedAt, goneAt: this.#now() };
      if (this.#isOver(sessionId, gone)) this.#onGivenUp(sessionId, call);
      else this.#keep(sessionId, [...this.#goneOf(sessionId), gone]);
    };
  }

  /** A session's turn, or only the dialogs in it, are over since a time (milliseconds since the epoch). */
  over(sessionId: string, what: 'turn' | 'dialog', since: number): void {
    const { turn, dialog } = this.#over.get(sessionId) ?? { turn: 0, dialog: 0 };
    this.#over.set(sessionId, {
      turn: what === 'turn' ? Math.max(turn, since) : turn,
      dialog: Math.max(dialog, since),
    });
    const gone = this.#goneOf(sessionId);
    const givenUp = gone.filter((one) => this.#isOver(sessionId, one));
    this.#keep(
      sessionId,
      gone.filter((one) => !givenUp.includes(one)),
    );
    for (const { call } of givenUp) this.#onGivenUp(sessionId, call);
  }

  /** Its hooks are gone with the session. */
  forget(sessionId: string): void {
    this.#over.delete(sessionId);
    this.#gone.delete(sessionId);
  }

  #isOver(sessionId: string, { call, askedAt }: Gone): boolean {
    const over = this.#over.get(sessionId);
    return over !== undefined && (call.inTerminal ? over.dialog : over.turn) > askedAt;
  }

  #goneOf(sessionId: string): Gone[] {
    const since = this.#now() - keptMs;
    return (this.#gone.get(sessionId) ?? []).filter(({ goneAt }) => goneAt >= since);
  }

  #keep(sessionId: string, gone: Gone[]): void {
    if (gone.length === 0) this.#gone.delete(sessionId);
    else this.#gone.set(sessionId, gone);
  }
}

function isSame(a: AskedCall, b: AskedCall): boolean {
  return a.callId === b.callId && a.inputHash === b.inputHash;
}
