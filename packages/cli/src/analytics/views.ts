import type { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';
import type { EndpointReply } from '@codepiper/core/endpoint.ts';
import { costText, count, duration, share } from './amounts.ts';

type AnyEndpoint = (typeof analyticsEndpoints)[keyof typeof analyticsEndpoints];
export type AnalyticsPath = AnyEndpoint['path'];
export type AnalyticsReply<P extends AnalyticsPath> = EndpointReply<Extract<AnyEndpoint, { path: P }>>;

/** What stands in a cell: as a person reads it, and as a spreadsheet takes it. */
export interface Cell {
  text: string;
  raw: string;
}

/** A table; the last rows may be sums. */
export interface Sheet {
  titles: readonly string[];
  rows: Cell[][];
  total?: Cell[];
}

/** One view of the numbers: where they come from, and how they look. */
export interface View<P extends AnalyticsPath = AnalyticsPath> {
  path: P;
  /** Options that narrow it, beside period and session. */
  takes: readonly string[];
  sheets(reply: AnalyticsReply<P>): Sheet[];
  /** The cost its sums have, where there is one. */
  cost?(reply: AnalyticsReply<P>): Cost;
}

const text = (value: string | null): Cell => ({ text: value ?? '', raw: value ?? '' });
const number = (value: number): Cell => ({ text: count(value), raw: String(value) });
const part = (value: number | null): Cell => ({
  text: share(value),
  raw: value === null ? '' : String(value),
});
const time = (ms: number | null): Cell => ({ text: duration(ms), raw: ms === null ? '' : String(ms) });
/** A spreadsheet gets two columns: a sum without what it lacks would be a wrong one. */
const cost = (value: Cost): Cell => ({ text: costText(value), raw: String(value.usd) });

const usageTitles = [
  'INPUT',
  'OUTPUT',
  'CACHE WRITE',
  'CACHE READ',
  'CACHE HIT',
  'TOTAL',
  'COST',
  'UNKNOWN TOKENS',
];
const usageCells = (usage: Usage): Cell[] => [
  number(usage.input),
  number(usage.output),
  number(usage.cacheWrite5m + usage.cacheWrite1h),
  number(usage.cacheRead),
  part(usage.cacheHitRate),
  number(usage.total),
  cost(usage.cost),
  {
    text: usage.cost.isComplete ? '' : count(usage.cost.unknownTokens),
    raw: String(usage.cost.unknownTokens),
  },
];
const usageSheet = <Row extends Usage>(
  titles: readonly string[],
  rows: readonly Row[],
  head: (row: Row) => Cell[],
  total?: Usage,
): Sheet => ({
  titles: [...titles, ...usageTitles],
  rows: rows.map((row) => [...head(row), ...usageCells(row)]),
  ...(total && {
    total: [text('total'), ...titles.slice(1).map(() => text('')), ...usageCells(total)],
  }),
});

const define = <P extends AnalyticsPath>(view: View<P>): View<P> => view;
const ofUsage = ['workspace', 'provider', 'model'];
const ofActivity = ['workspace', 'provider'];

export const views = {
  overview: define({
    path: '/analytics/overview',
    takes: ofUsage,
    cost: (reply) => reply.cost,
    sheets: (reply) => [
      {
        titles: ['FIGURE', 'VALUE'],
        rows: [
          [text('sessions'), number(reply.sessionsCount)],
          [text('live sessions now'), number(reply.activeSessions)],
          [text('conversations'), number(reply.conversationsCount)],
          [text('messages'), number(reply.totalMessages)],
          [text('requests'), number(reply.requests)],
          [text('input tokens'), number(reply.inputTokens)],
          [text('output tokens'), number(reply.outputTokens)],
          [text('cache write tokens'), number(reply.cacheCreationTokens)],
          [text('cache read tokens'), number(reply.cacheReadTokens)],
          [text('total tokens'), number(reply.totalTokens)],
          [text('cache hit rate'), part(reply.cacheHitRate)],
          [text('cost'), cost(reply.cost)],
          [text('tokens of unknown cost'), number(reply.cost.unknownTokens)],
        ],
      },
    ],
  }),
  tokens: define({
    path: '/analytics/token-usage',
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ days, total }) => [usageSheet(['DATE'], days, ({ date }) => [text(date)], total)],
  }),
  costs: define({
    path: '/analytics/cost-drivers',
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ classes, agents, workspaces, total }) => [
      {
        titles: ['TOKENS', 'COUNT', 'COST'],
        rows: classes.map((one) => [text(classNames[one.class]), number(one.tokens), cost(one.cost)]),
        total: [text('total'), number(total.total), cost(total.cost)],
      },
      usageSheet(['AGENT'], agents, ({ agent }) => [text(agent)]),
      usageSheet(['DIRECTORY'], workspaces, ({ cwd }) => [text(cwd ?? '(unknown)')]),
    ],
  }),
  models: define({
    path: '/analytics/tokens-by-model',
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ models, total }) => [
      usageSheet(['MODEL', 'REQUESTS'], models, (row) => [text(row.model), number(row.responses)], total),
    ],
  }),
  providers: define({
    path: '/analytics/sessions-by-provider',
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ providers, total }) => [
      usageSheet(
        ['PROVIDER', 'SESSIONS', 'CONVERSATIONS'],
        providers,
        (row) => [text(row.provider), number(row.sessions), number(row.conversations)],
        total,
      ),
    ],
  }),
  tools: define({
    path: '/analytics/tool-usage',
    takes: [...ofActivity, 'order', 'limit'],
    sheets: ({ tools }) => [
      {
        titles: ['TOOL', 'PROVIDER', 'CALLS', 'FAILED', 'RATE', 'DENIED', 'UNFINISHED', 'P50', 'P95', 'P99'],
        rows: tools.map((row) => [
          ...[text(row.tool), text(row.provider), number(row.count), number(row.failures)],
          ...[part(row.failureRate), number(row.denied), number(row.unfinished)],
          ...[time(row.p50Ms), time(row.p95Ms), time(row.p99Ms)],
        ]),
      },
    ],
  }),
  activity: define({
    path: '/analytics/activity-timeline',
    takes: ofActivity,
    sheets: ({ days }) => {
      const sum = (key: 'userMessages' | 'assistantMessages' | 'total') =>
        number(days.reduce((total, day) => total + day[key], 0));
      return [
        {
          titles: ['DATE', 'PROMPTS', 'ANSWERS', 'TOTAL'],
          rows: days.map((day) => [
            ...[text(day.date), number(day.userMessages), number(day.assistantMessages), number(day.total)],
          ]),
          total: [text('total'), sum('userMessages'), sum('assistantMessages'), sum('total')],
        },
      ];
    },
  }),
  sessions: define({
    path: '/analytics/sessions',
    takes: [...ofUsage, 'limit'],
    cost: ({ total }) => total.cost,
    sheets: ({ conversations, total }) => [
      usageSheet(
        ['CONVERSATION', 'SESSION', 'PROVIDER', 'TITLE', 'DIRECTORY'],
        conversations,
        (row) => [
          { text: row.conversationId.slice(0, 13), raw: row.conversationId },
          { text: row.sessionIds.map((id) => id.slice(0, 8)).join(' '), raw: row.sessionIds.join(' ') },
          ...[text(row.provider), text(row.title), text(row.cwd)],
        ],
        total,
      ),
    ],
  }),
  turns: define({
    path: '/analytics/turns',
    takes: [...ofUsage, 'limit'],
    sheets: ({ turns }) => [
      usageSheet(['STARTED', 'PROVIDER', 'CONVERSATION', 'REQUESTS'], turns, (row) => [
        ...[text(row.startedAt), text(row.provider)],
        { text: row.conversationId.slice(0, 13), raw: row.conversationId },
        number(row.responses),
      ]),
    ],
  }),
  files: define({
    path: '/analytics/file-reads',
    takes: [...ofActivity, 'limit'],
    sheets: ({ files }) => [
      {
        titles: ['READS', 'CONVERSATION', 'FILE'],
        rows: files.map((row) => [
          number(row.reads),
          { text: row.conversationId.slice(0, 13), raw: row.conversationId },
          text(row.path),
        ]),
      },
    ],
  }),
  waste: define({
    path: '/analytics/waste',
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ phases, total }) => [
      usageSheet(
        ['TURNS THAT', 'COUNT'],
        phases,
        (row) => [text(phaseNames[row.phase]), number(row.turns)],
        total,
      ),
    ],
  }),
  decisions: define({
    path: '/analytics/policy-decisions',
    takes: [],
    sheets: ({ days }) => [
      {
        titles: ['DATE', 'DECISION', 'COUNT'],
        rows: days.map((day) => [text(day.date), text(day.decision), number(day.count)]),
      },
    ],
  }),
} as const;

export type ViewName = keyof typeof views;

const phaseNames = { failed: 'failed', interrupted: 'were interrupted' } as const;
const classNames = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache read',
  cacheWrite5m: 'cache write (5 min)',
  cacheWrite1h: 'cache write (1 h)',
} as const;
