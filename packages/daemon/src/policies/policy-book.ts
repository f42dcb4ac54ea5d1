import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { sortPolicies } from '@codepiper/core/policies/compile.ts';
import type { DefaultAction, Policy, PolicySet } from '@codepiper/core/policies/policy.ts';
import type { Log } from '../log/log.ts';
import { nearest } from '../platform/nearest.ts';
import type { PoliciesStore, StoredPolicies } from './policies.store.ts';
import { trustPolicyId } from './policy-ids.ts';
import type { RulesFile } from './rules-file.ts';

/** What of a session says which policies count in it. */
export interface PolicyScope {
  id: string;
  policySets: readonly string[];
}

export interface PolicyBookOptions {
  store: PoliciesStore;
  /** What ships with codepiper. */
  starters: { policies: readonly Policy[]; policySets: readonly PolicySet[] };
  /** Null when none is configured. */
  rulesFile: RulesFile | null;
  /** The `policies.default` setting as it is now, and who says it: a person (`daemon`) or the configuration. */
  defaultAction(): { action: DefaultAction; from: 'daemon' | 'config' };
  /** The `policies.sets` setting. */
  configuredSets: readonly string[];
  clock: Clock;
  log: Log;
}

/** Policies that count together, in the judge's order, and until when they do. */
export interface Combination {
  policies: readonly Policy[];
  /** When the first of them expires, in milliseconds since the epoch. */
  until: number;
}

/** When a failed reading is tried again, in milliseconds. */
const retryMs = 1_000;

/** Every policy and set there is, in memory: those that ship, those of the rules file, those that are stored. */
export class PolicyBook implements Disposable {
  readonly #o: PolicyBookOptions;
  #stored: StoredPolicies = { policies: [], policySets: [] };
  #policies: ReadonlyMap<string, Policy> = new Map();
  #sets: ReadonlyMap<string, PolicySet> = new Map();
  #combinations = new Map<string, Combination>();
  /** Sessions that have policies of their own. */
  #owners = new Set<string>();
  #reading: Promise<void> = Promise.resolve();
  #unread: string | null = 'the policies were not read yet';
  #retry: NodeJS.Timeout | null = null;
  #edition = 0;

  constructor(options: PolicyBookOptions) {
    this.#o = options;
  }

  /** Reads everything anew. Readings run one after the other, so that the last one has the last word. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /** How often everything was read, whatever came of it. Each change is followed by a reading. */
  get edition(): number {
    return this.#edition;
  }

