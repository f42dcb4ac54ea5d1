import { resolvePeriod } from '@codepiper/core/analytics/periods.ts';
import { shippedPrices } from '@codepiper/core/analytics/prices.data.ts';
import { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AnalyticsHouse, type ResponseRow } from '../../test/analytics-house.ts';
import { activity } from './activity.store.ts';
import type { Scope } from './scope.store.ts';
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

const now = Date.parse('2026-11-21T12:00Z');
const book = new PriceBook(shippedPrices);
const all: Scope = { period: resolvePeriod({ range: 'all' }, now, 'UTC') };
const days = (since: string, until: string, timezone = 'UTC'): Scope => ({
  period: resolvePeriod({ since, until }, now, timezone),
});

let house: AnalyticsHouse;
beforeEach(() => {
  house = new AnalyticsHouse();
});
afterEach(() => house[Symbol.dispose]());

describe('sums of usage', () => {
  test('are right to the token, and cost what each model costs', () => {
    house.conversation(1, { session: 's1' });
    house.conversation(2, { provider: 'codex', session: 's2' });
    house.response({
      input: 1e6,
      output: 2e6,
      cacheRead: 1e6,
      cacheWrite5m: 1e6,
      cacheWrite1h: 1e6,
      reasoning: 5,
    });
    house.response({ model: 'claude-haiku-4-5-20251001', input: 1e6 });
    house.response({ conversation: 2, model: 'gpt-5.5', input: 100, output: 10, at: '2026-11-20T12:00:01Z' });
    const found = overview(house.reader, all, book);
    expect(found).toMatchObject({
      ...{ sessionsCount: 2, conversationsCount: 2, requests: 3 },
      ...{ inputTokens: 2_000_100, outputTokens: 2_000_010, cacheReadTokens: 1e6, cacheCreationTokens: 2e6 },
      ...{ totalTokens: 7_000_110, reasoningTokens: 5, cacheHitRate: 1e6 / 5_000_100 },
    });
    expect(found.cost).toMatchObject({ isComplete: true, unknownTokens: 0 });
    expect(found.cost.usd).toBeCloseTo(1 + 10 + 0.1 + 1.25 + 2 + 1 + 0.0005 + 0.0003, 9);
    const { models } = tokensByModel(house.reader, all, book);
    expect(models.map(({ model, responses }) => [model, responses])).toEqual([
      ['claude-haiku-4-5', 2],
      ['gpt-5.5', 1],
    ]);
  });

  test('say what has no price', () => {
    house.conversation(1);
    house.response({ input: 1e6 });
    house.response({ model: 'my-model', input: 10, output: 3 });
    house.response({ model: null, output: 2 });
    house.response({ model: '<synthetic>' });
    const { cost } = overview(house.reader, all, book);
    expect(cost).toEqual({
      usd: 1,
      isComplete: false,
      unknownModels: ['(no model)', 'my-model'],
      unknownTokens: 15,
    });
    const { models } = tokensByModel(house.reader, all, book);
    expect(models.map(({ model }) => model)).toEqual(['claude-haiku-4-5', 'my-model', '(no model)']);
  });

  test('use the price of the day, and of the length of each prompt', () => {
    house.conversation(1);
    const model = 'claude-sonnet-5-5';
    house.response({ model, cacheRead: 1e6, at: '2026-10-06T23:59:59Z' });
    house.response({ model, cacheRead: 1e6, at: '2026-10-07T00:00:00Z' });
    house.response({ model: 'claude-haiku-5-5', input: 100_000, at: '2026-11-01T00:00Z' });
    house.response({ model: 'claude-haiku-5-5', input: 1, cacheRead: 100_000, at: '2026-11-01T00:00Z' });
    const { cost } = overview(house.reader, all, book);
    expect(cost.usd).toBeCloseTo(0.2 + 0.1 + 0.01 + 0.0000005 + 0.005, 12);
  });

  test('follow a response whose fuller usage comes later, and one that is taken back', () => {
    house.conversation(1);
    house.response({ key: 'a', output: 1, turn: 't' });
    house.response({ key: 'b', output: 5, turn: 't' });
    house.sqlite.prepare(`UPDATE responses SET output = 70, at = at + 3600000 WHERE key = 'a'`).run();
    expect(overview(house.reader, all, book)).toMatchObject({ outputTokens: 75, requests: 2 });
    expect(expensiveTurns(house.reader, { ...all, limit: 5 }, book).turns[0]).toMatchObject({ output: 75 });
    house.sqlite.prepare(`DELETE FROM responses WHERE key = 'b'`).run();
    expect(overview(house.reader, all, book)).toMatchObject({ outputTokens: 70, requests: 1 });
    house.sqlite.prepare('DELETE FROM responses').run();
    expect(house.sqlite.prepare('SELECT count(*) FROM usage_quarters').pluck().get()).toBe(0);
    expect(house.sqlite.prepare('SELECT count(*) FROM turn_usage').pluck().get()).toBe(0);
  });

  test('by day hold to local midnight, also where the clock changes', () => {
    house.conversation(1);
    house.response({ output: 1, at: '2026-10-24T21:59:59.999Z' });
    house.response({ output: 2, at: '2026-10-24T22:00:00Z' });
    house.response({ output: 4, at: '2026-10-25T22:59:59.999Z' });
    house.response({ output: 8, at: '2026-10-25T23:00:00Z' });
    house.response({ output: 16, at: null });
    const berlin = { period: resolvePeriod({ range: 'all' }, now, 'Europe/Berlin') };
    const found = tokensByDay(house.reader, berlin, book);
    expect(found.days.map(({ date, output }) => [date, output])).toEqual([
      ['2026-10-24', 1],
      ['2026-10-25', 6],
      ['2026-10-26', 8],
    ]);
    expect(found.total.output).toBe(31);
    const nepal = { period: resolvePeriod({ range: 'all' }, now, 'Asia/Kathmandu') };
    expect(tokensByDay(house.reader, nepal, book).days.map(({ date, output }) => [date, output])).toEqual([
      ['2026-10-25', 3],
      ['2026-10-26', 12],
    ]);
    const day = days('2026-10-25', '2026-10-25', 'Europe/Berlin');
    expect(overview(house.reader, day, book).outputTokens).toBe(6);
  });

  test('are of a session with what its agents started, of a directory, a provider or a model', () => {
    house.conversation(1, { session: 's1', cwd: '/home/ada/app' });
    house.conversation(2, { parent: 'conversation-1', cwd: '/home/ada/app/web' });
    house.conversation(3, { session: 's3', cwd: '/home/ada/app-two', provider: 'codex' });
    for (const [conversation, output] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ] as const)
      house.response({ conversation, output });
    house.response({ conversation: 3, output: 8, model: 'us.anthropic.claude-opus-5-5-v1:0' });
    const tokens = (scope: Partial<Scope>) => overview(house.reader, { ...all, ...scope }, book).totalTokens;
    expect(tokens({ session: 's1' })).toBe(3);
    expect(tokens({ session: 's3' })).toBe(12);
    expect(tokens({ session: 'nobody' })).toBe(0);
    expect(tokens({ workspace: '/home/ada/app' })).toBe(3);
    expect(tokens({ workspace: '/home/ada/app/' })).toBe(3);
    expect(tokens({ workspace: '/home/ada' })).toBe(15);
    expect(tokens({ workspace: '/' })).toBe(15);
    expect(tokens({ provider: 'codex' })).toBe(12);
    expect(tokens({ model: 'anthropic/claude-opus-5.5' })).toBe(8);
    expect(tokens({ model: 'claude-haiku-4-5', provider: 'codex' })).toBe(4);
    expect(tokens({ model: 'none-such' })).toBe(0);
    expect(tokens({ conversations: [1, 3] })).toBe(13);
    expect(tokens({ conversations: [] })).toBe(0);
    expect(usageByProvider(house.reader, all, book).providers).toMatchObject([
      { provider: 'codex', sessions: 1, conversations: 1, output: 12 },
      { provider: 'claude-code', sessions: 1, conversations: 2, output: 3 },
    ]);
  });

  test('by conversation begin with the most expensive, and say how many are left off', () => {
    house.conversation(1, { session: 's1', title: 'small' });
    house.conversation(2, { title: 'large' });
    house.conversation(3);
    house.response({ conversation: 1, output: 100 });
    house.response({ conversation: 2, output: 90, model: 'claude-opus-4-1' });
    house.response({ conversation: 3, output: 1, model: 'my-model' });
    const found = usageByConversation(house.reader, { ...all, limit: 2 }, book);
    expect(found.conversations).toMatchObject([
      { title: 'large', models: ['claude-opus-4-1'], sessionIds: [] },
      { title: 'small', sessionIds: ['s1'], conversationId: 'conversation-1' },
    ]);
    expect(found).toMatchObject({ leftOff: 1, total: { total: 191, cost: { isComplete: false } } });
  });

  test('show what drives the cost', () => {
    house.conversation(1, { cwd: '/a' });
    house.conversation(2, { cwd: '/b' });
    house.response({ conversation: 1, input: 1e6, output: 1e6 });
    house.response({ conversation: 2, cacheRead: 1e7, agent: 'agent-1' });
    const found = costDrivers(house.reader, all, book);
    expect(found.classes.map((one) => [one.class, one.tokens, one.cost.usd])).toEqual([
      ['input', 1e6, 1],
      ['output', 1e6, 5],
      ['cacheRead', 1e7, 1],
      ['cacheWrite5m', 0, 0],
      ['cacheWrite1h', 0, 0],
    ]);
    expect(found.agents.map(({ agent, cost }) => [agent, cost.usd])).toEqual([
      ['main', 6],
      ['subagent', 1],
    ]);
    expect(found.workspaces.map(({ cwd }) => cwd)).toEqual(['/a', '/b']);
  });

  test('agree with adding single responses up, for any period, zone and filter', () => {
    const begin = Date.parse('2026-10-20T00:00Z');
    const minute = fc.integer({ min: 0, max: 12 * 24 * 60 * 60_000 });
    const model = fc.constantFrom('claude-sonnet-5-5', 'claude-haiku-5-5', 'gpt-5.6-sol', 'my-model', null);
    const amount = fc.integer({ min: 0, max: 150_000 });
    const responses = fc.array(
      fc.record({
        offset: minute,
        model,
        conversation: fc.integer({ min: 1, max: 3 }),
        input: amount,
        output: amount,
        cacheRead: amount,
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        responses,
        minute,
        minute,
        fc.constantFrom(
          'UTC',
          'Asia/Kathmandu',
          'America/New_York',
          'Africa/Cairo',
          'Australia/Lord_Howe',
          '-03:30',
        ),
        (rows, a, b, zone) => {
          using own = new AnalyticsHouse();
          for (const id of [1, 2, 3]) own.conversation(id, { provider: id === 3 ? 'codex' : 'claude-code' });
          for (const { offset, ...row } of rows) {
            own.response({ ...row, at: new Date(begin + offset).toISOString() } satisfies ResponseRow);
          }
          const period = { since: begin + Math.min(a, b), until: begin + Math.max(a, b) + 1, timezone: zone };
          const inside = rows.filter(
            ({ offset, conversation }) =>
              conversation !== 3 && begin + offset >= period.since && begin + offset < period.until,
          );
          const expected = { usd: 0, unknown: 0, output: 0 };
          const byDay = new Map<string, number>();
          for (const row of inside) {
            const at = begin + row.offset;
            const step = [100_000, 200_000, 272_000].filter((one) => row.input + row.cacheRead > one).length;
            const rates = book.find(row.model, at, step);
            expected.output += row.output;
            if (rates === null) expected.unknown += row.input + row.output + row.cacheRead;
            else {
              expected.usd +=
                (row.input * rates.input +
                  row.output * rates.output +
                  row.cacheRead * (rates.cacheRead ?? 0)) /
                1e6;
            }
            const date = new Date(at).toLocaleDateString('sv-SE', { timeZone: zone });
            byDay.set(date, (byDay.get(date) ?? 0) + 1);
          }
          const scope = { period, provider: 'claude-code' };
          const found = tokensByDay(own.reader, scope, book);
          expect(found.total.output).toBe(expected.output);
          expect(found.total.cost.unknownTokens).toBe(expected.unknown);
          expect(found.total.cost.usd).toBeCloseTo(expected.usd, 9);
          expect(found.days.map((day) => [day.date, day.responses])).toEqual([...byDay].sort());
          expect(overview(own.reader, scope, book).requests).toBe(inside.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('messages', () => {
  test('count once, however many conversations have a copy', () => {
    house.conversation(1);
    house.conversation(2);
    house.entry('prompt', '2026-11-20T23:59Z', 'p1');
    house.entry('answer', '2026-11-21T00:01Z', 'a1');
    house.entry('tool_call', '2026-11-21T00:01Z', 'c1');
    house.entry('prompt', '2026-11-20T23:59Z', 'p1', 2);
    house.entry('prompt', '2026-11-21T00:10Z', 'p2', 2);
    expect(activity(house.reader, all).days).toEqual([
      { date: '2026-11-20', userMessages: 1, assistantMessages: 0, total: 1 },
      { date: '2026-11-21', userMessages: 1, assistantMessages: 1, total: 2 },
    ]);
    expect(overview(house.reader, all, book).totalMessages).toBe(3);
    const edge = {
      period: resolvePeriod({ since: '2026-11-20T23:58', until: '2026-11-21T00:05' }, now, 'UTC'),
    };
    expect(activity(house.reader, edge).days.map(({ total }) => total)).toEqual([1, 1]);
    house.sqlite.prepare('DELETE FROM entries WHERE conversation = 2').run();
    expect(overview(house.reader, all, book).totalMessages).toBe(2);
  });
});

describe('tools', () => {
  const usage = (over: object = {}) =>
    toolUsage(house.reader, { ...all, order: 'count', limit: 10, ...over }).tools;

  test('have counts, failures and exact percentiles', () => {
    house.conversation(1, { session: 's1' });
    const at = '2026-11-20T12:00:00Z';
    for (let i = 1; i <= 100; i++)
      house.call({ id: `b${i}`, tool: 'Bash', at, took: i, failed: i % 10 === 0 });
    house.call({ id: 'open', tool: 'Bash', at });
    house.call({ id: 'no', tool: 'Bash', at, took: 9_000, denied: true });
    house.call({ id: 'r1', tool: 'Read', at, took: 7_000 });
    house.call({ id: 'w', tool: 'WebFetch', at });
    const bash = {
      ...{ provider: 'claude-code', tool: 'Bash', count: 102, failures: 10, denied: 1, unfinished: 1 },
      ...{ failureRate: 0.1, p50Ms: 50, p95Ms: 95, p99Ms: 99 },
    };
    expect(usage()[0]).toEqual(bash);
    expect(usage()).toHaveLength(3);
    expect(usage({ session: 's1' })).toEqual(usage());
    expect(usage({ provider: 'claude-code' })).toEqual(usage());
    expect(usage({ provider: 'codex' })).toEqual([]);
    expect(usage({ order: 'slow' })[0]).toMatchObject({ tool: 'Read', p50Ms: 7_000 });
    expect(usage({ order: 'failures', limit: 1 })).toEqual([bash]);
    expect(usage().at(-1)).toMatchObject({ tool: 'WebFetch', failureRate: null, p50Ms: null, unfinished: 1 });
    expect(usage(days('2026-11-19', '2026-11-19'))).toEqual([]);
  });

  test('count calls made at once, and copies in a forked conversation not at all', () => {
    house.conversation(1, { session: 's1' });
    house.conversation(2, { session: 's2' });
    const call = { tool: 'Read', path: '/a.ts', at: '2026-11-20T12:00:00Z', took: 5 };
    for (const conversation of [1, 2]) {
      for (const id of ['one', 'two']) house.call({ ...call, id, conversation });
    }
    expect(usage()).toMatchObject([{ tool: 'Read', count: 2, p99Ms: 5 }]);
    expect(usage({ session: 's1' })).toMatchObject([{ count: 2 }]);
    const forget = (conversation: number) =>
      house.sqlite
        .prepare(
          'DELETE FROM tool_calls WHERE conversation = ? AND call_id = (SELECT max(call_id) FROM tool_calls WHERE conversation = ?)',
        )
        .run(conversation, conversation);
    forget(1);
    // What one conversation has no more, another that has it counts.
    expect(usage()).toMatchObject([{ count: 2 }]);
    expect([usage({ session: 's1' }), usage({ session: 's2' })]).toMatchObject([
      [{ count: 1 }],
      [{ count: 1 }],
    ]);
    forget(1);
    expect([usage({ session: 's1' }), usage({ session: 's2' })]).toMatchObject([[], [{ count: 2 }]]);
    forget(2);
    expect(usage()).toMatchObject([{ count: 1 }]);
  });

  test('have the percentiles of their calls, for any period and however long they took', () => {
    const begin = Date.parse('2026-08-01T00:00Z');
    const span = 100 * 86_400_000;
    const call = fc.record({
      after: fc.integer({ min: 0, max: span }),
      tool: fc.constantFrom('Bash', 'Read'),
      took: fc.oneof(
        ...[120, 2_000, 30_000, 20_000_000].map((max) => fc.integer({ min: 0, max })),
        fc.constant(undefined),
      ),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 60 }),
        fc.integer({ min: 0, max: span }),
        fc.integer({ min: 0, max: span }),
        (calls, one, other) => {
          using mine = new AnalyticsHouse();
          mine.conversation(1, { session: 's1' });
          for (const [i, { after, ...rest }] of calls.entries()) {
            mine.call({ id: `c${i}`, at: new Date(begin + after).toISOString(), ...rest });
          }
          const since = begin + Math.min(one, other);
          const until = begin + Math.max(one, other) + 1;
          const inside = calls.filter(({ after }) => begin + after >= since && begin + after < until);
          const expected = ['Bash', 'Read'].flatMap((tool) => {
            const own = inside.filter((one) => one.tool === tool);
            const ended = own.filter(({ took }) => took !== undefined);
            const sorted = ended.map(({ took = 0 }) => took).sort((a, b) => a - b);
            const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
            const failures = ended.filter(({ failed }) => failed).length;
            const counts = { tool, count: own.length, failures, unfinished: own.length - ended.length };
            return own.length === 0 ? [] : [{ ...counts, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }];
          });
          for (const session of [undefined, 's1']) {
            const period = { since, until, timezone: 'UTC' };
            const { tools } = toolUsage(mine.reader, { period, session, order: 'count', limit: 10 });
            expect(tools.sort((a, b) => (a.tool < b.tool ? -1 : 1))).toMatchObject(expected);
            expect(tools).toHaveLength(expected.length);
          }
          mine.sqlite.prepare('DELETE FROM tool_calls').run();
          expect(mine.sqlite.prepare('SELECT count(*) FROM tool_weeks').pluck().get()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('have whole milliseconds, whatever an agent says it measured', () => {
    house.conversation(1);
    house.call({ id: 'a', tool: 'Bash', at: '2026-11-20T12:00:00Z', took: 5 });
    const set = house.sqlite.prepare('UPDATE tool_calls SET duration_ms = ?');
    for (const [said, shown] of [
      [1234.6, 1235],
      [-5, 0],
      [1e300, 1e15],
    ]) {
      set.run(said);
      expect(usage()).toMatchObject([{ count: 1, p99Ms: shown }]);
    }
  });

  test('show files that were read again', () => {
    house.conversation(1);
    house.conversation(2);
    const at = (minute: number) => `2026-11-20T12:0${minute}:00Z`;
    for (const minute of [1, 2, 3])
      house.call({ id: `a${minute}`, tool: 'Read', path: '/a.ts', at: at(minute), took: 1 });
    house.call({ id: 'b', tool: 'Read', path: '/b.ts', at: at(1), took: 1 });
    house.call({ id: 'c', tool: 'Edit', path: '/a.ts', at: at(4), took: 1 });
    house.call({ id: 'd', tool: 'Read', path: '/a.ts', at: at(5), took: 1, conversation: 2 });
    expect(rereadFiles(house.reader, { ...all, limit: 10 }).files).toEqual([
      { path: '/a.ts', conversationId: 'conversation-1', provider: 'claude-code', reads: 3 },
    ]);
    const late = { period: resolvePeriod({ since: '2026-11-20T12:02' }, now, 'UTC'), limit: 10 };
    expect(rereadFiles(house.reader, late).files).toMatchObject([{ reads: 2 }]);
  });
});

describe('turns', () => {
  test('have their cost, the most expensive first', () => {
    house.conversation(1);
    house.response({ turn: 't1', output: 100 });
    house.response({ turn: 't1', output: 10, model: 'my-model', agent: 'a' });
    house.response({ turn: 't2', output: 90, model: 'claude-opus-4-1', at: '2026-11-20T13:00:00Z' });
    house.response({ turn: null, output: 1e6 });
    const { turns } = expensiveTurns(house.reader, { ...all, limit: 10 }, book);
    expect(turns.map(({ turnId, responses, output }) => [turnId, responses, output])).toEqual([
      ['t2', 1, 90],
      ['t1', 2, 110],
    ]);
    expect(turns[0]).toMatchObject({
      startedAt: '2026-11-20T13:00:00.000Z',
      conversationId: 'conversation-1',
    });
    expect(turns[1]?.cost).toMatchObject({ usd: 0.0005, unknownTokens: 10 });
    expect(expensiveTurns(house.reader, { ...all, limit: 1 }, book).turns).toHaveLength(1);
  });

  test('belong to the period they begin in, with all their models', () => {
    house.conversation(1);
    house.response({ turn: 't1', output: 100, at: '2026-11-20T23:59:00Z' });
    house.response({ turn: 't1', output: 10, model: 'claude-opus-4-1', at: '2026-11-21T00:01:00Z' });
    house.response({ turn: 't2', output: 1, at: '2026-11-21T00:02:00Z' });
    const turnsOf = (scope: Scope) =>
      expensiveTurns(house.reader, { ...scope, limit: 10 }, book).turns.map(({ turnId, output }) => [
        turnId,
        output,
      ]);
    expect(turnsOf(days('2026-11-20', '2026-11-20'))).toEqual([['t1', 110]]);
    expect(turnsOf(days('2026-11-21', '2026-11-21'))).toEqual([['t2', 1]]);
  });

  test('that led to nothing are counted with what they used', () => {
    house.conversation(1);
    house.turn(1, 't1', 'interrupted', '2026-11-20T12:00Z');
    house.turn(2, 't2', 'done', '2026-11-20T12:10Z');
    house.turn(3, 't3', 'interrupted', '2026-11-20T12:20Z');
    house.turn(4, 't4', 'failed', '2026-11-20T12:30Z');
    for (const turn of ['t1', 't2', 't3']) house.response({ turn, output: 1e6 });
    const found = waste(house.reader, all, book);
    expect(found.phases).toMatchObject([
      { phase: 'failed', turns: 1, total: 0 },
      { phase: 'interrupted', turns: 2, total: 2e6, cost: { usd: 10 } },
    ]);
    expect(found.total.cost.usd).toBe(10);
  });
});
