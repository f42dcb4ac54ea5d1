import type { DefaultAction, Policy, PolicySet, Rule } from '@codepiper/core/policies/policy.ts';
import type { NewDecision } from '../src/audit/audit.service.ts';
import { loadConfig } from '../src/config/config.ts';
import { type OpenDatabase, openDatabase } from '../src/db/open.ts';
import { createLedger } from '../src/events/ledger.ts';
import { silentLog } from '../src/log/log.ts';
import { PoliciesService } from '../src/policies/policies.service.ts';
import { PoliciesStore } from '../src/policies/policies.store.ts';
import { PolicyBook } from '../src/policies/policy-book.ts';
import { PolicyChanges } from '../src/policies/policy-changes.ts';
import { PolicyJudge } from '../src/policies/policy-judge.ts';
import { PolicySetsService } from '../src/policies/policy-sets.service.ts';
import type { RulesFile } from '../src/policies/rules-file.ts';
import { SessionPolicies } from '../src/sessions/session-policies.ts';
import type { SessionRecord } from '../src/sessions/session-record.ts';
import { SessionsStore } from '../src/sessions/sessions.store.ts';
import { DaemonSettingsService } from '../src/settings/settings.service.ts';
import { SettingsStore } from '../src/settings/settings.store.ts';
import { sessionRecord } from './session-record.ts';

export interface PolicyHouseOptions {
  starters?: { policies: Policy[]; policySets: PolicySet[] };
  rulesFile?: RulesFile;
  configuredSets?: string[];
  env?: Record<string, string>;
  home?: string;
}

/** The rooms of policies over a database in memory, with a clock that stands still. */
export async function openPolicyHouse(options: PolicyHouseOptions = {}) {
  let now = Date.parse('2026-11-21T10:00:00.000Z');
  const clock = { now: () => now };
  const database: OpenDatabase = await openDatabase(':memory:', { log: silentLog, clock });
  const ledger = createLedger({ db: database.db, clock, log: silentLog });
  const audited: NewDecision[] = [];
  const audit = {
    append: async (_tx: unknown, entry: NewDecision) => {
      audited.push(entry);
    },
  };
  const store = new PoliciesStore(database.db);
  const settings = new DaemonSettingsService({
    config: loadConfig({ flags: {}, env: { CODEPIPER_HOME: '/nowhere', ...options.env }, uid: 1000 }),
    store: new SettingsStore(database.db),
    ...{ ledger, audit, clock },
    log: silentLog,
  });
  const book = new PolicyBook({
    store,
    starters: options.starters ?? { policies: [], policySets: [] },
    rulesFile: options.rulesFile ?? null,
    defaultAction: () => settings.defaultAction(),
    configuredSets: options.configuredSets ?? [],
    clock,
    log: silentLog,
  });
  await book.refresh();
  const sessionsStore = new SessionsStore(database.db);
  const sessions = new SessionPolicies({ ledger, store: sessionsStore, book, audit, clock });
  const changes = new PolicyChanges({ ledger, audit, book });
  const policies = new PoliciesService({
    book,
    store,
    changes,
    sessionIn: (tx, id) => sessions.named(tx, id),
    clock,
  });
  const policySets = new PolicySetsService({
    book,
    store,
    changes,
    withdrawEverywhere: (...args) => sessions.withdrawEverywhere(...args),
    clock,
  });
  const judge = new PolicyJudge({ book, policies, home: options.home ?? '/home/ada', clock, log: silentLog });
  return {
    ledger,
    audited,
    book,
    store,
    sessions,
    sessionsStore,
    policies,
    policySets,
    judge,
    settings,
    /** The daemon's default. */
    setDefault: (action: DefaultAction | null, who: string | null = null) =>
      settings.change({ defaultPolicyAction: action }, who),
    wait: (ms: number) => {
      now += ms;
    },
    now: () => now,
    addSession: async (change: Partial<SessionRecord> = {}) => {
      const record = sessionRecord(change);
      await sessionsStore.insert(record);
      return record;
    },
    events: async () => (await ledger.list({})).events.map(({ type, payload }) => ({ type, payload })),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export type PolicyHouse = Awaited<ReturnType<typeof openPolicyHouse>>;

/** A policy as a request makes it. */
export const request = (name: string, rules: Rule[], more: object = {}) => ({
  name,
  enabled: true,
  priority: 0,
  rules,
  ...more,
});

/** A policy that ships. */
export function starter(id: string, rules: Rule[], more: Partial<Policy> = {}): Policy {
  const at = new Date(0).toISOString();
  return {
    id,
    name: id,
    description: null,
    enabled: true,
    priority: 0,
    scope: 'set',
    sessionId: null,
    rules,
    source: 'starter',
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
    ...more,
  };
}
