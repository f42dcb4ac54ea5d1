import {
  type Policy,
  type PolicySet,
  policySourceSchema,
  type Rule,
  scopeSchema,
} from '@codepiper/core/policies/policy.ts';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../db/database.ts';
import type { PolicySetTable, PolicyTable } from './policies.table.ts';

/** All that is stored about policies. */
export interface StoredPolicies {
  policies: Policy[];
  policySets: PolicySet[];
}

/** SQL about policies. */
export class PoliciesStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The same statements inside a transaction. */
  in(tx: Kysely<Database>): PoliciesStore {
    return new PoliciesStore(tx);
  }

  async readAll(): Promise<StoredPolicies> {
    const policies = await this.#db.selectFrom('policies').selectAll().orderBy('created_at').execute();
    const sets = await this.#db.selectFrom('policy_sets').selectAll().orderBy('created_at').execute();
    const members = await this.#db
      .selectFrom('policy_set_members')
      .selectAll()
      .orderBy('set_id')
      .orderBy('position')
      .execute();
    const ofSet = Map.groupBy(members, (member) => member.set_id);
    return {
      policies: policies.map(toPolicy),
      policySets: sets.map((set) =>
        toSet(
          set,
          (ofSet.get(set.id) ?? []).map((member) => member.policy_id),
        ),
      ),
    };
  }

  async get(id: string): Promise<Policy | null> {
    const row = await this.#db.selectFrom('policies').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? toPolicy(row) : null;
  }

  async insert(policy: Policy): Promise<void> {
    await this.#db
      .insertInto('policies')
      .values({ id: policy.id, ...toColumns(policy) })
      .execute();
  }

  async update(policy: Policy): Promise<void> {
    await this.#db.updateTable('policies').set(toColumns(policy)).where('id', '=', policy.id).execute();
  }

  /** Removes a policy, from its sets too. */
  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom('policy_set_members').where('policy_id', '=', id).execute();
    await this.#db.deleteFrom('policies').where('id', '=', id).execute();
  }

  async ofSession(sessionId: string): Promise<Policy[]> {
    const rows = await this.#db
      .selectFrom('policies')
      .selectAll()
      .where('session_id', '=', sessionId)
      .execute();
    return rows.map(toPolicy);
  }

  async getSet(id: string): Promise<PolicySet | null> {
    const row = await this.#db.selectFrom('policy_sets').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return null;
    const members = await this.#db
      .selectFrom('policy_set_members')
      .select('policy_id')
      .where('set_id', '=', id)
      .orderBy('position')
      .execute();
    return toSet(
      row,
      members.map((member) => member.policy_id),
    );
  }

  async insertSet(set: PolicySet, at: number): Promise<void> {
    await this.#db
      .insertInto('policy_sets')
      .values({
        id: set.id,
        name: set.name,
        description: set.description,
        is_default: set.isDefault ? 1 : 0,
        created_at: at,
      })
      .execute();
    await this.#writeMembers(set);
  }

  async updateSet(set: PolicySet): Promise<void> {
    await this.#db
      .updateTable('policy_sets')
      .set({ name: set.name, description: set.description, is_default: set.isDefault ? 1 : 0 })
      .where('id', '=', set.id)
      .execute();
    await this.#writeMembers(set);
  }

  /** Takes the mark of the default from every other set. */
  async keepOnlyDefault(id: string): Promise<void> {
    await this.#db
      .updateTable('policy_sets')
      .set({ is_default: 0 })
      .where('is_default', '=', 1)
      .where('id', '!=', id)
      .execute();
  }

  /** Removes a set; its policies stay. */
  async removeSet(id: string): Promise<void> {
    await this.#db.deleteFrom('policy_set_members').where('set_id', '=', id).execute();
    await this.#db.deleteFrom('policy_sets').where('id', '=', id).execute();
  }

  async #writeMembers(set: PolicySet): Promise<void> {
    await this.#db.deleteFrom('policy_set_members').where('set_id', '=', set.id).execute();
    if (set.policyIds.length === 0) return;
    await this.#db
      .insertInto('policy_set_members')
      .values(set.policyIds.map((policyId, position) => ({ set_id: set.id, policy_id: policyId, position })))
      .execute();
  }
}

const iso = (at: number) => new Date(at).toISOString();

function toPolicy(row: Selectable<PolicyTable>): Policy {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    enabled: row.enabled === 1,
    priority: row.priority,
    scope: scopeSchema.parse(row.scope),
    sessionId: row.session_id,
    rules: JSON.parse(row.rules) as Rule[],
    source: policySourceSchema.parse(row.source),
    createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    expiresAt: row.expires_at === null ? null : iso(row.expires_at),
  };
}

function toColumns(policy: Policy): Omit<Selectable<PolicyTable>, 'id'> {
  return {
    name: policy.name,
    description: policy.description,
    enabled: policy.enabled ? 1 : 0,
    priority: policy.priority,
    scope: policy.scope,
    session_id: policy.sessionId,
    rules: JSON.stringify(policy.rules),
    source: policy.source,
    created_at: Date.parse(policy.createdAt),
    updated_at: Date.parse(policy.updatedAt),
    expires_at: policy.expiresAt === null ? null : Date.parse(policy.expiresAt),
  };
}

function toSet(row: Selectable<PolicySetTable>, policyIds: string[]): PolicySet {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    isDefault: row.is_default === 1,
    policyIds,
    source: 'user',
  };
}
