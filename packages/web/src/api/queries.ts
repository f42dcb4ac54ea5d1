import { queryOptions } from '@tanstack/react-query';
import { client } from './client.ts';

/** What more than one page reads. What one page reads stands in its folder, with keys of the same kind. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await client.request('GET', '/sessions', { signal })).sessions,
});

export const sessionQuery = (ref: string) =>
  queryOptions({
    queryKey: ['sessions', ref],
    queryFn: async ({ signal }) =>
      (await client.request('GET', '/sessions/:id', { params: { id: ref }, signal })).session,
  });

export const pendingApprovals = queryOptions({
  queryKey: ['approvals', 'pending'],
  queryFn: async ({ signal }) => (await client.request('GET', '/approvals', { signal })).approvals,
});

/** One approval, settled ones too. */
export const approvalQuery = (ref: string) =>
  queryOptions({
    queryKey: ['approvals', ref],
    queryFn: async ({ signal }) =>
      (await client.request('GET', '/approvals/:id', { params: { id: ref }, signal })).approval,
  });

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) => (await client.request('GET', '/providers', { signal })).providers,
});
