import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type {
  CreatePolicy,
  DefaultAction,
  Policy,
  Rule,
  Scope,
  UpdatePolicy,
} from '@codepiper/core/policies/policy.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent } from '../events/ledger.ts';
import type { PoliciesStore } from './policies.store.ts';
import type { PolicyBook } from './policy-book.ts';
import type { NamedSession, PolicyChanges } from './policy-changes.ts';
import { filePrefix, keptPolicyId, makeId, sessionPolicyId, trustPolicyId } from './policy-ids.ts';

export interface PoliciesOptions {
  book: PolicyBook;
  store: PoliciesStore;
  changes: PolicyChanges;
  /** A session by its whole id, read in a transaction. */
  sessionIn(tx: Tx, id: string): Promise<NamedSession | null>;
  clock: Clock;
}

/** Rules a policy of kept answers has at most; beyond that the oldest answer is asked for again. */
const maxKeptRules = 1000;
/** Before whatever asks; the judge lets what denies go before them. */
const keptPriority = 1_000_000;
/** Trust is no rule among the others: it answers what they ask. */
const trustPriority = -1_000_000;

type PolicySettings = Pick<Policy, 'enabled' | 'priority' | 'rules'> & { name?: string | undefined };

/** Whose policy was changed, and by whom. */
interface Whose {
  session: NamedSession | null;
  by?: 'user' | 'daemon';
  /** The surface of the person, as in the audit trail. */
  who?: string | null;
}

/** The verbs of policies. `who` is the surface of the person who asks for a change. */
export class PoliciesService {
  readonly #o: PoliciesOptions;

  constructor(options: PoliciesOptions) {
    this.#o = options;
  }

