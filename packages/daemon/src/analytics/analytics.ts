import type { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import type { QueryContext, Reader } from '../db/transcripts/reader.ts';
import { activity } from './activity.store.ts';
import { decisionsByDay } from './decisions.store.ts';
import { rereadFiles, toolUsage } from './tools.store.ts';
import { expensiveTurns, waste } from './turns.store.ts';
import {
  costDrivers,
  overview,
  tokensByDay,
  tokensByModel,
  usageByConversation,
  usageByProvider,
} from './usage.store.ts';

/** What the thread that reads runs for analytics. */
export const analyticsQueries = {
  overview: priced(overview),
  tokensByDay: priced(tokensByDay),
  tokensByModel: priced(tokensByModel),
  usageByProvider: priced(usageByProvider),
  usageByConversation: priced(usageByConversation),
  costDrivers: priced(costDrivers),
  expensiveTurns: priced(expensiveTurns),
  waste: priced(waste),
  activity: plain(activity),
  toolUsage: plain(toolUsage),
  rereadFiles: plain(rereadFiles),
  decisionsByDay: ({ main }: QueryContext, args: Parameters<typeof decisionsByDay>[1]) =>
    decisionsByDay(main(), args),
} as const;

export type AnalyticsQueries = typeof analyticsQueries;

function priced<Args, Result>(query: (db: Reader, args: Args, prices: PriceBook) => Result) {
  return ({ db, prices }: QueryContext, args: Args): Result => query(db, args, prices());
}

function plain<Args, Result>(query: (db: Reader, args: Args) => Result) {
  return ({ db }: QueryContext, args: Args): Result => query(db, args);
}
