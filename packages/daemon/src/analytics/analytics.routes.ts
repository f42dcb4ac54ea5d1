import type { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import {
  localTimezone,
  type Period,
  PeriodError,
  type PeriodRequest,
  resolvePeriod,
} from '@codepiper/core/analytics/periods.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import type { Handlers } from '../http/mount.ts';
import type { AnalyticsQueries } from './analytics.ts';

export interface AnalyticsParts {
  ask: Ask<AnalyticsQueries>;
  sessions: {
    /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
    get(ref: string): Promise<{ id: string }>;
    countLive(): Promise<number>;
  };
  clock: Clock;
}

export function analyticsHandlers({
  ask,
  sessions,
  clock,
}: AnalyticsParts): Handlers<typeof analyticsEndpoints> {
  /** The period in words becomes one in time, the session's name its id. */
  async function scopeOf<Query extends PeriodRequest & { session?: string | undefined }>(query: Query) {
    const { range: _range, since: _since, until: _until, timezone: _timezone, session, ...rest } = query;
    const period = periodOf(query, clock.now());
    return { ...rest, period, session: session === undefined ? undefined : (await sessions.get(session)).id };
  }
  return {
    analyticsOverview: async ({ query }) => ({
      ...(await ask('overview', await scopeOf(query))),
      activeSessions: await sessions.countLive(),
    }),
    analyticsTokens: async ({ query }) => ask('tokensByDay', await scopeOf(query)),
    analyticsModels: async ({ query }) => ask('tokensByModel', await scopeOf(query)),
    analyticsProviders: async ({ query }) => ask('usageByProvider', await scopeOf(query)),
    analyticsActivity: async ({ query }) => ask('activity', await scopeOf(query)),
    analyticsTools: async ({ query }) => ask('toolUsage', await scopeOf(query)),
    analyticsSessions: async ({ query }) => ask('usageByConversation', await scopeOf(query)),
    analyticsTurns: async ({ query }) => ask('expensiveTurns', await scopeOf(query)),
    analyticsFiles: async ({ query }) => ask('rereadFiles', await scopeOf(query)),
    analyticsWaste: async ({ query }) => ask('waste', await scopeOf(query)),
    analyticsCostDrivers: async ({ query }) => ask('costDrivers', await scopeOf(query)),
    analyticsDecisions: async ({ query }) => ask('decisionsByDay', await scopeOf(query)),
  };
}

function periodOf(request: PeriodRequest, now: number): Period {
  try {
    return resolvePeriod(request, now, localTimezone());
  } catch (error) {
    if (error instanceof PeriodError) throw new CodepiperError('invalid_request', error.message);
    throw error;
  }
}
