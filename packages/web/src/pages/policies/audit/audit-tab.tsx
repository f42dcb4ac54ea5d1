import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ListFilter, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { auditQuery, filterOf } from './audit-queries.ts';
import { DecisionDialog } from './decision-dialog.tsx';
import { DecisionList } from './decision-list.tsx';
import { ExportMenu } from './export-menu.tsx';
import { TrailBadge } from './trail-badge.tsx';

/** What was decided, by whom and why, newest first; and whether the trail is as it was written. */
export function AuditTab() {
  const search = useSearch({ from: '/gate/policies' });
  const navigate = useNavigate();
  const filter = filterOf(search);
  const list = useInfiniteQuery(auditQuery(filter));
  const decisions = list.data?.pages.flatMap((page) => page.decisions) ?? [];
  const { decision: open, ...rest } = search;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const [isShown, setShown] = useState(isFiltered);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-line border-b px-4 py-2">
        <TrailBadge />
        <div className="ml-auto flex items-center">
          <div className="md:hidden">
            <IconButton
              label="Filters"
              size="small"
              aria-expanded={isShown}
              onClick={() => setShown(!isShown)}
            >
              <ListFilter aria-hidden="true" className={cx('size-4', isFiltered && 'text-accent')} />
            </IconButton>
          </div>
          <IconButton
            label="Read again"
            size="small"
            isBusy={list.isFetching}
            onClick={() => void list.refetch()}
          >
            <RefreshCw aria-hidden="true" className="size-4" />
          </IconButton>
          <ExportMenu filter={filter} />
        </div>
        <AuditFilters search={search} isShown={isShown} />
      </div>
      {list.isPending ? (
        <SkeletonRows rows={8} />
      ) : list.error ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : decisions.length === 0 ? (
        <EmptyState
          title={isFiltered ? 'No entry fits' : 'Nothing was decided yet'}
          action={
            isFiltered && (
              <Button onClick={() => void navigate({ to: '/policies', search: { tab: 'audit' } })}>
                Show all entries
              </Button>
            )
          }
        >
          {!isFiltered && 'Each call of an agent is an entry here, with the rule that decided it.'}
        </EmptyState>
      ) : (
        <DecisionList
          decisions={decisions}
          search={rest}
          hasMore={list.hasNextPage}
          isLoading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      )}
      {open !== undefined && (
        <DecisionDialog
          seq={open}
          onClose={() => void navigate({ to: '/policies', search: rest, replace: true })}
        />
      )}
    </div>
  );
}
