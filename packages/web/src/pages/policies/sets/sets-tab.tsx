import type { PolicySet } from '@codepiper/core/policies/policy.ts';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ArrowLeft, Layers, Lock, Plus } from 'lucide-react';
import { Badge } from '../../../kit/badge.tsx';
import { buttonClass } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { isReadOnly, policySetsQuery } from '../policies-queries.ts';
import { SetEditor } from './set-editor.tsx';

/** Sets of policies: what a session starts with. */
export function SetsTab() {
  const { set: open } = useSearch({ from: '/gate/policies' });
  const navigate = useNavigate();
  const list = useQuery(policySetsQuery);
  const sets = list.data ?? [];
  const chosen = sets.find(({ id }) => id === open);
  const show = (set: string | undefined) =>
    void navigate({ to: '/policies', search: { tab: 'sets', ...(set === undefined ? {} : { set }) } });
  return (
    <div className="flex h-full min-h-0">
      <section
        aria-label="Policy sets"
        className={cx(
          'flex min-h-0 w-full flex-col border-line md:w-80 md:shrink-0 md:border-r xl:w-96',
          open !== undefined && 'max-md:hidden',
        )}
      >
        <div className="shrink-0 border-line border-b px-4 py-2">
          <Link
            to="/policies"
            search={{ tab: 'sets', set: 'new' }}
            className={cx(buttonClass('plain', 'small'), 'w-full')}
          >
            <Plus aria-hidden="true" className="size-4" />
            New set
          </Link>
        </div>
        <div className="min-h-0 flex-1 overflow-y-auto">
          {list.isPending ? (
            <SkeletonRows />
          ) : list.error ? (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          ) : (
            <ul>
              {sets.map((set) => (
                <li key={set.id} className="border-line border-b">
                  <Row set={set} isOpen={set.id === open} />
                </li>
              ))}
            </ul>
          )}
        </div>
      </section>
      <div className={cx('min-h-0 min-w-0 flex-1 overflow-y-auto', open === undefined && 'max-md:hidden')}>
        {open !== undefined && (
          <Link
            to="/policies"
            search={{ tab: 'sets' }}
            className="flex items-center gap-1.5 px-4 pt-3 text-quiet text-sm hover:text-text md:hidden"
          >
            <ArrowLeft aria-hidden="true" className="size-4" />
            All sets
          </Link>
        )}
        {open === 'new' ? (
          <SetEditor key="new" set={null} onSaved={show} />
        ) : chosen ? (
          <SetEditor key={chosen.id} set={chosen} onSaved={show} />
        ) : open !== undefined && list.data ? (
          <EmptyState title="There is no such set" />
        ) : (
          <EmptyState
            icon={<Layers aria-hidden="true" className="size-6" />}
            title="Choose a set to see what is in it"
          >
            A session gets the sets it is started with; one that names none gets the default set.
          </EmptyState>
        )}
      </div>
    </div>
  );
}

function Row({ set, isOpen }: { set: PolicySet; isOpen: boolean }) {
  const { id, name, description, isDefault, policyIds } = set;
  return (
    <Link
      to="/policies"
      search={{ tab: 'sets', set: id }}
      aria-current={isOpen ? 'true' : undefined}
      className={cx(
        'block border-l-2 py-3 pr-4 pl-3.5 text-sm hover:bg-raised/60 focus-visible:-outline-offset-2',
        isOpen ? 'border-l-accent bg-raised' : 'border-l-transparent',
      )}
    >
      <span className="flex items-center gap-2">
        <span className="min-w-0 truncate font-medium">{name}</span>
        {isReadOnly(set) && <Lock aria-label="Read-only" className="size-3.5 shrink-0 text-quiet" />}
        {isDefault && <Badge tone="accent">Default</Badge>}
      </span>
      <span className="mt-1 block text-quiet text-xs">
        {policyIds.length} {policyIds.length === 1 ? 'policy' : 'policies'}
        {description ? ` · ${description}` : ''}
      </span>
    </Link>
  );
}
