import type { Clock } from '@codepiper/core/clock.ts';
import { type Evidence, isLive, type SessionStatus } from '@codepiper/core/sessions/session.ts';
import type { AgentFact } from '@codepiper/providers/provider.ts';
import type { Ledger } from '../events/ledger.ts';
import { sessionEvent } from './session-events.ts';
import type { Run } from './session-facts.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface HoldsOptions {
  ledger: Ledger;
  store: SessionsStore;
  clock: Clock;
  /** A session goes on: what its agent keeps about its own state is worth another look. */
  onReleased: (sessionId: string) => void;
}

/**
 * Sessions whose agent waits for a person's answer to an approval. The agent itself calls that "busy": until the
 * answer is out, or the turn or the session is over, nothing it says about its state counts. Who keeps the approvals
 * says it again after a restart of the daemon.
 */
export class SessionHolds {
  readonly #o: HoldsOptions;
  readonly #held = new Map<string, number>();

  constructor(options: HoldsOptions) {
    this.#o = options;
  }

  /**
   * The session's program waits for a person. Said again when it waits for something else.
   *
   * @param kind what is wanted: an answer to a `question`, or leave for anything else
   * @param detail one line, without secrets
   */
  async hold(sessionId: string, run: number, kind: string, detail: string): Promise<void> {
    this.#held.set(sessionId, run);
    const status = kind === 'question' ? 'needs_input' : 'needs_permission';
    await this.#change({ sessionId, run }, () => ({
      status,
      activity: null,
      evidence: { source: 'approval', detail },
    }));
  }

  /** Nothing of the session is held any more. */
  async release(sessionId: string, run: number): Promise<void> {
    if (this.#held.get(sessionId) === run) this.#held.delete(sessionId);
    await this.#change({ sessionId, run }, (record) =>
      // Anything else was seen since, and is newer.
      record.evidence.source === 'approval'
        ? { status: 'running', activity: 'busy', evidence: { source: 'approval', detail: 'answered' } }
        : null,
    );
    this.#o.onReleased(sessionId);
  }

  /** Whether a fact must not change the state of a run now. The end of its turn ends the waiting. */
  keepsOff({ sessionId, run }: Run, fact: AgentFact): boolean {
    if (this.#held.get(sessionId) !== run) return false;
    if (isAboutTurnsEnd(fact)) {
      this.#held.delete(sessionId);
      return false;
    }
    return fact.kind === 'state' || fact.kind === 'prompt';
  }

  async #change({ sessionId, run }: Run, decide: (record: SessionRecord) => Held | null): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const record = await store.get(sessionId);
      if (!record || record.run !== run || !isLive(record.status)) return;
      const change = decide(record);
      if (!change || isSame(record, change)) return;
      await store.update(sessionId, change, this.#o.clock.now());
      emit(
        sessionEvent(record, 'session.updated', {
          ...change,
          before: { status: record.status, activity: record.activity },
        }),
      );
    });
  }
}

function isAboutTurnsEnd(fact: AgentFact): boolean {
  return fact.kind === 'turn-ended' || (fact.kind === 'state' && fact.state.activity === 'idle');
}

interface Held {
  status: SessionStatus;
  activity: 'busy' | null;
  evidence: Evidence;
}

function isSame(record: SessionRecord, { status, activity, evidence }: Held): boolean {
  const { source, detail } = record.evidence;
  return (
    record.status === status &&
    record.activity === activity &&
    source === evidence.source &&
    detail === evidence.detail
  );
}
