import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { DefaultAction, PolicySet } from '@codepiper/core/policies/policy.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { PolicySession } from '../policies/policies.routes.ts';
import type { PolicyBook } from '../policies/policy-book.ts';
import { label, type SessionRecord } from './session-record.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface SessionPoliciesOptions {
  ledger: Ledger;
  store: SessionsStore;
  book: Pick<PolicyBook, 'policySet' | 'findSet' | 'defaultSets'>;
  audit: Pick<AuditTrail, 'append'>;
  clock: Clock;
}

type Own = Pick<SessionRecord, 'policySets' | 'policyDefault'>;

/** Which policy sets a session has, and its own default. `who` is the surface of the person who asks for a change. */
export class SessionPolicies {
  readonly #o: SessionPoliciesOptions;

  constructor(options: SessionPoliciesOptions) {
    this.#o = options;
  }

  /** Throws `session_not_found` or `session_ambiguous`. */
  async find(ref: string): Promise<PolicySession> {
    return judgedSession(await this.#o.store.resolve(ref));
  }

  /** The sets of a new session. Throws `policy_set_not_found`. */
  setsFor(requested: readonly string[] | undefined): string[] {
    const { book } = this.#o;
    return requested ? [...new Set(requested.map((id) => book.policySet(id).id))] : book.defaultSets;
  }

  async sets(ref: string): Promise<PolicySet[]> {
    return this.#present(await this.#o.store.resolve(ref));
  }

  /** Applies a set. Throws `policy_exists` when the session has it already. */
  async apply(ref: string, setId: string, who: string | null = null): Promise<PolicySet[]> {
    this.#o.book.policySet(setId);
    const { id } = await this.#o.store.resolve(ref);
    const record = await this.#change(id, `Policy set "${setId}" was applied.`, who, (now) => {
      if (now.policySets.includes(setId)) {
        throw new CodepiperError(
          'policy_exists',
          `Session ${label(now)} has the policy set "${setId}" already; nothing to do.`,
        );
      }
      return { ...now, policySets: [...now.policySets, setId] };
    });
    return this.#present(record);
  }

  /** Throws `policy_set_not_found` when the session does not have it. */
  async withdraw(ref: string, setId: string, who: string | null = null): Promise<PolicySet[]> {
    const { id } = await this.#o.store.resolve(ref);
    const record = await this.#change(id, `Policy set "${setId}" was withdrawn.`, who, (now) => {
      if (!now.policySets.includes(setId)) {
        throw new CodepiperError(
          'policy_set_not_found',
          `Session ${label(now)} does not have the policy set "${setId}"; it has ${now.policySets.join(', ') || 'none'}.`,
        );
      }
      return { ...now, policySets: now.policySets.filter((each) => each !== setId) };
    });
    return this.#present(record);
  }

  /** The session's own default; null goes back to the daemon's. */
  async setDefault(
    ref: string,
    action: DefaultAction | null,
    who: string | null = null,
  ): Promise<PolicySession> {
    const { id } = await this.#o.store.resolve(ref);
    const reason =
      action === null
        ? "The default for calls no rule speaks of is the daemon's again."
        : `The default for calls no rule speaks of is now ${action}.`;
    return judgedSession(await this.#change(id, reason, who, (now) => ({ ...now, policyDefault: action })));
  }

  /** Takes a set that is removed from every session, in the same transaction. */
  async withdrawEverywhere(tx: Tx, emit: EmitEvent, setId: string, who: string | null): Promise<void> {
    for (const record of await this.#o.store.in(tx).list()) {
      if (!record.policySets.includes(setId)) continue;
      const policySets = record.policySets.filter((each) => each !== setId);
      await this.#store(tx, emit, { ...record, policySets }, `Policy set "${setId}" was removed.`, who);
    }
  }

  /** The session as the audit trail names it, read in a transaction. */
  async named(tx: Tx, id: string): Promise<{ id: string; name: string | null; provider: string } | null> {
    return this.#o.store.in(tx).get(id);
  }

  /** Where the sessions there are were started, by id. */
  async workspaces(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#o.store.list()).map(({ id, cwd }) => [id, cwd]));
  }

  async #change(
    id: string,
    reason: string,
    who: string | null,
    to: (now: SessionRecord) => SessionRecord,
  ): Promise<SessionRecord> {
    return this.#o.ledger.record(async (tx, emit) => {
      const now = await this.#o.store.in(tx).get(id);
      if (!now) throw new CodepiperError('session_not_found', `Session not found: ${id}`);
      const changed = to(now);
      await this.#store(tx, emit, changed, reason, who);
      return changed;
    });
  }

  async #store(
    tx: Tx,
    emit: EmitEvent,
    record: SessionRecord,
    reason: string,
    who: string | null,
  ): Promise<void> {
    const { policySets, policyDefault }: Own = record;
    await this.#o.store.in(tx).update(record.id, { policySets, policyDefault }, this.#o.clock.now());
    emit({
      sessionId: record.id,
      source: 'policy',
      type: 'session.policies',
      payload: { sets: policySets, default: policyDefault },
    });
    await this.#o.audit.append(tx, {
      decision: 'change',
      ...{ by: 'user', who },
      reason,
      session: record,
      input: { policySets, policyDefault },
    });
  }

  #present(record: SessionRecord): PolicySet[] {
    return record.policySets.flatMap((id) => this.#o.book.findSet(id) ?? []);
  }
}

/** A session as the policies see it. */
export function judgedSession(record: SessionRecord): PolicySession {
  const { id, name, provider, cwd, policySets, policyDefault } = record;
  return { id, name, provider, cwd, policySets, policyDefault, dangerousMode: record.launch.dangerousMode };
}
