import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { PolicyBook } from './policy-book.ts';

/** A session as the audit trail names it. */
export interface NamedSession {
  id: string;
  name: string | null;
  provider: string;
}

/** A change of what decides, as its event and its entry in the audit trail tell it. */
export interface PolicyChange {
  type: string;
  payload: Record<string, unknown>;
  session: NamedSession | null;
  /** A sentence. */
  reason: string;
  /** What holds from now on. */
  input?: Record<string, unknown>;
  by?: 'user' | 'daemon';
  /** The surface of the person, as in the audit trail. */
  who?: string | null;
}

/** Makes changes of policies: stored, told and audited in one transaction, and in force when it has committed. */
export class PolicyChanges {
  readonly #ledger: Ledger;
  readonly #audit: Pick<AuditTrail, 'append'>;
  readonly #book: PolicyBook;

  constructor(parts: { ledger: Ledger; audit: Pick<AuditTrail, 'append'>; book: PolicyBook }) {
    this.#ledger = parts.ledger;
    this.#audit = parts.audit;
    this.#book = parts.book;
  }

  /** Runs `work` as `Ledger.record` does; afterwards the book has what was changed. */
  async record<T>(work: (tx: Tx, emit: EmitEvent) => Promise<T>): Promise<T> {
    const result = await this.#ledger.record(work);
    // It is stored: should reading it fail, the book lets nothing run until it has succeeded.
    await this.#book.refresh().catch(() => undefined);
    return result;
  }

  /** Other rules of the rules file are in force, or those of the file at the start of the daemon. */
  async rulesFileRead(file: { path: string; policies: readonly Policy[] | null }): Promise<void> {
    // First the rules: they hold also where nothing can be stored.
    await this.#book.refresh();
    const { policies } = file;
    if (policies === null) return;
    const rules = policies.map(({ id, enabled, priority, scope, rules: each }) => ({
      id,
      enabled,
      priority,
      scope,
      rules: each,
    }));
    await this.#ledger.record((tx, emit) =>
      this.tell(tx, emit, {
        type: 'policy.updated',
        payload: { file: file.path, policies: policies.length },
        session: null,
        reason: `The policies of the rules file ${file.path} are in force: ${policies.length}.`,
        input: { policies: rules },
        by: 'daemon',
      }),
    );
  }

  /** Tells of a change, in its transaction. */
  async tell(tx: Tx, emit: EmitEvent, change: PolicyChange): Promise<void> {
    emit({
      sessionId: change.session?.id ?? null,
      source: 'policy',
      type: change.type,
      payload: change.payload,
    });
    await this.#audit.append(tx, {
      decision: 'change',
      by: change.by ?? 'user',
      who: change.who ?? null,
      reason: change.reason,
      session: change.session,
      input: change.input ?? null,
    });
  }
}
