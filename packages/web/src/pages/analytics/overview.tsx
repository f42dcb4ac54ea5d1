import { costText, count, share, shortCount, unknownNote } from '@codepiper/core/analytics/amounts.ts';
import { useQuery } from '@tanstack/react-query';
import { ErrorState, Skeleton } from '../../kit/states.tsx';
import { overviewQuery, type Scope } from './analytics-queries.ts';

/** The figures one looks for first. */
export function Overview({ scope }: { scope: Scope }) {
  const { data, error, refetch } = useQuery(overviewQuery(scope));
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  const note = data && unknownNote(data.cost);
  return (
    <section aria-label="Overview" className="mb-6">
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Tile name="Cost" value={data && costText(data.cost)} />
        <Tile
          name="Tokens"
          value={data && shortCount(data.totalTokens)}
          more={data && `${shortCount(data.outputTokens)} output`}
        />
        <Tile
          name="From cache"
          value={data && (share(data.cacheHitRate) || 'no input')}
          more={data && `${shortCount(data.cacheReadTokens)} tokens`}
        />
        <Tile name="Requests" value={data && count(data.requests)} />
        <Tile name="Messages" value={data && count(data.totalMessages)} />
        <Tile
          name="Sessions"
          value={data && count(data.sessionsCount)}
          more={data && `${count(data.activeSessions)} live, ${count(data.conversationsCount)} conversations`}
        />
      </dl>
      {note && <p className="mt-2 text-quiet text-sm">{note}. Prices can be added in prices.yaml.</p>}
    </section>
  );
}

function Tile({ name, value, more }: { name: string; value: string | undefined; more?: string | undefined }) {
  return (
    <div className="rounded-lg border border-line bg-panel px-4 py-3">
      <dt className="text-quiet text-sm">{name}</dt>
      <dd className="font-semibold text-xl tabular-nums tracking-tight">
        {value ?? <Skeleton className="mt-1 h-6 w-20" />}
      </dd>
      {more !== undefined && <dd className="text-quiet text-xs">{more}</dd>}
    </div>
  );
}
