import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export const policySetsQuery = queryOptions({
  queryKey: ['policy-sets'],
  queryFn: async ({ signal }) => (await client.request('GET', '/policy-sets', { signal })).policySets,
});

export const policyDefaultQuery = queryOptions({
  queryKey: ['policy-default', 'daemon'],
  queryFn: ({ signal }) => client.request('GET', '/policy-default', { signal }),
});

export const recentDirectoriesQuery = queryOptions({
  queryKey: ['directories', 'recent'],
  queryFn: async ({ signal }) => (await client.request('GET', '/directories/recent', { signal })).directories,
});

export const directoryQuery = (path: string, hidden: boolean) =>
  queryOptions({
    queryKey: ['directories', 'list', path, hidden],
    queryFn: ({ signal }) =>
      client.request('GET', '/directories', {
        query: { ...(path === '' ? {} : { path }), ...(hidden ? { hidden: 'true' as const } : {}) },
        signal,
      }),
    // Folders come and go without a word.
    staleTime: 0,
  });

export const conversationsQuery = (provider: string, workspace: string) =>
  queryOptions({
    queryKey: ['conversations', provider, workspace],
    queryFn: async ({ signal }) => {
      const query = { provider, workspace, limit: 30 };
      return (await client.request('GET', '/conversations', { query, signal })).conversations;
    },
  });
