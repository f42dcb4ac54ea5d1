import type { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { stepSql } from '../db/transcripts/rollups.ts';
import type { Sql } from '../db/transcripts/scope.ts';
import { during, ofModel, ofScope, quartersOf, type Scope, where } from './scope.store.ts';
import type { UsageGroup } from './usage-sum.ts';

/** What one conversation used of one model at one price. */
export interface ConversationGroup extends UsageGroup {
  conversation: number;
  isSubagent: boolean;
  /** Number of the local day; 0 where nobody asked for days. */
  day: number;
}

const sums = ['responses', 'input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning'];
const summed = sums.map((name) => `sum(${name})`).join(', ');
/** Columns before the sums. */
const keys = 'conversation, model, step, subagent';
type Row = [
  ...[conversation: number, model: string, step: number, subagent: number, from: number, to: number],
  ...[responses: number, input: number, output: number, cacheRead: number, cacheWrite5m: number],
  ...[cacheWrite1h: number, reasoning: number],
];

/**
 * What was used, by conversation, model and price. The sums of a conversation come along the primary key, without
 * sorting; those across a change of the model's price are taken apart.
 *
 * @param dayOf number of the day of a moment: sums across two days are taken apart as well
 */
export function usageGroups(
  db: Reader,
  scope: Scope,
  book: PriceBook,
  dayOf: (at: number) => number = () => 0,
): ConversationGroup[] {
  const { whole, edges } = quartersOf(scope.period);
  const conditions = [...ofScope(scope), ...ofModel(db, scope, book)];
  const groups: ConversationGroup[] = [];
  const add = (row: Row, apart: () => Row[]) => {
    const [conversation, model, step, subagent, from, to] = row;
    const rates = book.findDuring(model, from, to, step);
    const day = dayOf(from);
    if (rates === undefined || (from !== to && day !== dayOf(to))) {
      for (const one of apart()) add(one, () => []);
      return;
    }
    const [, , , , , , responses, input, output, cacheRead, cacheWrite5m, cacheWrite1h, reasoning] = row;
    const name = model === '' ? '' : book.nameOf(model);
    const isSubagent = subagent === 1;
    // biome-ignore format: a literal is quicker than spreads, and there are many.
    groups.push({ conversation, isSubagent, day, model: name, rates, responses, input, output, cacheRead, cacheWrite5m, cacheWrite1h, reasoning });
  };
  if (whole !== null) {
    const filter = where([...during('bucket', whole), ...conditions]);
    const rows = db.lists(
      `SELECT ${keys}, min(bucket), max(bucket), ${summed} FROM usage_quarters ${filter.text} GROUP BY ${keys}`,
      ...filter.values,
    ) as Row[];
    for (const row of rows) add(row, () => quarters(db, row, during('bucket', whole)));
  }
  for (const row of edges.flatMap((edge) => edgeRows(db, during('at', edge), conditions))) add(row, () => []);
  return groups;
}

/** The quarters of an hour that are summed up in a row. */
function quarters(db: Reader, [conversation, model, step, subagent]: Row, times: readonly Sql[]): Row[] {
  const text = 'conversation = ? AND model = ? AND step = ? AND subagent = ?';
  const filter = where([{ text, values: [conversation, model, step, subagent] }, ...times]);
  return db.lists(
    `SELECT ${keys}, bucket, bucket, ${sums.join(', ')} FROM usage_quarters ${filter.text}`,
    ...filter.values,
  ) as Row[];
}

/** Single responses, where a period begins or ends within a quarter. */
function edgeRows(db: Reader, times: readonly Sql[], conditions: readonly Sql[]): Row[] {
  const filter = where([...times, ...conditions]);
  return db.lists(
    `SELECT ${keys}, at, at, 1, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning
     FROM (SELECT conversation, coalesce(model, '') AS model, ${stepSql('')} AS step, agent_id IS NOT NULL AS subagent,
       at, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning FROM responses) ${filter.text}`,
    ...filter.values,
  ) as Row[];
}
