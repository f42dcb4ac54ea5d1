import type { Clock } from '@codepiper/core/clock.ts';
import { type EvidenceSource, isLive } from '@codepiper/core/sessions/session.ts';
import type { AgentFact } from '@codepiper/providers/provider.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { SessionHolds } from './holds.ts';
import { applyFact } from './lifecycle.ts';
import { sessionEvent } from './session-events.ts';
import type { SessionRecord } from './session-record.ts';
import type { SessionsStore } from './sessions.store.ts';

/** One start of one session. */
export interface Run {
  sessionId: string;
  run: number;
}

interface FactsOptions {
  ledger: Ledger;
  store: SessionsStore;
  clock: Clock;
  holds: Pick<SessionHolds, 'keepsOff'>;
}

/** Stores what agents let us know. */
export class SessionFacts {
  readonly #o: FactsOptions;

  constructor(options: FactsOptions) {
    this.#o = options;
  }

  /** In a transaction of its own. */
  async report(run: Run, facts: readonly AgentFact[], source: EvidenceSource): Promise<void> {
    await this.#o.ledger.record((tx, emit) => this.reportIn(tx, emit, run, facts, source));
  }

  /** Inside a transaction; facts about another run are passed over. Returns the session as it was. */
  async reportIn(
    tx: Tx,
    emit: EmitEvent,
    run: Run,
    facts: readonly AgentFact[],
    source: EvidenceSource,
  ): Promise<SessionRecord | null> {
    const store = this.#o.store.in(tx);
    const before = await store.get(run.sessionId);
    if (!before || before.run !== run.run) return null;
    let after = before;
    for (const fact of facts) {
      if (!this.#o.holds.keepsOff(run, fact)) after = { ...after, ...applyFact(after, fact, source) };
    }
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    await store.update(before.id, after, this.#o.clock.now());
    if (after.status !== before.status || after.activity !== before.activity) {
      emit(sessionEvent(before, 'session.updated', stateOf(before, after)));
    }
    if (after.model !== before.model) emit(sessionEvent(before, 'session.model', { model: after.model }));
    if (after.conversation.id !== before.conversation.id) {
      const ids = { id: after.conversation.id, before: before.conversation.id };
      emit(sessionEvent(before, 'session.conversation', ids));
    }
    return before;
  }

  /** The program's process id is known. Nobody asked for it, so the session counts as unchanged. */
  async notePid({ sessionId, run }: Run, pid: number): Promise<void> {
    const record = await this.#o.store.get(sessionId);
    if (!record || record.run !== run || !isLive(record.status) || record.pid === pid) return;
    await this.#o.store.update(record.id, { pid }, record.updatedAt);
  }

  /** Somebody switched the model. */
  async noteModel(record: SessionRecord, model: string): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      await this.#o.store.in(tx).update(record.id, { model }, this.#o.clock.now());
      emit(sessionEvent(record, 'session.model', { model, before: record.model }));
    });
  }
}

function stateOf(before: SessionRecord, after: SessionRecord): Record<string, unknown> {
  return {
    status: after.status,
    activity: after.activity,
    evidence: after.evidence,
    before: { status: before.status, activity: before.activity },
  };
}
