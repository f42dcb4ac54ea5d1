import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { pendingApprovals } from '../api/queries.ts';
import { showWaiting } from '../kit/page.tsx';

/** How many approvals wait for a person; also in the title of the window and on the icon of the app. */
export function useWaiting(): number {
  const { data } = useQuery(pendingApprovals);
  const count = data?.length ?? 0;
  useEffect(() => showWaiting(count), [count]);
  return count;
}
