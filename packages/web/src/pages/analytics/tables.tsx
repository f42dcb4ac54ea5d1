import { costText, count, duration, share, shortCount } from '@codepiper/core/analytics/amounts.ts';
import type {
  CostDrivers,
  ModelUsage,
  SessionUsage,
  ToolUsage,
  Usage,
} from '@codepiper/core/analytics/analytics.ts';
import { Link } from '@tanstack/react-router';
import type { Column } from '../../kit/data-table.tsx';
import { Ago } from '../../kit/time.tsx';

const usageColumns: readonly Column<Usage>[] = [
  { title: 'Tokens', cell: (row) => shortCount(row.total), raw: (row) => String(row.total), isNumber: true },
  {
    title: 'Output',
    cell: (row) => shortCount(row.output),
    raw: (row) => String(row.output),
    isNumber: true,
    isExtra: true,
  },
  {
    title: 'From cache',
    cell: (row) => share(row.cacheHitRate),
    raw: (row) => String(row.cacheHitRate ?? ''),
    isNumber: true,
    isExtra: true,
  },
  {
    title: 'Cost',
    cell: (row) => costText(row.cost),
    raw: (row) => (row.cost.isComplete ? String(row.cost.usd) : `${row.cost.usd} + unknown`),
    isNumber: true,
  },
];

export const modelColumns: readonly Column<ModelUsage['models'][number]>[] = [
  { title: 'Model', cell: (row) => row.model, raw: (row) => row.model },
  {
    title: 'Requests',
    cell: (row) => count(row.responses),
    raw: (row) => String(row.responses),
    isNumber: true,
    isExtra: true,
  },
  ...usageColumns,
];

export const projectColumns: readonly Column<CostDrivers['workspaces'][number]>[] = [
  {
    title: 'Directory',
    cell: (row) => <span className="break-all">{row.cwd ?? 'unknown'}</span>,
    raw: (row) => row.cwd ?? '',
  },
  ...usageColumns,
];

export const toolColumns: readonly Column<ToolUsage['tools'][number]>[] = [
  { title: 'Tool', cell: (row) => row.tool, raw: (row) => row.tool },
  { title: 'Agent', cell: (row) => row.provider, raw: (row) => row.provider, isExtra: true },
  { title: 'Calls', cell: (row) => count(row.count), raw: (row) => String(row.count), isNumber: true },
  {
    title: 'Failed',
    // A tool that fails this often is worth a look.
    cell: (row) => (
      <span className={(row.failureRate ?? 0) >= 0.2 && row.failures > 1 ? 'text-gone' : ''}>
        {share(row.failureRate)}
      </span>
    ),
    raw: (row) => String(row.failures),
    isNumber: true,
  },
  {
    title: 'Denied',
    cell: (row) => count(row.denied),
    raw: (row) => String(row.denied),
    isNumber: true,
    isExtra: true,
  },
  {
    title: 'Median',
    cell: (row) => duration(row.p50Ms),
    raw: (row) => String(row.p50Ms ?? ''),
    isNumber: true,
    isExtra: true,
  },
  { title: 'p95', cell: (row) => duration(row.p95Ms), raw: (row) => String(row.p95Ms ?? ''), isNumber: true },
];

type ConversationRow = SessionUsage['conversations'][number];

export const conversationColumns: readonly Column<ConversationRow>[] = [
  { title: 'Conversation', cell: titleCell, raw: (row) => row.title ?? row.conversationId },
  { title: 'Agent', cell: (row) => row.provider, raw: (row) => row.provider, isExtra: true },
  {
    title: 'Models',
    cell: (row) => row.models.join(', '),
    raw: (row) => row.models.join(' '),
    isExtra: true,
  },
  {
    title: 'Last',
    cell: (row) => row.lastAt && <Ago time={row.lastAt} />,
    raw: (row) => row.lastAt ?? '',
    isNumber: true,
    isExtra: true,
  },
  ...usageColumns,
];

function titleCell({ title, conversationId, cwd, sessionIds }: ConversationRow) {
  const words = title ?? conversationId.slice(0, 8);
  const [session] = sessionIds;
  return (
    <span className="flex min-w-40 flex-col">
      {session ? (
        <Link
          to="/sessions/$session"
          params={{ session }}
          search={{ tab: 'conversation' }}
          className="line-clamp-2 text-accent hover:underline"
        >
          {words}
        </Link>
      ) : (
        <span className="line-clamp-2">{words}</span>
      )}
      <span className="truncate text-quiet text-xs">{cwd}</span>
    </span>
  );
}
