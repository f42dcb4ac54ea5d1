import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ArrowLeft, Plus, ShieldCheck } from 'lucide-react';
import { buttonClass } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { lintQuery, policiesQuery } from '../policies-queries.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { PolicyList } from './policy-list.tsx';

/** Policies in the order in which they are asked, beside the one that is looked at or changed. */
export function RulesTab() {
  const { policy: open, ...search } = useSearch({ from: '/gate/policies' });
  const navigate = useNavigate();
  const list = useQuery(policiesQuery);
  const { data: findings = [] } = useQuery(lintQuery);
  const policies = list.data ?? [];
  const chosen = policies.find(({ id }) => id === open);
  const show = (policy: string | undefined) =>
    void navigate({
      to: '/policies',
      search: { ...search, tab: 'rules', ...(policy === undefined ? {} : { policy }) },
    });
  return (
    <div className="flex h-full min-h-0">
      <section
        aria-label="Policies"
        className={cx(
          'flex min-h-0 w-full flex-col border-line md:w-80 md:shrink-0 md:border-r xl:w-96',
          open !== undefined && 'max-md:hidden',
        )}
      >
        <div className="shrink-0 border-line border-b px-4 py-2">
          <Link
            to="/policies"
            search={{ tab: 'rules', policy: 'new' }}
            className={cx(buttonClass('plain', 'small'), 'w-full')}
          >
            <Plus aria-hidden="true" className="size-4" />
            New policy
          </Link>
        </div>
        <div className="min-h-0 flex-1 overflow-y-auto">
          {list.isPending ? (
            <SkeletonRows />
          ) : list.error ? (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          ) : (
            <PolicyList policies={policies} findings={findings} open={open} />
          )}
        </div>
      </section>
      <div className={cx('min-h-0 min-w-0 flex-1 overflow-y-auto', open === undefined && 'max-md:hidden')}>
        {open !== undefined && (
          <Link
            to="/policies"
            search={{ tab: 'rules' }}
            className="flex items-center gap-1.5 px-4 pt-3 text-quiet text-sm hover:text-text md:hidden"
          >
            <ArrowLeft aria-hidden="true" className="size-4" />
            All policies
          </Link>
        )}
        {open === 'new' ? (
          <PolicyEditor key="new" policy={null} findings={[]} onSaved={show} />
        ) : chosen ? (
          <PolicyEditor
            key={chosen.id}
            policy={chosen}
            findings={findings.filter(({ policyId }) => policyId === chosen.id)}
            onSaved={show}
          />
        ) : open !== undefined && list.data ? (
          <EmptyState title="There is no such policy">
            It may have been removed, or its session is gone.
          </EmptyState>
        ) : (
          <EmptyState
            icon={<ShieldCheck aria-hidden="true" className="size-6" />}
            title="Choose a policy to see its rules"
          >
            The highest priority is asked first, and the first rule that matches decides.
          </EmptyState>
        )}
      </div>
    </div>
  );
}
