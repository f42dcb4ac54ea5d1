import type { Decision, DecisionKind } from '@codepiper/core/audit/decision.ts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { client } from '../../../api/client.ts';
import type { PolicySearch } from '../policy-search.ts';

const pageSize = 100;
const exportPage = 1000;

/** Filters of the audit log, as its endpoint takes them. */
export interface AuditFilter {
  sessionId?: string | undefined;
  decision?: DecisionKind | undefined;
  tool?: string | undefined;
  callId?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export const decisionKinds = [
  'allow',
  'deny',
  'ask',
  'agent',
  'change',
] as const satisfies readonly DecisionKind[];

export function filterOf({ session, outcome, tool, call, since, until }: PolicySearch): AuditFilter {
  return {
    sessionId: session,
    decision: decisionKinds.find((kind) => kind === outcome),
    tool,
    callId: call,
    since,
    until,
  };
}

/** Entries that fit, newest first, page after page. */
export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      client.request('GET', '/policy-decisions', {
        query: { ...filter, before: pageParam ?? undefined, limit: pageSize },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ decisions, hasMore }) => (hasMore ? (decisions.at(-1)?.seq ?? null) : null),
  });

/** One entry by its place; null when there is none. Entries never change. */
export const decisionQuery = (seq: number) =>
  queryOptions({
    queryKey: ['audit-entries', seq],
    queryFn: async ({ signal }): Promise<Decision | null> => {
      const query = { before: seq + 1, limit: 1 };
      const { decisions } = await client.request('GET', '/policy-decisions', { query, signal });
      return decisions.find((decision) => decision.seq === seq) ?? null;
    },
  });

/** Reads the whole trail: asked for by a person, not again by each change. */
export const trailStateQuery = queryOptions({
  queryKey: ['trail-state'],
  queryFn: ({ signal }) =>
    client.request('GET', '/policy-decisions/verification', { timeoutMs: 120_000, signal }),
});

/** Everything that fits, newest first, in pieces. */
export async function* allDecisions(filter: AuditFilter): AsyncGenerator<Decision[]> {
  for (let before: number | undefined; ; ) {
    const { decisions, hasMore } = await client.request('GET', '/policy-decisions', {
      query: { ...filter, before, limit: exportPage },
    });
    yield decisions;
    before = decisions.at(-1)?.seq;
    if (!hasMore || before === undefined) return;
  }
}
