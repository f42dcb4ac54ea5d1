import { count } from '@codepiper/core/analytics/amounts.ts';
import type { TokenDays } from '@codepiper/core/analytics/analytics.ts';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, Suspense } from 'react';
import { CsvButton, DataTable } from '../../kit/data-table.tsx';
import { lazyPart } from '../../kit/load-part.ts';
import { Page, Section } from '../../kit/page.tsx';
import { ErrorState, Skeleton } from '../../kit/states.tsx';
import {
  allActivityQuery,
  conversationsQuery,
  decisionsQuery,
  driversQuery,
  modelsQuery,
  type Scope,
  tokensQuery,
  toolsQuery,
} from './analytics-queries.ts';
import { everyDay } from './every-day.ts';
import { HeatMap } from './heat-map.tsx';
import { Overview } from './overview.tsx';
import { ScopeChoice, useScope } from './scope-choice.tsx';
import { conversationColumns, modelColumns, projectColumns, toolColumns } from './tables.tsx';

const TokenChart = lazyPart(async () => (await import('./charts.tsx')).TokenChart);
const CostChart = lazyPart(async () => (await import('./charts.tsx')).CostChart);
const CacheChart = lazyPart(async () => (await import('./charts.tsx')).CacheChart);
const DecisionChart = lazyPart(async () => (await import('./charts.tsx')).DecisionChart);

/** Tokens, cost, tools and decisions over time. */
export function AnalyticsPage() {
  const scope = useScope();
  return (
    <Page title="Analytics" actions={<ScopeChoice scope={scope} />}>
      <Overview scope={scope} />
      <div className="grid grid-cols-1 gap-x-6 xl:grid-cols-2">
        <Tokens scope={scope} />
        <Activity />
        <Models scope={scope} />
        <Projects scope={scope} />
        <Tools scope={scope} />
        <Decisions scope={scope} />
      </div>
      <Conversations scope={scope} />
    </Page>
  );
}

type TokenDay = TokenDays['days'][number];

function emptyDay(date: string): TokenDay {
  const cost = { usd: 0, isComplete: true, unknownModels: [], unknownTokens: 0 };
  const tokens = {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    reasoning: 0,
    total: 0,
  };
  return { date, responses: 0, ...tokens, cacheHitRate: null, cost };
}

function Tokens({ scope }: { scope: Scope }) {
  const query = useQuery(tokensQuery(scope));
  const rows = query.data?.days;
  const days = query.data && rows && rows.length > 0 ? everyDay(rows, query.data.period, emptyDay) : [];
  const columns = [
    { title: 'date', cell: () => null, raw: ({ date }: TokenDay) => date },
    ...(['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'total'] as const).map((name) => ({
      title: name,
      cell: () => null,
      raw: (day: TokenDay) => String(day[name]),
    })),
    { title: 'usd', cell: () => null, raw: ({ cost }: TokenDay) => String(cost.usd) },
  ];
  return (
    <>
      <Section
        title="Tokens over time"
        actions={<CsvButton name={`tokens-${scope.range}`} rows={rows ?? []} columns={columns} />}
      >
        <Figures query={query} isEmpty={days.length === 0}>
          <TokenChart days={days} />
        </Figures>
      </Section>
      <Section title="Cost over time" hint="By the prices of the API, also where a subscription pays.">
        <Figures query={query} isEmpty={days.length === 0}>
          <CostChart days={days} />
        </Figures>
      </Section>
      <Section title="Cache efficiency">
        <Figures query={query} isEmpty={days.length === 0}>
          <CacheChart days={days} />
        </Figures>
      </Section>
    </>
  );
}

function Activity() {
  const query = useQuery(allActivityQuery);
  const { days, period } = query.data ?? {};
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: period?.timezone ?? 'UTC' }).format(new Date());
  return (
    <Section title="Activity" hint="Prompts and answers of each day, a year back.">
      <Figures query={query} isEmpty={days?.length === 0}>
        {days && <HeatMap days={days} today={today} />}
      </Figures>
    </Section>
  );
}

function Models({ scope }: { scope: Scope }) {
  const query = useQuery(modelsQuery(scope));
  const rows = query.data?.models ?? [];
  return (
    <Section
      title="By model"
      actions={<CsvButton name={`models-${scope.range}`} rows={rows} columns={modelColumns} />}
    >
      <Figures query={query}>
        <DataTable
          label="Tokens by model"
          rows={rows}
          columns={modelColumns}
          keyOf={({ model }) => model}
          empty={nothing}
        />
      </Figures>
    </Section>
  );
}

function Projects({ scope }: { scope: Scope }) {
  const query = useQuery(driversQuery(scope));
  const rows = query.data?.workspaces ?? [];
  return (
    <Section
      title="By project"
      actions={<CsvButton name={`projects-${scope.range}`} rows={rows} columns={projectColumns} />}
    >
      <Figures query={query}>
        <DataTable
          label="Tokens by project"
          rows={rows}
          columns={projectColumns}
          keyOf={({ cwd }) => cwd ?? ''}
          empty={nothing}
        />
      </Figures>
    </Section>
  );
}

function Tools({ scope }: { scope: Scope }) {
  const query = useQuery(toolsQuery(scope));
  const rows = query.data?.tools ?? [];
  return (
    <Section
      title="Tools"
      actions={<CsvButton name={`tools-${scope.range}`} rows={rows} columns={toolColumns} />}
    >
      <Figures query={query}>
        <DataTable
          label="Calls of each tool"
          rows={rows}
          columns={toolColumns}
          keyOf={({ provider, tool }) => `${provider} ${tool}`}
          empty="No tool was called in this time."
        />
      </Figures>
    </Section>
  );
}

function Decisions({ scope }: { scope: Scope }) {
  const query = useQuery(decisionsQuery(scope.range));
  const days = query.data?.days;
  return (
    <Section title="Decisions of policies" hint="Of all sessions.">
      <Figures query={query} isEmpty={days?.length === 0}>
        {days && <DecisionChart days={days} />}
      </Figures>
    </Section>
  );
}

function Conversations({ scope }: { scope: Scope }) {
  const query = useQuery(conversationsQuery(scope));
  const rows = query.data?.conversations ?? [];
  const leftOff = query.data?.leftOff ?? 0;
  return (
    <Section
      title="By conversation"
      hint={leftOff > 0 ? `The ${rows.length} most expensive; ${count(leftOff)} more.` : undefined}
      actions={<CsvButton name={`conversations-${scope.range}`} rows={rows} columns={conversationColumns} />}
    >
      <Figures query={query}>
        <DataTable
          label="Conversations by cost"
          rows={rows}
          columns={conversationColumns}
          keyOf={({ provider, conversationId }) => `${provider} ${conversationId}`}
          empty={nothing}
        />
      </Figures>
    </Section>
  );
}

const nothing = 'No model was asked in this time.';

interface FiguresProps {
  query: { isPending: boolean; error: unknown; refetch(): unknown };
  isEmpty?: boolean | undefined;
  children: ReactNode;
}

/** Figures, or why there are none. */
function Figures({ query, isEmpty, children }: FiguresProps) {
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton className="h-64 w-full" />;
  if (isEmpty) return <p className="py-6 text-center text-quiet text-sm">Nothing happened in this time.</p>;
  return <Suspense fallback={<Skeleton className="h-64 w-full" />}>{children}</Suspense>;
}
