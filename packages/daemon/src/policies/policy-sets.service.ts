import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { CreatePolicySet, Policy, PolicySet, UpdatePolicySet } from '@codepiper/core/policies/policy.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent } from '../events/ledger.ts';
import type { PoliciesStore } from './policies.store.ts';
import type { PolicyBook } from './policy-book.ts';
import type { PolicyChanges } from './policy-changes.ts';
import { filePrefix, makeId } from './policy-ids.ts';

export interface PolicySetsOptions {
  book: PolicyBook;
  store: PoliciesStore;
  changes: PolicyChanges;
  /** Takes a set that is removed from every session, in the same transaction. */
  withdrawEverywhere(tx: Tx, emit: EmitEvent, setId: string, who: string | null): Promise<void>;
  clock: Clock;
}

/** The verbs of policy sets. `who` is the surface of the person who asks for a change. */
export class PolicySetsService {
  readonly #o: PolicySetsOptions;

  constructor(options: PolicySetsOptions) {
    this.#o = options;
  }

  list(): readonly PolicySet[] {
    return this.#o.book.policySets;
  }

  get(id: string): { policySet: PolicySet; policies: Policy[] } {
    const policySet = this.#o.book.policySet(id);
    return {
      policySet,
      policies: policySet.policyIds.flatMap((each) => this.#o.book.findPolicy(each) ?? []),
    };
  }

  async create(request: CreatePolicySet, who: string | null = null): Promise<PolicySet> {
    const id = request.id ?? makeId(request.name);
    if (id.startsWith(filePrefix)) {
      throw new CodepiperError(
        'invalid_request',
        `body.id: ids that begin with "${filePrefix}" belong to the rules file; give another id`,
      );
    }
    const set: PolicySet = {
      id,
      name: request.name,
      description: request.description ?? null,
      isDefault: request.isDefault,
      policyIds: this.#members(request.policyIds),
      source: 'user',
    };
    return this.#o.changes.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      if ((this.#o.book.findSet(id) ?? (await store.getSet(id))) !== null) {
        throw new CodepiperError(
          'policy_exists',
          `There is a policy set "${id}" already. Give another id, or change it: codepiper policy-set update ${id}`,
        );
      }
      if (set.isDefault) await store.keepOnlyDefault(id);
      await store.insertSet(set, this.#o.clock.now());
      await this.#tell(tx, emit, 'created', set, who);
      return set;
    });
  }

  async update(id: string, request: UpdatePolicySet, who: string | null = null): Promise<PolicySet> {
    const policyIds = request.policyIds && this.#members(request.policyIds);
    return this.#change(id, who, (before) => ({
      ...before,
      name: request.name ?? before.name,
      description: request.description === undefined ? before.description : request.description,
      isDefault: request.isDefault ?? before.isDefault,
      policyIds: policyIds ?? before.policyIds,
    }));
  }

  async remove(id: string, who: string | null = null): Promise<void> {
    this.#requireOurs(id);
    await this.#o.changes.record(async (tx, emit) => {
      const set = await this.#stored(tx, id);
      await this.#o.store.in(tx).removeSet(id);
      await this.#o.withdrawEverywhere(tx, emit, id, who);
      await this.#tell(tx, emit, 'removed', set, who);
    });
  }

  async addPolicy(id: string, policyId: string, who: string | null = null): Promise<PolicySet> {
    this.#requireOurs(id);
    this.#members([policyId]);
    return this.#change(id, who, (before) => {
      if (before.policyIds.includes(policyId)) {
        throw new CodepiperError(
          'policy_exists',
          `The policy "${policyId}" is in the set "${id}" already; nothing to do.`,
        );
      }
      return { ...before, policyIds: [...before.policyIds, policyId] };
    });
  }

  async removePolicy(id: string, policyId: string, who: string | null = null): Promise<PolicySet> {
    return this.#change(id, who, (before) => {
      if (!before.policyIds.includes(policyId)) {
        throw new CodepiperError(
          'policy_not_found',
          `The policy "${policyId}" is not in the set "${id}". Its members: codepiper policy-set get ${id}`,
        );
      }
      return { ...before, policyIds: before.policyIds.filter((each) => each !== policyId) };
    });
  }

  async #change(id: string, who: string | null, to: (before: PolicySet) => PolicySet): Promise<PolicySet> {
    this.#requireOurs(id);
    return this.#o.changes.record(async (tx, emit) => {
      const set = to(await this.#stored(tx, id));
      const store = this.#o.store.in(tx);
      if (set.isDefault) await store.keepOnlyDefault(id);
      await store.updateSet(set);
      await this.#tell(tx, emit, 'updated', set, who);
      return set;
    });
  }

  /** Throws `policy_not_found` for one there is not, `invalid_request` for one of a session, or one given twice. */
  #members(ids: readonly string[]): string[] {
    for (const [index, id] of ids.entries()) {
      const policy = this.#o.book.policy(id);
      if (policy.scope === 'session') {
        throw new CodepiperError(
          'invalid_request',
          `The policy "${id}" is of one session and holds there only; a set takes policies with scope set or global.`,
        );
      }
      if (ids.indexOf(id) !== index) {
        throw new CodepiperError('invalid_request', `body.policyIds.${index}: "${id}" is given twice`);
      }
    }
    return [...ids];
  }

  async #tell(
    tx: Tx,
    emit: EmitEvent,
    what: 'created' | 'updated' | 'removed',
    set: PolicySet,
    who: string | null,
  ): Promise<void> {
    const { id, name, isDefault, policyIds } = set;
    await this.#o.changes.tell(tx, emit, {
      type: `policy-set.${what}`,
      payload: { id, name, isDefault, policies: policyIds.length },
      session: null,
      reason: `Policy set "${name}" (${id}) was ${what}.`,
      input: { id, name, isDefault, policyIds },
      who,
    });
  }

  /** Throws `policy_set_not_found` and `policy_read_only`. */
  #requireOurs(id: string): void {
    if (this.#o.book.policySet(id).source === 'user') return;
    throw new CodepiperError(
      'policy_read_only',
      `The policy set "${id}" ships with codepiper and is not changed. Make your own from it: codepiper policy-set create --from ${id}`,
    );
  }

  async #stored(tx: Tx, id: string): Promise<PolicySet> {
    const set = await this.#o.store.in(tx).getSet(id);
    if (set) return set;
    throw new CodepiperError('policy_set_not_found', `There is no policy set "${id}" any more.`);
  }
}
