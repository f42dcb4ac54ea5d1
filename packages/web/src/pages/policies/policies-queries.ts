import type { Policy } from '@codepiper/core/policies/policy.ts';
import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: async ({ signal }) => (await client.request('GET', '/policies', { signal })).policies,
});

export const policySetsQuery = queryOptions({
  queryKey: ['policy-sets'],
  queryFn: async ({ signal }) => (await client.request('GET', '/policy-sets', { signal })).policySets,
});

export const policyDefaultQuery = queryOptions({
  queryKey: ['policy-default'],
  queryFn: ({ signal }) => client.request('GET', '/policy-default', { signal }),
});

/** What is wrong with what is stored. */
export const lintQuery = queryOptions({
  queryKey: ['policies', 'lint'],
  queryFn: async ({ signal }) =>
    (await client.request('POST', '/policies/lint', { body: {}, signal })).findings,
});

/** Whether people may change it here: what ships and what a file says is changed elsewhere. */
export function isReadOnly({ source }: Pick<Policy, 'source'>): boolean {
  return source === 'starter' || source === 'file';
}

export const sourceWords: Readonly<Record<Policy['source'], string>> = {
  user: 'Made here',
  starter: 'Ships with codepiper',
  file: 'From the rules file',
  approval: 'Kept from an approval',
};

export const scopeWords: Readonly<Record<Policy['scope'], string>> = {
  global: 'Everywhere',
  set: 'In its sets',
  session: 'One session',
};