  /** In the judge's order. `sessionId`: of one session, or with null of none. */
  list(filter: { enabled?: boolean | undefined; sessionId?: string | null | undefined }): Policy[] {
    return this.#o.book.policies.filter(
      (policy) =>
        (filter.enabled === undefined || policy.enabled === filter.enabled) &&
        (filter.sessionId === undefined || policy.sessionId === filter.sessionId),
    );
  }

  /** @param session what the request's `sessionId` means; null when it has none */
  async create(
    request: CreatePolicy,
    session: NamedSession | null,
    who: string | null = null,
  ): Promise<Policy> {
    const at = this.#now();
    const id = request.id ?? makeId(request.name);
    if (id.startsWith(filePrefix)) {
      throw new CodepiperError(
        'invalid_request',
        `body.id: ids that begin with "${filePrefix}" belong to the rules file; give another id`,
      );
    }
    const policy: Policy = {
      id,
      name: request.name,
      description: request.description ?? null,
      enabled: request.enabled,
      priority: request.priority,
      scope: scopeOf(request.scope ?? (session ? 'session' : 'global'), session),
      sessionId: session?.id ?? null,
      rules: request.rules,
      source: 'user',
      createdAt: at,
      updatedAt: at,
      expiresAt: isoOrNull(request.expiresAt),
    };
    return this.#o.changes.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      if ((this.#o.book.findPolicy(id) ?? (await store.get(id))) !== null) {
        throw new CodepiperError(
          'policy_exists',
          `There is a policy "${id}" already. Give another id, or change it: codepiper policy update ${id}`,
        );
      }
      await store.insert(policy);
      await this.#tell(tx, emit, 'created', policy, { session, who });
      return policy;
    });
  }

  /** @param session what the request's `sessionId` means; null when it has none, or null */
  async update(
    id: string,
    request: UpdatePolicy,
    session: NamedSession | null,
    who: string | null = null,
  ): Promise<Policy> {
    this.#requireOurs(id);
    return this.#o.changes.record(async (tx, emit) => {
      const before = await this.#stored(tx, id);
      const moved = request.sessionId === undefined ? before.sessionId : (session?.id ?? null);
      const scope =
        request.scope ?? (request.sessionId === undefined ? before.scope : moved ? 'session' : 'global');
      const owner =
        moved === null ? null : (session ?? (await this.#o.sessionIn(tx, moved)) ?? unknown(moved));
      // A policy that is no longer of one session lets go of it.
      const kept = scope === 'session' || request.sessionId != null ? owner : null;
      const policy: Policy = {
        ...before,
        name: request.name ?? before.name,
        description: request.description === undefined ? before.description : request.description,
        enabled: request.enabled ?? before.enabled,
        priority: request.priority ?? before.priority,
        scope: scopeOf(scope, kept),
        sessionId: kept?.id ?? null,
        rules: request.rules ?? before.rules,
        updatedAt: this.#now(),
        expiresAt: request.expiresAt === undefined ? before.expiresAt : isoOrNull(request.expiresAt),
      };
      await this.#o.store.in(tx).update(policy);
      await this.#tell(tx, emit, 'updated', policy, { session: kept, who });
      return policy;
    });
  }

  async remove(id: string, who: string | null = null): Promise<void> {
    this.#requireOurs(id);
    await this.#o.changes.record(async (tx, emit) => {
      const policy = await this.#stored(tx, id);
      const session = policy.sessionId === null ? null : await this.#o.sessionIn(tx, policy.sessionId);
      await this.#remove(tx, emit, policy, { session, who });
    });
  }

  /** The policy a session has of its own. */
  ofSession(session: { id: string }): Policy | null {
    return this.#o.book.findPolicy(sessionPolicyId(session.id));
  }

  /** Makes or replaces the policy a session has of its own. */
  async setOfSession(
    session: NamedSession,
    settings: PolicySettings,
    who: string | null = null,
  ): Promise<{ policy: Policy; action: 'created' | 'updated' }> {
    const id = sessionPolicyId(session.id);
    return this.#o.changes.record(async (tx, emit) => {
      const before = await this.#o.store.in(tx).get(id);
      const policy = await this.#put(
        tx,
        emit,
        { session, who },
        {
          id,
          source: before?.source ?? 'user',
          name: settings.name ?? before?.name ?? `Policy of ${session.name ?? session.id.slice(0, 8)}`,
          description: before?.description ?? null,
          enabled: settings.enabled,
          priority: settings.priority,
          rules: settings.rules,
          expiresAt: null,
        },
      );
      return { policy, action: before ? 'updated' : 'created' };
    });
  }

  /** What happens in a session, or without one, to calls no rule speaks of. */
  defaultOf(session: { policyDefault: DefaultAction | null } | null): {
    action: DefaultAction;
    from: 'session' | 'daemon' | 'config';
  } {
    const own = session?.policyDefault ?? null;
    return own === null ? this.#o.book.defaultAction : { action: own, from: 'session' };
  }

  /** As `Judge.keepRule` says. */
  async keepRule(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string | null,
    rule: Rule,
    who: string | null,
  ): Promise<Policy> {
    const id = keptPolicyId(sessionId);
    const session = sessionId === null ? null : await this.#o.sessionIn(tx, sessionId);
    const before = await this.#o.store.in(tx).get(id);
    const rules = before?.rules ?? [];
    const isKnown = rules.some((known) => JSON.stringify(known) === JSON.stringify(rule));
    return this.#put(
      tx,
      emit,
      { session, who },
      {
        id,
        source: 'approval',
        name: session ? `Approved in ${session.name ?? session.id.slice(0, 8)}` : 'Approved always',
        description: 'Rules kept from answers to approvals.',
        enabled: true,
        priority: before?.priority ?? keptPriority,
        rules: isKnown ? rules : [...rules, rule].slice(-maxKeptRules),
        expiresAt: null,
      },
    );
  }

  /** As `Judge.keepTrust` says. */
  async keepTrust(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string,
    until: number | null,
    who: string | null,
  ): Promise<Policy | null> {
    const id = trustPolicyId(sessionId);
    const session = await this.#o.sessionIn(tx, sessionId);
    if (until === null) {
      const before = await this.#o.store.in(tx).get(id);
      if (before) await this.#remove(tx, emit, before, { session, who });
      return null;
    }
    return this.#put(
      tx,
      emit,
      { session, who },
      {
        id,
        source: 'approval',
        name: `Trust in ${session?.name ?? sessionId.slice(0, 8)}`,
        description:
          'Answers every question of the rules with yes until it ends; what is denied stays denied.',
        enabled: true,
        priority: trustPriority,
        rules: [
          { action: 'allow', reason: `The session is trusted until ${new Date(until).toISOString()}.` },
        ],
        expiresAt: new Date(until).toISOString(),
      },
    );
  }

  /** A session was removed: its own policies go too. */
  async forgetSession(sessionId: string): Promise<void> {
    if (this.list({ sessionId }).length === 0) return;
    await this.#o.changes.record(async (tx, emit) => {
      for (const policy of await this.#o.store.in(tx).ofSession(sessionId)) {
        await this.#remove(tx, emit, policy, { session: null, by: 'daemon' });
      }
    });
  }

  /** Makes or replaces a policy of a session (or of all) that the daemon itself keeps. */
  async #put(
    tx: Tx,
    emit: EmitEvent,
    { session, who }: Whose,
    settings: Pick<
      Policy,
      'id' | 'source' | 'name' | 'description' | 'enabled' | 'priority' | 'rules' | 'expiresAt'
    >,
  ): Promise<Policy> {
    const store = this.#o.store.in(tx);
    const before = await store.get(settings.id);
    const at = this.#now();
    const policy: Policy = {
      ...settings,
      scope: session ? 'session' : 'global',
      sessionId: session?.id ?? null,
      createdAt: before?.createdAt ?? at,
      updatedAt: at,
    };
    await (before ? store.update(policy) : store.insert(policy));
    await this.#tell(tx, emit, before ? 'updated' : 'created', policy, { session, who });
    return policy;
  }

  async #remove(tx: Tx, emit: EmitEvent, policy: Policy, whose: Whose): Promise<void> {
    await this.#o.store.in(tx).remove(policy.id);
    await this.#tell(tx, emit, 'removed', policy, whose);
  }

  async #tell(
    tx: Tx,
    emit: EmitEvent,
    what: 'created' | 'updated' | 'removed',
    policy: Policy,
    { session, by = 'user', who = null }: Whose,
  ): Promise<void> {
    const { id, name, enabled, priority, scope, rules, expiresAt } = policy;
    await this.#o.changes.tell(tx, emit, {
      type: `policy.${what}`,
      payload: { id, name, scope, enabled, rules: rules.length },
      session,
      reason: `Policy "${name}" (${id}) was ${what}.`,
      input: { id, name, enabled, priority, scope, rules, expiresAt },
      ...{ by, who },
    });
  }

  /** Throws `policy_not_found` and `policy_read_only`. */
  #requireOurs(id: string): void {
    const policy = this.#o.book.policy(id);
    if (policy.source === 'starter') {
      throw new CodepiperError(
        'policy_read_only',
        `The policy "${id}" ships with codepiper and is not changed. Make your own from it: codepiper policy create --from ${id}`,
      );
    }
    if (policy.source === 'file') {
      throw new CodepiperError(
        'policy_read_only',
        `The policy "${id}" comes from the rules file (setting policies.file): change it there.`,
      );
    }
  }

  async #stored(tx: Tx, id: string): Promise<Policy> {
    const policy = await this.#o.store.in(tx).get(id);
    if (policy) return policy;
    throw new CodepiperError('policy_not_found', `There is no policy "${id}" any more.`);
  }

  #now(): string {
    return new Date(this.#o.clock.now()).toISOString();
  }
}

/** Throws `invalid_request` when the scope and the session do not go together. */
function scopeOf(scope: Scope, session: NamedSession | null): Scope {
  if (scope === 'session' && session === null) {
    throw new CodepiperError(
      'invalid_request',
      'body.sessionId: a policy with scope session needs a session',
    );
  }
  if (scope !== 'session' && session !== null) {
    throw new CodepiperError(
      'invalid_request',
      `body.scope: a policy of a session has scope session, not ${scope}; leave sessionId out`,
    );
  }
  return scope;
}

/** Its row is gone; what is left of it in a policy still has its id. */
function unknown(id: string): NamedSession {
  return { id, name: null, provider: '' };
}

function isoOrNull(time: string | null | undefined): string | null {
  return time ? new Date(time).toISOString() : null;
}
