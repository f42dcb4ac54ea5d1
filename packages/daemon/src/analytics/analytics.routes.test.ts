import { CodepiperError } from '@codepiper/core/errors.ts';
import { expect, test } from 'vitest';
import type { Ask } from '../db/transcripts/reader.ts';
import { analyticsHandlers } from './analytics.routes.ts';
import type { AnalyticsQueries } from './analytics.ts';

const refuse = (code: 'session_not_found' | 'session_ambiguous' | 'conversation_not_found', ref: string) => {
  throw new CodepiperError(code, `${code}: ${ref}`);
};

/** Handlers of a daemon with the session `review` and the conversation `c0ffee`; what is asked of the reading thread. */
function serve() {
  const asked: unknown[] = [];
  const ask = (async (name: string, args: unknown) => {
    asked.push([name, args]);
    return {};
  }) as unknown as Ask<AnalyticsQueries>;
  const handlers = analyticsHandlers({
    ask,
    sessions: {
      get: async (ref) =>
        ref === 'review'
          ? { id: 's1', name: 'review' }
          : refuse(ref === 'a' ? 'session_ambiguous' : 'session_not_found', ref),
      countLive: async () => 3,
    },
    conversations: {
      get: async (ref) => (ref === 'c0ffee' ? { id: 7 } : refuse('conversation_not_found', ref)),
    },
    clock: { now: () => Date.parse('2026-11-21T12:00Z') },
  });
  const context = {
    signal: new AbortController().signal,
    requirePerson: async () => undefined,
    requireRecent: () => undefined,
    web: null,
    surface: 'cli' as const,
  };
  const overview = (query: object) =>
    handlers.analyticsOverview({ params: undefined, query, body: undefined }, { kind: 'user' }, context);
  return { asked, overview };
}

test('a session is named by its ref, and a conversation without one by its own id', async () => {
  const { asked, overview } = serve();
  const period = { since: Date.parse('2026-11-21T00:00Z'), until: null, timezone: 'UTC' };
  const today = { range: 'today', timezone: 'UTC' } as const;
  expect(await overview({ ...today, session: 'review' })).toEqual({ activeSessions: 3 });
  await overview({ ...today, session: 'c0ffee', provider: 'codex' });
  await overview(today);
  expect(asked).toEqual([
    ['overview', { period, session: 's1' }],
    ['overview', { period, conversation: 7, provider: 'codex' }],
    ['overview', { period }],
  ]);
});

test.each([
  ['nobody', 'session_not_found'],
  ['a', 'session_ambiguous'],
])('%s is refused as a session', async (session, code) => {
  const { asked, overview } = serve();
  await expect(overview({ session })).rejects.toMatchObject({ code });
  expect(asked).toEqual([]);
});

test('a period that is none is a wrong request', async () => {
  await expect(serve().overview({ since: 'yesterday' })).rejects.toMatchObject({ code: 'invalid_request' });
});
