import type { ApiReply } from '@codepiper/client/api.ts';
import type { Client } from '@codepiper/client/client.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';
import { bar } from '../transcripts/follow.ts';
import { type Cell, cost, number, part, type Sheet, text } from './sheet.ts';
import type { Loaded, Query } from './view.ts';

type Figures = ApiReply<'GET', '/analytics/overview'>;
type Models = ApiReply<'GET', '/analytics/tokens-by-model'>['models'];
type Days = ApiReply<'GET', '/analytics/token-usage'>['days'];

/** Lines about models in the first look. */
const shownModels = 4;
const nothing: Cost = { usd: 0, isComplete: true, unknownModels: [], unknownTokens: 0 };
const barWidth = 16;
const dayMs = 86_400_000;

/** The first look: all figures, the time they spread over, and the models. */
export async function overviewSheets(client: Client, query: Query, loaded: Loaded): Promise<Sheet[]> {
  const [{ days }, { models, total }] = await Promise.all([
    client.request('GET', '/analytics/token-usage', { query }),
    client.request('GET', '/analytics/tokens-by-model', { query }),
  ]);
  return [
    figures(loaded.reply as Figures, query),
    overTime(days),
    {
      titles: ['MODEL', 'REQUESTS', 'TOKENS', 'SHARE', 'COST'],
      rows: mostOf(models).map((row) => [
        ...[text(row.model), number(row.responses), number(row.total)],
        ...[part(total.total === 0 ? null : row.total / total.total), cost(row.cost)],
      ]),
    },
  ];
}

/** The most expensive models, and all others as one. */
function mostOf(models: Models): Pick<Models[number], 'model' | 'responses' | 'total' | 'cost'>[] {
  if (models.length <= shownModels) return models;
  const top = models.slice(0, shownModels - 1);
  const others = models.slice(shownModels - 1);
  return [
    ...top,
    others.reduce(
      (sum, { responses, total, cost: spent }) => ({
        model: sum.model,
        responses: sum.responses + responses,
        total: sum.total + total,
        cost: together(sum.cost, spent),
      }),
      { model: `${others.length} others`, responses: 0, total: 0, cost: nothing },
    ),
  ];
}

/** Two by two, so that they fit above the rest. */
function figures(all: Figures, { session, workspace, provider, model }: Query): Sheet {
  const isNarrowed = [session, workspace, provider, model].some((one) => one !== undefined);
  const left: Cell[][] = [
    [text('cost'), cost(all.cost)],
    [text('total tokens'), number(all.totalTokens)],
    [text('input'), number(all.inputTokens)],
    [text('output'), number(all.outputTokens)],
    [text('cache write'), number(all.cacheCreationTokens)],
    [text('cache read'), number(all.cacheReadTokens)],
  ];
  const right: Cell[][] = [
    [text('conversations'), number(all.conversationsCount)],
    [text('sessions'), number(all.sessionsCount)],
    // Of all, whatever is asked for: beside a narrower figure it would mislead.
    ...(isNarrowed ? [] : [[text('live sessions now'), number(all.activeSessions)]]),
    [text('requests'), number(all.requests)],
    // A prompt is nobody's model's.
    ...(model === undefined ? [[text('messages'), number(all.totalMessages)]] : []),
    [text('cache hit rate'), part(all.cacheHitRate)],
  ];
  const empty = [text(''), text('')];
  return {
    titles: ['', '', '', ''],
    rows: left.map((cells, i) => [...cells, ...(right[i] ?? empty)]),
  };
}

/** By day; where that would be too many, by week, or by month. */
function overTime(days: Days): Sheet {
  const first = Date.parse(days[0]?.date ?? '');
  const span = (Date.parse(days.at(-1)?.date ?? '') - first) / dayMs + 1;
  const [title, nameOf] =
    span <= 14
      ? (['DATE', (date: string) => date] as const)
      : span <= 14 * 7
        ? (['WEEK FROM', mondayOf] as const)
        : (['MONTH', (date: string) => date.slice(0, 7)] as const);
  const sums = new Map<string, { tokens: number; cost: Cost }>();
  for (const day of days) {
    const name = nameOf(day.date);
    const sum = sums.get(name);
    sums.set(name, {
      tokens: (sum?.tokens ?? 0) + day.total,
      cost: together(sum?.cost ?? nothing, day.cost),
    });
  }
  const most = Math.max(...[...sums.values()].map(({ tokens }) => tokens));
  return {
    titles: [title, 'TOKENS', 'COST', ''],
    rows: [...sums].map(([name, { tokens, cost: spent }]) => {
      const length = bar(most === 0 ? 0 : tokens / most, barWidth).replaceAll('░', '');
      return [text(name), number(tokens), cost(spent), text(length)];
    }),
  };
}

function mondayOf(date: string): string {
  const at = new Date(date);
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  return at.toISOString().slice(0, 10);
}

function together(one: Cost, other: Cost): Cost {
  return {
    usd: one.usd + other.usd,
    isComplete: one.isComplete && other.isComplete,
    unknownModels: [...new Set([...one.unknownModels, ...other.unknownModels])],
    unknownTokens: one.unknownTokens + other.unknownTokens,
  };
}
