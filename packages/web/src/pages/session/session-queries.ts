import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: ['deliveries', id],
    queryFn: async ({ signal }) =>
      (
        await client.request('GET', '/sessions/:id/deliveries', {
          params: { id },
          query: { limit: 30 },
          signal,
        })
      ).deliveries,
  });

/** When the session got another model. */
export const modelSwitchesQuery = (id: string) =>
  queryOptions({
    queryKey: ['sessions', id, 'model-switches'],
    queryFn: async ({ signal }) =>
      (
        await client.request('GET', '/sessions/:id/events', {
          params: { id },
          query: { type: 'session.model', limit: 500 },
          signal,
        })
      ).events,
  });

/** What was decided last about a tool call; null where nothing was. */
export const decisionQuery = (callId: string) =>
  queryOptions({
    queryKey: ['audit', 'call', callId],
    queryFn: async ({ signal }) => {
      const query = { callId, limit: 1 };
      return (await client.request('GET', '/policy-decisions', { query, signal })).decisions[0] ?? null;
    },
  });

/** The screen that an ended session left, with the lines above it. */
export const lastWordsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sessions', id, 'last-words'],
    queryFn: ({ signal }) =>
      client.request('GET', '/sessions/:id/output', { params: { id }, query: { lines: 2000 }, signal }),
  });

export const voiceQuery = queryOptions({
  queryKey: ['settings', 'voice'],
  queryFn: ({ signal }) => client.request('GET', '/voice', { signal }),
});

export const effectivePoliciesQuery = (id: string) =>
  queryOptions({
    queryKey: ['policies', 'effective', id],
    queryFn: ({ signal }) =>
      client.request('GET', '/sessions/:id/effective-policies', { params: { id }, signal }),
  });

export const sessionSetsQuery = (id: string) =>
  queryOptions({
    queryKey: ['policy-sets', 'session', id],
    queryFn: async ({ signal }) =>
      (await client.request('GET', '/sessions/:id/policy-sets', { params: { id }, signal })).policySets,
  });

export const policySetsQuery = queryOptions({
  queryKey: ['policy-sets', 'all'],
  queryFn: async ({ signal }) => (await client.request('GET', '/policy-sets', { signal })).policySets,
});

export const sessionDefaultQuery = (id: string) =>
  queryOptions({
    queryKey: ['policy-default', id],
    queryFn: ({ signal }) => client.request('GET', '/policy-default', { query: { session: id }, signal }),
  });
