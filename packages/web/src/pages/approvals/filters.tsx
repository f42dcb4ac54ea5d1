import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { sessionsQuery } from '../../api/queries.ts';
import { Select } from '../../kit/field.tsx';
import { type ApprovalView, approvalViews } from './approval-search.ts';

const labels: Readonly<Record<ApprovalView, string>> = {
  waiting: 'Waiting',
  settled: 'All answered',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired',
  withdrawn: 'Withdrawn',
};
const order = [...approvalViews].sort((a, b) => Number(b === 'settled') - Number(a === 'settled'));

/** Which approvals are in the list: by what became of them, and by session. */
export function Filters({ view, session }: { view: ApprovalView; session: string | undefined }) {
  const navigate = useNavigate();
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const choose = (next: { view: ApprovalView; session: string | undefined }) =>
    void navigate({
      to: '/approvals',
      search: {
        ...(next.view === 'waiting' ? {} : { view: next.view }),
        ...(next.session === undefined ? {} : { session: next.session }),
      },
    });
  const isKnown = session === undefined || sessions.some(({ id }) => id === session);
  return (
    <div className="flex shrink-0 gap-2 border-line border-b px-4 py-2">
      <Select
        aria-label="Outcome"
        value={view}
        onChange={({ target }) => choose({ view: target.value as ApprovalView, session })}
      >
        {['waiting' as const, ...order.filter((each) => each !== 'waiting')].map((each) => (
          <option key={each} value={each}>
            {labels[each]}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Session"
        value={session ?? ''}
        onChange={({ target }) => choose({ view, session: target.value === '' ? undefined : target.value })}
      >
        <option value="">All sessions</option>
        {!isKnown && <option value={session}>{session?.slice(0, 8)}</option>}
        {sessions.map(({ id, name }) => (
          <option key={id} value={id}>
            {name ?? id.slice(0, 8)}
          </option>
        ))}
      </Select>
    </div>
  );
}
