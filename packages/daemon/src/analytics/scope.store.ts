import {
  nextQuarter,
  type OffsetSpan,
  offsetSpans,
  type Period,
  quarterOf,
} from '@codepiper/core/analytics/periods.ts';
import type { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { type ConversationScope, conversationsOf, joined, type Sql } from '../db/transcripts/scope.ts';

/** Whose numbers are asked for. */
export interface Scope extends ConversationScope {
  period: Period;
  /** Any spelling. */
  model?: string | undefined;
}

/** A condition for a column with a time. */
export function during(column: string, { since, until }: Period): Sql[] {
  return [
    ...(since === null ? [] : [{ text: `${column} >= ?`, values: [since] }]),
    ...(until === null ? [] : [{ text: `${column} < ?`, values: [until] }]),
  ];
}

/** Conditions for the column `conversation`. */
export function ofScope(scope: Scope): Sql[] {
  const chosen = conversationsOf(scope);
  return chosen === null ? [] : [{ text: `conversation IN (${chosen.text})`, values: chosen.values }];
}

/** A condition for the column `model`. */
export function ofModel(db: Reader, { model }: Scope, book: PriceBook): Sql[] {
  if (model === undefined) return [];
  const name = book.nameOf(model);
  const spellings = db
    .all<{ model: string }>('SELECT DISTINCT model FROM usage_quarters')
    .map((row) => row.model)
    .filter((one) => one !== '' && book.nameOf(one) === name);
  return [{ text: `model IN (${spellings.map(() => '?').join(', ')})`, values: spellings }];
}

export function where(conditions: readonly Sql[]): Sql {
  if (conditions.length === 0) return { text: '', values: [] };
  const { text, values } = joined(conditions, ' AND ');
  return { text: `WHERE ${text}`, values };
}

/** The whole quarters of an hour in a period, and what of it lies before and behind them. */
export function quartersOf(period: Period): { whole: Period | null; edges: Period[] } {
  const { since, until } = period;
  const from = since === null ? null : nextQuarter(since);
  const to = until === null ? null : quarterOf(until);
  if (from !== null && to !== null && from >= to) return { whole: null, edges: [period] };
  const edges = [
    { ...period, until: from },
    { ...period, since: to },
  ].filter((edge) => edge.since !== null && edge.until !== null && edge.since < edge.until);
  return { whole: { ...period, since: from, until: to }, edges };
}

/** Number of the local day of a column with a time. */
export function dayOf(column: string, spans: readonly OffsetSpan[]): string {
  const cases = spans
    .slice(1)
    .map(({ from }, i) => `WHEN ${column} < ${from} THEN ${spans[i]?.offset ?? 0}`)
    .join(' ');
  const last = spans.at(-1)?.offset ?? 0;
  return `(${column} + ${cases === '' ? last : `CASE ${cases} ELSE ${last} END`}) / 86400000`;
}

/** The offsets that matter to a column of a table within a period. */
export function spansOf(
  db: Reader,
  table: string,
  column: string,
  { since, until, timezone }: Period,
): OffsetSpan[] {
  const [first] = db.all<{ at: number | null }>(
    `SELECT min(${column}) AS at FROM ${table} WHERE ${column} > 0`,
  );
  const [last] = db.all<{ at: number | null }>(`SELECT max(${column}) AS at FROM ${table}`);
  if (typeof first?.at !== 'number' || typeof last?.at !== 'number') return offsetSpans(timezone, 0, 0);
  return offsetSpans(
    timezone,
    Math.max(first.at, since ?? 0),
    Math.min(last.at + 900_000, until ?? Number.MAX_SAFE_INTEGER),
  );
}
