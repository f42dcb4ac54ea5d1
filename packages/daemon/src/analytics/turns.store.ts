import type { TurnUsage, Waste } from '@codepiper/core/analytics/analytics.ts';
import type { PriceBook, Rates } from '@codepiper/core/analytics/pricing.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { joined, type Sql } from '../db/transcripts/scope.ts';
import { during, ofModel, ofScope, type Scope, where } from './scope.store.ts';
import { isoTime, shown } from './times.ts';
import { byCost, sumBy, type UsageGroup } from './usage-sum.ts';

interface TurnRow {
  model: string;
  step: number;
  first_at: number;
  responses: number;
  input: number;
  output: number;
  cache_read: number;
  cache_write_5m: number;
  cache_write_1h: number;
  reasoning: number;
}
const sumColumns = `responses, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning`;

/** A turn has the prices of its beginning. */
function groupOf(row: TurnRow, book: PriceBook): UsageGroup {
  const { responses, input, output, reasoning } = row;
  return {
    model: row.model === '' ? '' : book.nameOf(row.model),
    rates: book.find(row.model || null, row.first_at, row.step),
    ...{ responses, input, output, reasoning },
    ...{ cacheRead: row.cache_read, cacheWrite5m: row.cache_write_5m, cacheWrite1h: row.cache_write_1h },
  };
}

/** What a row of `turn_usage` costs, as SQL; what has no price costs nothing. */
function costSql(db: Reader, book: PriceBook): Sql {
  const byModel = new Map<string, Map<string, number[]>>();
  for (const { model, step } of db.all<Pick<TurnRow, 'model' | 'step'>>(
    'SELECT DISTINCT model, step FROM usage_quarters',
  )) {
    const steps = byModel.get(model) ?? new Map<string, number[]>();
    const cost = costOfStep(book, model, step);
    steps.set(cost, [...(steps.get(cost) ?? []), step]);
    byModel.set(model, steps);
  }
  const cases = [...byModel].flatMap(([model, steps]): Sql[] => {
    const costs = [...steps];
    const [[only] = ['0']] = costs;
    if (costs.length === 1) return only === '0' ? [] : [{ text: `WHEN ? THEN ${only}`, values: [model] }];
    const whens = costs.map(([cost, of]) => `WHEN step IN (${of.join(', ')}) THEN ${cost}`);
    return [{ text: `WHEN ? THEN CASE ${whens.join(' ')} END`, values: [model] }];
  });
  if (cases.length === 0) return { text: '0', values: [] };
  const { text, values } = joined(cases, ' ');
  return { text: `CASE model ${text} ELSE 0 END`, values };
}

/** The cost of a row of one model and step, by the time it began. */
function costOfStep(book: PriceBook, model: string, step: number): string {
  const last = ratesSql(book.find(model, book.changes.at(-1) ?? 0, step));
  const earlier = book.changes
    .map((until) => ({ until, text: ratesSql(book.find(model, until - 1, step)) }))
    .filter(({ text }, i, all) => text !== (all[i + 1]?.text ?? last))
    .map(({ until, text }) => `WHEN first_at < ${until} THEN ${text}`);
  return earlier.length === 0 ? last : `CASE ${earlier.join(' ')} ELSE ${last} END`;
}

function ratesSql(rates: Rates | null): string {
  if (rates === null) return '0';
  const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } = rates;
  return `input * ${input} + output * ${output} + cache_read * ${cacheRead ?? 0} + cache_write_5m * ${cacheWrite5m ?? 0}
    + cache_write_1h * ${cacheWrite1h ?? 0}`;
}

/** The most expensive turns of those that began in the period. */
export function expensiveTurns(db: Reader, scope: Scope & { limit: number }, book: PriceBook): TurnUsage {
  const { period, limit } = scope;
  const { since } = period;
  // One that uses another model later began all the same when it began.
  const earlier = `NOT EXISTS (SELECT 1 FROM turn_usage AS b WHERE b.conversation = u.conversation
    AND b.turn_id = u.turn_id AND b.first_at < ?)`;
  const filter = where([
    ...during('first_at', period),
    ...ofScope(scope),
    ...ofModel(db, scope, book),
    ...(since === null ? [] : [{ text: earlier, values: [since] }]),
  ]);
  const cost = costSql(db, book);
  const rows = db.all<TurnRow & { conversation: number; turn_id: string }>(
    `SELECT t.conversation, t.turn_id, first_at, model, step, ${sumColumns}
     FROM (SELECT conversation, turn_id FROM turn_usage AS u ${filter.text} GROUP BY conversation, turn_id
           ORDER BY sum(${cost.text}) DESC, sum(output) DESC LIMIT ?) AS top
     JOIN turn_usage AS t ON t.conversation = top.conversation AND t.turn_id = top.turn_id`,
    ...[...filter.values, ...cost.values, limit],
  );
  const startOf = new Map<string, number>();
  const groups = rows.map((row) => ({ ...groupOf(row, book), key: `${row.conversation} ${row.turn_id}` }));
  for (const [i, { key }] of groups.entries()) {
    const at = rows[i]?.first_at ?? 0;
    startOf.set(key, Math.min(startOf.get(key) ?? at, at));
  }
  const known = new Map(
    db
      .all<{ id: number; provider: string; conversation_id: string }>(
        `SELECT id, provider, conversation_id FROM conversations WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(rows.map(({ conversation }) => conversation)),
      )
      .map((row) => [row.id, row]),
  );
  const turns = [...sumBy(groups, ({ key }) => key).by].map(([key, usage]) => {
    const [conversation = '', ...turn] = key.split(' ');
    const row = known.get(Number(conversation));
    return {
      provider: row?.provider ?? '',
      conversationId: row?.conversation_id ?? '',
      turnId: turn.join(' '),
      startedAt: isoTime(startOf.get(key) || null),
      ...usage,
    };
  });
  return { period: shown(period), turns: turns.sort(byCost) };
}

/** Turns that led to nothing, and what was spent on them. */
export function waste(db: Reader, scope: Scope, book: PriceBook): Waste {
  const { period } = scope;
  const failed = where([
    { text: `phase IN ('failed', 'interrupted')`, values: [] },
    ...during('started_at', period),
    ...ofScope(scope),
  ]);
  // A forked conversation begins with copies of turns: their responses stay with the first.
  const turns = `SELECT DISTINCT conversation, turn_id, phase FROM turns ${failed.text}`;
  const counts = db.all<{ phase: 'failed' | 'interrupted'; turns: number }>(
    `SELECT phase, count(DISTINCT coalesce(turn_id, file_id || ' ' || number)) AS turns FROM turns ${failed.text}
     GROUP BY phase ORDER BY phase`,
    ...failed.values,
  );
  const models = where(ofModel(db, scope, book));
  const rows = db.all<TurnRow & { phase: 'failed' | 'interrupted' }>(
    `SELECT phase, model, step, first_at, ${sumColumns}
     FROM (${turns}) AS w JOIN turn_usage AS t ON t.conversation = w.conversation AND t.turn_id = w.turn_id
     ${models.text}`,
    ...failed.values,
    ...models.values,
  );
  const groups = rows.map((row) => ({ ...groupOf(row, book), phase: row.phase }));
  const { by, total } = sumBy(groups, ({ phase }) => phase);
  const nothing = sumBy<UsageGroup, string>([], () => '').total;
  return {
    period: shown(period),
    phases: counts.map((row) => ({ ...row, ...(by.get(row.phase) ?? nothing) })),
    total,
  };
}
