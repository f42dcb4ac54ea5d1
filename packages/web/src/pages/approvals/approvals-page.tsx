import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { CircleCheckBig, MousePointerClick } from 'lucide-react';
import { useRef } from 'react';
import { cx } from '../../kit/cx.ts';
import { Page } from '../../kit/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../kit/states.tsx';
import type { AnswerActions } from '../shared/approval-answer/approval-answer.tsx';
import type { ApprovalSearch, ApprovalView } from './approval-search.ts';
import { approvalsQuery } from './approvals-query.ts';
import { Detail } from './detail/detail.tsx';
import { Filters } from './filters.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Queue } from './queue.tsx';
import { useKeys } from './use-keys.ts';

/** What waits for a person and what was answered, beside the one that is looked at. On a phone one after the other. */
export function ApprovalsPage() {
  const { approval: open } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as ApprovalSearch;
  const view = search.view ?? 'waiting';
  const navigate = useNavigate();
  const list = useQuery(approvalsQuery(view, search.session));
  const actions = useRef<AnswerActions>(null);
  const approvals = list.data ?? [];
  const at = approvals.findIndex(({ id }) => open !== undefined && id.startsWith(open));

  const show = (id: string | undefined, replace = false) =>
    void navigate(
      id === undefined
        ? { to: '/approvals', search, replace }
        : { to: '/approvals/$approval', params: { approval: id }, search, replace },
    );
  /** Goes on with what waits next, where somebody works through the queue. */
  const goOn = (settled: string) => {
    if (view !== 'waiting') return;
    const index = approvals.findIndex(({ id }) => id === settled);
    const rest = approvals.filter(({ id }) => id !== settled);
    show(rest[Math.min(Math.max(index, 0), rest.length - 1)]?.id, true);
  };
  useKeys(actions, {
    move: (by) => {
      const next = approvals[at < 0 ? 0 : Math.min(Math.max(at + by, 0), approvals.length - 1)];
      if (next) show(next.id, open !== undefined);
    },
    open: () => show((approvals[at] ?? approvals[0])?.id),
    back: () => open !== undefined && show(undefined),
  });

  return (
    <Page title="Approvals" actions={<KeysHelp />} isFull>
      <div className="flex min-h-0 flex-1">
        <section
          aria-label="Approvals"
          className={cx(
            'flex min-h-0 w-full flex-col border-line md:w-80 md:shrink-0 md:border-r xl:w-96',
            open !== undefined && 'max-md:hidden',
          )}
        >
          <Filters view={view} session={search.session} />
          <div className="min-h-0 flex-1 overflow-y-auto">
            {list.isPending ? (
              <SkeletonRows />
            ) : list.error ? (
              <ErrorState error={list.error} onRetry={() => void list.refetch()} />
            ) : approvals.length === 0 ? (
              <Nothing view={view} />
            ) : (
              <Queue approvals={approvals} open={approvals[at]?.id} search={search} />
            )}
          </div>
        </section>
        <div className={cx('min-h-0 min-w-0 flex-1 bg-ground', open === undefined && 'max-md:hidden')}>
          {open === undefined ? (
            <EmptyState
              icon={<MousePointerClick aria-hidden="true" className="size-6" />}
              title={approvals.length === 0 ? 'Nothing is open' : 'Choose one to see all of it'}
            >
              {approvals.length > 0 && 'j and k go through the list.'}
            </EmptyState>
          ) : (
            <Detail
              key={open}
              approval={open}
              actions={actions}
              backTo={search}
              others={view === 'waiting' ? approvals.length - 1 : 0}
              onSettled={goOn}
            />
          )}
        </div>
      </div>
    </Page>
  );
}

function Nothing({ view }: { view: ApprovalView }) {
  if (view !== 'waiting') {
    return <EmptyState title="Nothing like that was asked">Choose another outcome or session.</EmptyState>;
  }
  return (
    <EmptyState
      icon={<CircleCheckBig aria-hidden="true" className="size-6" />}
      title="Nothing waits for you"
      action={
        <Link to="/approvals" search={{ view: 'settled' }} className="text-accent text-sm hover:underline">
          See what was answered
        </Link>
      }
    >
      When an agent wants to do what no rule allows, it is asked about here.
    </EmptyState>
  );
}
