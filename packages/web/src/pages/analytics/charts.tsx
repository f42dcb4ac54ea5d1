import { costText, count, share, shortCount } from '@codepiper/core/analytics/amounts.ts';
import type { DecisionDays, TokenDays } from '@codepiper/core/analytics/analytics.ts';
import type { ReactNode } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';

const classes = [
  { key: 'input', name: 'Input', color: 'var(--cp-accent)' },
  { key: 'output', name: 'Output', color: 'var(--cp-live)' },
  { key: 'cacheWrite', name: 'Cache writes', color: 'var(--cp-wait)' },
  { key: 'cacheRead', name: 'Cache reads', color: 'var(--cp-edge)' },
] as const;

const look = {
  axis: { fontSize: 12, fill: 'var(--cp-quiet)' },
  tooltip: {
    contentStyle: {
      background: 'var(--cp-raised)',
      border: '1px solid var(--cp-line)',
      borderRadius: 8,
      color: 'var(--cp-text)',
    },
    cursor: { fill: 'var(--cp-raised)' },
  },
  legend: {
    wrapperStyle: { fontSize: 12 },
    // Words in the colours of bars would be too faint.
    formatter: (name: ReactNode) => <span className="text-quiet">{name}</span>,
  },
  bars: { maxBarSize: 48 },
} as const;

/** A chart has words beside it: the same figures stand in a table or in its label. */
function Chart({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="img" aria-label={label} className="h-64 w-full">
      <ResponsiveContainer width="100%" height="100%">
        {children}
      </ResponsiveContainer>
    </div>
  );
}

/** Tokens of each day, by the classes that have prices of their own. */
export function TokenChart({ days }: { days: TokenDays['days'] }) {
  const data = days.map((day) => ({ ...day, cacheWrite: day.cacheWrite5m + day.cacheWrite1h }));
  const total = days.reduce((sum, day) => sum + day.total, 0);
  return (
    <Chart label={`Tokens of each day: ${count(total)} in ${days.length} days`}>
      <BarChart data={data} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer={false} {...look.bars}>
        <CartesianGrid stroke="var(--cp-line)" vertical={false} />
        <XAxis dataKey="date" tick={look.axis} tickFormatter={shortDate} minTickGap={24} />
        <YAxis tick={look.axis} tickFormatter={(value: number) => shortCount(value)} width={52} />
        <Tooltip {...look.tooltip} formatter={(value) => count(Number(value))} />
        <Legend {...look.legend} />
        {classes.map(({ key, name, color }) => (
          <Bar key={key} dataKey={key} name={name} stackId="tokens" fill={color} isAnimationActive={false} />
        ))}
      </BarChart>
    </Chart>
  );
}

/** What each day cost, as far as it has a price. */
export function CostChart({ days }: { days: TokenDays['days'] }) {
  const data = days.map(({ date, cost }) => ({ date, usd: cost.usd, text: costText(cost) }));
  const total = days.reduce((sum, { cost }) => sum + cost.usd, 0);
  return (
    <Chart label={`Cost of each day: $${total.toFixed(2)} in all, as far as prices are known`}>
      <BarChart data={data} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer={false} {...look.bars}>
        <CartesianGrid stroke="var(--cp-line)" vertical={false} />
        <XAxis dataKey="date" tick={look.axis} tickFormatter={shortDate} minTickGap={24} />
        <YAxis tick={look.axis} tickFormatter={dollars} width={52} />
        <Tooltip
          {...look.tooltip}
          formatter={(_value, _name, item) => [(item.payload as { text: string }).text, 'Cost']}
        />
        <Bar dataKey="usd" name="Cost" fill="var(--cp-accent)" isAnimationActive={false} />
      </BarChart>
    </Chart>
  );
}

/** Of what models read, the part that came from a cache. */
export function CacheChart({ days }: { days: TokenDays['days'] }) {
  const data = days.map(({ date, cacheHitRate }) => ({ date, rate: cacheHitRate }));
  return (
    <Chart label="Part of the input that came from a cache, day by day">
      <LineChart data={data} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer={false} {...look.bars}>
        <CartesianGrid stroke="var(--cp-line)" vertical={false} />
        <XAxis dataKey="date" tick={look.axis} tickFormatter={shortDate} minTickGap={24} />
        <YAxis
          domain={[0, 1]}
          tick={look.axis}
          tickFormatter={(value: number) => `${value * 100} %`}
          width={52}
        />
        <Tooltip {...look.tooltip} formatter={(value) => [share(Number(value)), 'From cache']} />
        <Line
          dataKey="rate"
          stroke="var(--cp-live)"
          strokeWidth={2}
          dot={false}
          isAnimationActive={false}
          connectNulls
        />
      </LineChart>
    </Chart>
  );
}

const decisionColors: Record<string, string> = {
  allow: 'var(--cp-live)',
  ask: 'var(--cp-wait)',
  deny: 'var(--cp-gone)',
};

/** What policies decided, day by day. */
export function DecisionChart({ days }: { days: DecisionDays['days'] }) {
  const byDate = new Map<string, Record<string, number | string>>();
  for (const { date, decision, count: times } of days) {
    byDate.set(date, { ...(byDate.get(date) ?? { date }), [decision]: times });
  }
  const kinds = [...new Set(days.map(({ decision }) => decision))].sort();
  return (
    <Chart label="Decisions about tool calls, day by day">
      <BarChart
        data={[...byDate.values()]}
        margin={{ left: 0, right: 8, top: 8 }}
        accessibilityLayer={false}
        {...look.bars}
      >
        <CartesianGrid stroke="var(--cp-line)" vertical={false} />
        <XAxis dataKey="date" tick={look.axis} tickFormatter={shortDate} minTickGap={24} />
        <YAxis tick={look.axis} allowDecimals={false} width={40} />
        <Tooltip {...look.tooltip} />
        <Legend {...look.legend} />
        {kinds.map((kind) => (
          <Bar
            key={kind}
            dataKey={kind}
            stackId="decisions"
            fill={decisionColors[kind] ?? 'var(--cp-edge)'}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </Chart>
  );
}

/** As many digits as the steps of an axis need. */
function dollars(value: number): string {
  return value > 0 && value < 0.1 ? `$${value.toPrecision(1)}` : `$${shortCount(value)}`;
}

/** `11-21` */
function shortDate(date: string): string {
  return date.slice(5);
}
