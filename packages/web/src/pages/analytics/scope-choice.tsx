import { type Range, ranges } from '@codepiper/core/analytics/periods.ts';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { providersQuery } from '../../api/queries.ts';
import { Select } from '../../kit/field.tsx';
import type { Scope } from './analytics-queries.ts';

const rangeNames: Record<Range, string> = {
  today: 'Today',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  all: 'All time',
};

/** As the address of the page says it. */
export function useScope(): Scope {
  const { range, provider, workspace } = useSearch({ from: '/gate/analytics' });
  return {
    range: ranges.find((each) => each === range) ?? '7d',
    ...(provider ? { provider } : {}),
    ...(workspace ? { workspace } : {}),
  };
}

export function ScopeChoice({ scope }: { scope: Scope }) {
  const navigate = useNavigate();
  const providers = useQuery(providersQuery);
  const choose = (change: { range?: string; provider?: string | undefined; workspace?: undefined }) =>
    void navigate({ to: '/analytics', search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <div className="flex flex-wrap gap-2">
      {scope.workspace && (
        <button
          type="button"
          className="max-w-60 truncate rounded-md border border-edge px-2 text-sm"
          title={`Only ${scope.workspace}`}
          onClick={() => choose({ workspace: undefined })}
        >
          {scope.workspace} ✕
        </button>
      )}
      <Select
        aria-label="Agent"
        className="w-auto"
        value={scope.provider ?? ''}
        onChange={({ target }) => choose({ provider: target.value || undefined })}
      >
        <option value="">All agents</option>
        {providers.data?.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Range"
        className="w-auto"
        value={scope.range}
        onChange={({ target }) => choose({ range: target.value })}
      >
        {ranges.map((range) => (
          <option key={range} value={range}>
            {rangeNames[range]}
          </option>
        ))}
      </Select>
    </div>
  );
}
