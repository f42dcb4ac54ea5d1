import type { Client } from '@codepiper/client/client.ts';
import { count, shortCount } from '@codepiper/core/analytics/amounts.ts';
import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';
import { overviewSheets } from './overview.ts';
import { type Cell, cost, moment, number, part, type Sheet, text, time } from './sheet.ts';
import type { Period, Query, View } from './view.ts';

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
    short: usage.cost.isComplete ? '' : shortCount(usage.cost.unknownTokens),
    raw: String(usage.cost.unknownTokens),
    isNumber: true,
  },
];
const usageSheet = <Row extends Usage>(
  titles: readonly string[],
  rows: readonly Row[],
  head: (row: Row) => Cell[],
  total?: Usage,
  /** What stands beside the word in the row of sums. */
  sums: readonly Cell[] = titles.slice(1).map(() => text('')),
): Sheet => ({
  titles: [...titles, ...usageTitles],
  rows: rows.map((row) => [...head(row), ...usageCells(row)]),
  ...(total && { total: [text('total'), ...sums, ...usageCells(total)] }),
});
const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): Cell =>
  number(rows.reduce((all, row) => all + of(row), 0));

const define = <Reply extends { period: Period }>({
  takes,
  ask,
  sheets,
  cost: costOf,
  ...rest
}: {
  ask: (client: Client, query: Query) => Promise<Reply>;
  takes: readonly string[];
  sheets: (reply: Reply) => Sheet[];
  cost?: (reply: Reply) => Cost;
  look?: NonNullable<View['look']>;
}): View => ({
  ...rest,
  takes,
  async load(client, query) {
    const reply = await ask(client, query);
    return { reply, sheets: sheets(reply), cost: costOf?.(reply) ?? null };
  },
});
const ofUsage = ['workspace', 'provider', 'model'];
const ofActivity = ['workspace', 'provider'];

export const views = {
  overview: define({
    ask: (client, query) => client.request('GET', '/analytics/overview', { query }),
    takes: ofUsage,
    cost: (reply) => reply.cost,
    look: overviewSheets,
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
    ask: (client, query) => client.request('GET', '/analytics/token-usage', { query }),
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ days, total }) => [usageSheet(['DATE'], days, ({ date }) => [text(date)], total)],
  }),
  costs: define({
    ask: (client, query) => client.request('GET', '/analytics/cost-drivers', { query }),
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ classes, agents, workspaces, total }) => [
      {
        titles: ['TOKENS', 'COUNT', 'COST'],
        rows: classes.map((one) => [text(classNames[one.class]), number(one.tokens), cost(one.cost)]),
        total: [text('total'), number(total.total), cost(total.cost)],
      },
      usageSheet(['AGENT'], agents, ({ agent }) => [text(agent)]),
      {
        ...usageSheet(['DIRECTORY'], workspaces, ({ cwd }) => [text(cwd ?? '(unknown)')]),
        ...(workspaces.length >= directories && {
          note: `The ${directories} most expensive directories; of any other: --workspace`,
        }),
      },
    ],
  }),
  models: define({
    ask: (client, query) => client.request('GET', '/analytics/tokens-by-model', { query }),
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ models, total }) => [
      usageSheet(
        ['MODEL', 'REQUESTS'],
        models,
        (row) => [text(row.model), number(row.responses)],
        total,
        // Also those that used nothing: answers of a program that a model's name stands on.
        [number(total.responses)],
      ),
    ],
  }),
  providers: define({
    ask: (client, query) => client.request('GET', '/analytics/sessions-by-provider', { query }),
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ providers, total }) => [
      usageSheet(
        ['PROVIDER', 'SESSIONS', 'CONVERSATIONS'],
        providers,
        (row) => [text(row.provider), number(row.sessions), number(row.conversations)],
        total,
        [sum(providers, (row) => row.sessions), sum(providers, (row) => row.conversations)],
      ),
    ],
  }),
  tools: define({
    ask: (client, query) => client.request('GET', '/analytics/tool-usage', { query }),
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
    ask: (client, query) => client.request('GET', '/analytics/activity-timeline', { query }),
    takes: ofActivity,
    sheets: ({ days }) => [
      {
        titles: ['DATE', 'PROMPTS', 'ANSWERS', 'TOTAL'],
        rows: days.map((day) => [
          ...[text(day.date), number(day.userMessages), number(day.assistantMessages), number(day.total)],
        ]),
        total: [
          ...[text('total'), sum(days, (day) => day.userMessages)],
          ...[sum(days, (day) => day.assistantMessages), sum(days, (day) => day.total)],
        ],
      },
    ],
  }),
  sessions: define({
    ask: (client, query) => client.request('GET', '/analytics/sessions', { query }),
    takes: [...ofUsage, 'limit'],
    cost: ({ total }) => total.cost,
    sheets: ({ conversations, total, leftOff }) => [
      {
        ...usageSheet(
          ['CONVERSATION', 'SESSION', 'PROVIDER', 'TITLE', 'DIRECTORY'],
          conversations,
          (row) => [
            { text: row.conversationId.slice(0, 13), raw: row.conversationId },
            { text: row.sessionIds.map((id) => id.slice(0, 8)).join(' '), raw: row.sessionIds.join(' ') },
            ...[text(row.provider), text(row.title), text(row.cwd)],
          ],
          total,
        ),
        ...(leftOff > 0 && {
          note: `The total has ${count(leftOff)} more ${leftOff === 1 ? 'conversation' : 'conversations'}; -n ${Math.min(1000, conversations.length + leftOff)} shows ${conversations.length + leftOff > 1000 ? 'more' : 'all'}.`,
        }),
      },
    ],
  }),
  turns: define({
    ask: (client, query) => client.request('GET', '/analytics/turns', { query }),
    takes: [...ofUsage, 'limit'],
    sheets: ({ turns, period }) => [
      usageSheet(['STARTED', 'PROVIDER', 'CONVERSATION', 'REQUESTS'], turns, (row) => [
        ...[moment(row.startedAt, period.timezone), text(row.provider)],
        { text: row.conversationId.slice(0, 13), raw: row.conversationId },
        number(row.responses),
      ]),
    ],
  }),
  files: define({
    ask: (client, query) => client.request('GET', '/analytics/file-reads', { query }),
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
    ask: (client, query) => client.request('GET', '/analytics/waste', { query }),
    takes: ofUsage,
    cost: ({ total }) => total.cost,
    sheets: ({ phases, total }) => [
      usageSheet(
        ['TURNS THAT', 'COUNT'],
        phases,
        (row) => [text(phaseNames[row.phase]), number(row.turns)],
        total,
        [sum(phases, (row) => row.turns)],
      ),
    ],
  }),
  decisions: define({
    ask: (client, query) => client.request('GET', '/analytics/policy-decisions', { query }),
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

/** As many directories as the daemon tells of. */
const directories = 20;

const phaseNames = { failed: 'failed', interrupted: 'were interrupted' } as const;
const classNames = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache read',
  cacheWrite5m: 'cache write (5 min)',
  cacheWrite1h: 'cache write (1 h)',
} as const;