  /** Why nothing may run at all; null when the policies are known. */
  get problem(): string | null {
    if (this.#unread !== null) return this.#unread;
    const { rulesFile } = this.#o;
    return rulesFile && rulesFile.policies === null
      ? `the rules file is not valid (${rulesFile.problem}); mend it, or take policies.file out of the configuration`
      : null;
  }

  /** In the judge's order. */
  get policies(): readonly Policy[] {
    return sortPolicies([...this.#policies.values()]);
  }

  get policySets(): readonly PolicySet[] {
    return [...this.#sets.values()];
  }

  /** What happens to calls no rule speaks of, where a session says nothing itself. */
  get defaultAction(): { action: DefaultAction; from: 'daemon' | 'config' } {
    return this.#o.defaultAction();
  }

  /** Sets of a session that names none. Throws `policy_set_not_found` when the configuration names one there is not. */
  get defaultSets(): string[] {
    const marked = this.#stored.policySets.find((set) => set.isDefault);
    if (marked) return [marked.id];
    const unknown = this.#o.configuredSets.find((id) => !this.#sets.has(id));
    if (unknown !== undefined) throw this.setNotFound(unknown, 'The setting policies.sets names a');
    return [...this.#o.configuredSets];
  }

  findPolicy(id: string): Policy | null {
    return this.#policies.get(id) ?? null;
  }

  /** Throws `policy_not_found`. */
  policy(id: string): Policy {
    const found = this.#policies.get(id);
    if (found) return found;
    const near = nearest(id, this.#policies.keys());
    throw new CodepiperError(
      'policy_not_found',
      `There is no policy "${id}".${near ? ` Did you mean "${near}"?` : ''} All there are: codepiper policy list`,
    );
  }

  findSet(id: string): PolicySet | null {
    return this.#sets.get(id) ?? null;
  }

  /** Throws `policy_set_not_found`. */
  policySet(id: string): PolicySet {
    const found = this.#sets.get(id);
    if (!found) throw this.setNotFound(id, 'There is no');
    return found;
  }

  setNotFound(id: string, begin: string): CodepiperError {
    const near = nearest(id, this.#sets.keys());
    return new CodepiperError(
      'policy_set_not_found',
      `${begin} policy set "${id}"${begin.startsWith('There') ? '' : ', which does not exist'}.${near ? ` Did you mean "${near}"?` : ''} All there are: codepiper policy-set list`,
    );
  }

  /** The policies that count in a session: its own, those of its sets, those that hold everywhere. */
  effective(session: PolicyScope): Combination {
    const owner = this.#owners.has(session.id) ? session.id : null;
    const key = JSON.stringify([owner, session.policySets]);
    const now = this.#o.clock.now();
    const known = this.#combinations.get(key);
    if (known && now < known.until) return known;
    const inSets = new Set(session.policySets.flatMap((id) => this.#sets.get(id)?.policyIds ?? []));
    const policies: Policy[] = [];
    let until = Number.POSITIVE_INFINITY;
    for (const policy of this.#policies.values()) {
      if (!policy.enabled || !counts(policy, owner, inSets)) continue;
      const end = policy.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(policy.expiresAt);
      if (end <= now) continue;
      until = Math.min(until, end);
      policies.push(policy);
    }
    const combination = { policies: sortPolicies(policies), until };
    this.#combinations.set(key, combination);
    return combination;
  }

  /** The policy that answers every question of a session with yes; null when it is not trusted now. */
  trust(sessionId: string): Policy | null {
    const policy = this.#policies.get(trustPolicyId(sessionId));
    if (!policy || !isTrust(policy) || !policy.enabled) return null;
    return policy.expiresAt !== null && Date.parse(policy.expiresAt) > this.#o.clock.now() ? policy : null;
  }

  [Symbol.dispose](): void {
    if (this.#retry) clearTimeout(this.#retry);
  }

  async #read(): Promise<void> {
    try {
      this.#take(await this.#o.store.readAll());
      this.#unread = null;
    } catch (error) {
      // What was changed is not in force: nothing is better than the wrong rules.
      this.#unread = 'the policies could not be read from the database';
      this.#o.log.error(
        { err: error },
        'the policies could not be read; every call is denied until they are',
      );
      if (this.#retry) clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.refresh().catch(() => undefined), retryMs).unref();
      throw error;
    } finally {
      this.#edition++;
    }
  }

  #take(stored: StoredPolicies): void {
    const { starters, rulesFile } = this.#o;
    this.#stored = stored;
    const all = [...starters.policies, ...(rulesFile?.policies ?? []), ...stored.policies];
    this.#policies = new Map(all.map((policy) => [policy.id, policy]));
    this.#sets = new Map([...starters.policySets, ...stored.policySets].map((set) => [set.id, set]));
    this.#owners = new Set(all.flatMap(({ sessionId }) => (sessionId === null ? [] : [sessionId])));
    this.#combinations = new Map();
  }
}

function counts(policy: Policy, owner: string | null, inSets: ReadonlySet<string>): boolean {
  if (policy.scope === 'session') return owner !== null && policy.sessionId === owner && !isTrust(policy);
  return policy.scope === 'global' || inSets.has(policy.id);
}

/** Trust answers what the others ask; it is no rule among them. */
function isTrust(policy: Policy): boolean {
  return (
    policy.source === 'approval' && policy.sessionId !== null && policy.id === trustPolicyId(policy.sessionId)
  );
}
