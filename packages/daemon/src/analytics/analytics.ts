import { activity } from './activity.store.ts';
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

/**
 * Every query of transcripts.db, by name: a connection for reading, plain data, the prices in force → plain data. So a
 * worker can run them for the daemon.
 */
export const analyticsQueries = {
  overview,
  tokensByDay,
  tokensByModel,
  usageByProvider,
  usageByConversation,
  costDrivers,
  expensiveTurns,
  waste,
  activity,
  toolUsage,
  rereadFiles,
} as const;
