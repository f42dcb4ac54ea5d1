const policyTabs = ['rules', 'sets', 'laboratory', 'audit'] as const;
export type PolicyTab = (typeof policyTabs)[number];

/** What the address says of the pages of policies. */
export interface PolicySearch {
  tab?: PolicyTab;
  /** The policy that is open, and the set; `new` for one to be. */
  policy?: string;
  set?: string;
  /** Entry of the audit log that is open. */
  decision?: number;
  /** Filters of the audit log: session and call by id, times in ISO 8601. `session` also chooses for the laboratory. */
  session?: string;
  call?: string;
  outcome?: string;
  tool?: string;
  since?: string;
  until?: string;
}

const texts = ['policy', 'set', 'session', 'call', 'outcome', 'tool', 'since', 'until'] as const;

export function readPolicySearch(search: Record<string, unknown>): PolicySearch {
  const found = texts.filter((name) => typeof search[name] === 'string' && search[name] !== '');
  return {
    ...(policyTabs.includes(search.tab as PolicyTab) ? { tab: search.tab as PolicyTab } : {}),
    ...(Number.isInteger(search.decision) ? { decision: search.decision as number } : {}),
    ...Object.fromEntries(found.map((name) => [name, search[name]])),
  };
}
