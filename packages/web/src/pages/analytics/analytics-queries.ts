import type { Range } from '@codepiper/core/analytics/periods.ts';
import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

/** What the figures are of. */
export interface Scope {
  range: Range;
  provider?: string;
  /** A directory: conversations in it and below. */
  workspace?: string;
}

/** Sums move with every answer of every agent: they are asked again when somebody looks, at most so often. */
const staleTime = 30_000;

/** What one endpoint is asked with. */
interface Call {
  query: Scope;
  signal: AbortSignal;
}

function figures<Reply>(part: string, scope: Scope, ask: (call: Call) => Promise<Reply>) {
  return queryOptions({
    queryKey: ['analytics', part, scope],
    queryFn: ({ signal }) => ask({ query: scope, signal }),
    staleTime,
    refetchOnMount: 'always',
  });
}

export const overviewQuery = (scope: Scope) =>
  figures('overview', scope, (call) => client.request('GET', '/analytics/overview', call));
export const tokensQuery = (scope: Scope) =>
  figures('tokens', scope, (call) => client.request('GET', '/analytics/token-usage', call));
export const modelsQuery = (scope: Scope) =>
  figures('models', scope, (call) => client.request('GET', '/analytics/tokens-by-model', call));
export const driversQuery = (scope: Scope) =>
  figures('drivers', scope, (call) => client.request('GET', '/analytics/cost-drivers', call));
export const toolsQuery = (scope: Scope) =>
  figures('tools', scope, (call) => client.request('GET', '/analytics/tool-usage', call));
export const conversationsQuery = (scope: Scope) =>
  figures('conversations', scope, (call) => client.request('GET', '/analytics/sessions', call));

/** Decisions of policies are of all sessions. */
export const decisionsQuery = (range: Range) =>
  queryOptions({
    queryKey: ['analytics', 'decisions', range],
    queryFn: ({ signal }) =>
      client.request('GET', '/analytics/policy-decisions', { query: { range }, signal }),
    staleTime,
  });

/** Every day there is, whatever the range: a map of activity is looked at as a whole. */
export const allActivityQuery = queryOptions({
  queryKey: ['analytics', 'activity', 'all'],
  queryFn: ({ signal }) =>
    client.request('GET', '/analytics/activity-timeline', { query: { range: 'all' }, signal }),
  staleTime,
});
