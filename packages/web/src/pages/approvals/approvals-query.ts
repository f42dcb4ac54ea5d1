import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import type { ApprovalView } from './approval-search.ts';

/** More were hardly looked for; the audit log has them all. */
const limit = 300;

/** What waits, oldest first, or what was answered, newest first. What waits everywhere is the shell's list too. */
export const approvalsQuery = (view: ApprovalView, session: string | undefined) => {
  const status = view === 'waiting' ? 'pending' : view;
  return queryOptions({
    queryKey:
      status === 'pending' && session === undefined
        ? ['approvals', 'pending']
        : ['approvals', 'list', status, session],
    queryFn: async ({ signal }) => {
      const query = status === 'pending' ? { session } : { session, status, limit };
      return (await client.request('GET', '/approvals', { query, signal })).approvals;
    },
  });
};
