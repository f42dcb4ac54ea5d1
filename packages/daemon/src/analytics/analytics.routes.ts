import type { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { PeriodRequest } from '@codepiper/core/analytics/periods.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import { type NamedParts, readPeriod, readScope } from '../db/transcripts/request.ts';
import type { Handlers } from '../http/mount.ts';
import type { AnalyticsQueries } from './analytics.ts';

export interface AnalyticsParts extends NamedParts {
  ask: Ask<AnalyticsQueries>;
  sessions: NamedParts['sessions'] & { countLive(): Promise<number> };
  clock: Clock;
}

export function analyticsHandlers({
  ask,
  sessions,
  conversations,
  clock,
}: AnalyticsParts): Handlers<typeof analyticsEndpoints> {
  /** The period in words becomes one in time, the session's name its id. */
  async function scopeOf<Query extends PeriodRequest & { session?: string | undefined }>(query: Query) {
    const { range: _range, since: _since, until: _until, timezone: _timezone, session, ...rest } = query;
    const period = readPeriod(query, clock.now());
    return {
      ...rest,
      period,
      ...(session === undefined ? {} : await readScope({ sessions, conversations }, session)),
    };
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
    // Only calls of sessions are decided about.
    analyticsDecisions: async ({ query: { session, ...rest } }) =>
      ask('decisionsByDay', {
        period: readPeriod(rest, clock.now()),
        session: session === undefined ? undefined : (await sessions.get(session)).id,
      }),
  };
}
