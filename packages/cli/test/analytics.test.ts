import { costText, duration, shortCount } from '@codepiper/core/analytics/amounts.ts';
import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInput } from '../src/args.ts';
import { analyticsCommands } from '../src/commands.analytics.ts';
import { createContext } from '../src/context.ts';
import { readEnvironment } from '../src/environment.ts';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';

const period = { since: null, until: null, timezone: 'UTC' };
const complete = { usd: 12.3, isComplete: true, unknownModels: [], unknownTokens: 0 };
const partly = { usd: 12.3, isComplete: false, unknownModels: ['my-model'], unknownTokens: 1500 };
const usage = (cost: Usage['cost']): Usage => ({
  ...{
    responses: 3,
    input: 1000,
    output: 200,
    cacheRead: 3000,
    cacheWrite5m: 10,
    cacheWrite1h: 5,
    reasoning: 0,
  },
  ...{ total: 4215, cacheHitRate: 0.747, cost },
});

let daemon: FakeDaemon;
beforeAll(async () => {
  daemon = await startFakeDaemon();
  daemon
    .on('GET /analytics/token-usage', () => ({
      period,
      days: [
        { date: '2026-11-20', ...usage(complete) },
        { date: '2026-11-21', ...usage(partly) },
      ],
      total: usage(partly),
    }))
    .on('GET /analytics/tokens-by-model', () => ({
      period,
      models: [{ model: '=evil', ...usage(complete) }],
      total: usage(complete),
    }))
    .on('GET /analytics/tool-usage', () => ({
      period,
      tools: [
        {
          ...{ provider: 'claude-code', tool: 'Bash', count: 12_345, failures: 12, denied: 1, unfinished: 0 },
          ...{ failureRate: 0.001, p50Ms: 85, p95Ms: 3200, p99Ms: 246_000 },
        },
      ],
    }))
    .on('GET /analytics/activity-timeline', () => ({ period, days: [] }))
    .on('GET /analytics/overview', () => ({
      period: { since: '2026-11-15T00:00:00.000Z', until: null, timezone: 'UTC' },
      ...{
        sessionsCount: 2,
        activeSessions: 1,
        conversationsCount: 158,
        totalTokens: 8430,
        inputTokens: 2000,
      },
      ...{ outputTokens: 400, cacheReadTokens: 6000, cacheCreationTokens: 30, reasoningTokens: 0 },
      ...{ totalMessages: 12, requests: 6, cacheHitRate: 0.747, cost: partly },
    }))
    .on('GET /analytics/sessions', () => ({
      period,
      conversations: [
        {
          ...{ sessionIds: [], provider: 'codex', conversationId: '0887b271-5d28-4000-8000-000000000000' },
          ...{ title: 'Mend the\nroof', cwd: '/home/ada/src/acme/web-storefront', models: [], lastAt: null },
          ...usage(partly),
          total: 12_345_678,
        },
      ],
      total: usage(partly),
      leftOff: 41,
    }))
    .on('GET /analytics/turns', () => ({
      period: { ...period, timezone: 'Asia/Kolkata' },
      turns: [
        {
          ...{ provider: 'codex', conversationId: '0887b271', turnId: 't', ...usage(complete) },
          startedAt: '2026-11-20T20:00:00.000Z',
        },
      ],
    }));
});
afterAll(() => daemon[Symbol.asyncDispose]());

const analytics = (...argv: string[]) => analyticsAt(undefined, ...argv);

/** @param columns of the terminal; undefined: there is none */
async function analyticsAt(columns: number | undefined, ...argv: string[]): Promise<string> {
  const [command] = analyticsCommands;
  if (!command) throw new Error('there is no command');
  let out = '';
  const unused = () => Promise.reject(new Error('not expected'));
  const input = await parseInput(command, argv);
  const { run } = await command.load();
  await run(
    createContext(
      {
        env: readEnvironment({ HOME: '/home/ada', CODEPIPER_SOCKET: daemon.socket, NO_COLOR: '1' }, 1000),
        cwd: '/home/ada/app',
        self: [],
        isTTY: { stdin: false, stdout: columns !== undefined, stderr: false },
        columns,
        gone: new AbortController().signal,
        now: () => Date.parse('2026-11-21T12:00:00Z'),
        out: (text) => {
          out += text;
        },
        err: () => undefined,
        readStdin: unused,
        ask: unused,
        askSecret: unused,
      },
      input,
    ),
  );
  return out;
}

describe('codepiper analytics', () => {
  test('shows days with their sum, and never hides what has no price', async () => {
    const out = await analytics(
      'tokens',
      '--timezone',
      'Europe/Berlin',
      '--workspace',
      '../web',
      '--since',
      '2d',
    );
    const lines = out.split('\n');
    expect(lines[1]).toMatch(/^2026-11-20 +1,000 +200 +15 +3,000 +74.7 % +4,215 +\$12.30$/);
    expect(lines[2]).toMatch(/\$12.30 \+ unknown +1,500$/);
    expect(lines[3]).toMatch(/^total .*\$12.30 \+ unknown/);
    expect(out).toContain('unknown: 1,500 tokens of my-model have no known price');
    expect(daemon.asked.at(-1)?.query).toEqual({
      since: '2026-11-19T12:00:00.000Z',
      timezone: 'Europe/Berlin',
      workspace: '/home/ada/web',
    });
  });

  test('prints JSON as it came, and CSV with plain numbers', async () => {
    expect(JSON.parse(await analytics('tokens', '--json'))).toMatchObject({
      days: [{ date: '2026-11-20' }, {}],
    });
    const csv = (await analytics('tokens', '--csv')).split('\r\n');
    expect(csv[0]).toBe('date,input,output,cache_write,cache_read,cache_hit,total,cost,unknown_tokens');
    expect(csv[2]).toBe('2026-11-21,1000,200,15,3000,0.747,4215,12.3,1500');
    expect(await analytics('models', '--csv')).toContain("'=evil,3,");
  });

  test('shows tools with durations', async () => {
    const out = await analytics('tools', '--order', 'slow', '-n', '5');
    expect(out).toMatch(/Bash +claude-code +12,345 +12 +0.1 % +1 +0 +85 ms +3.2 s +4.1 min/);
    expect(daemon.asked.at(-1)?.query).toMatchObject({ order: 'slow', limit: '5' });
  });

  test('overview: every figure, the days and the models, in one look', async () => {
    const out = await analyticsAt(80, 'overview');
    const lines = out.split('\n');
    expect(lines[0]).toBe('Last 7 days: 2026-11-15 to now · UTC');
    expect(lines[1]).toMatch(/^cost +\$12.30 \+ unknown +conversations +158$/);
    expect(lines[2]).toMatch(/^total tokens +8,430 +sessions +2$/);
    expect(lines).toContainEqual(expect.stringMatching(/^cache write +30 +messages +12$/));
    expect(lines).toContainEqual(expect.stringMatching(/^2026-11-20 +4,215 +\$12.30 +█+$/));
    expect(lines).toContainEqual(expect.stringMatching(/^=evil +3 +4,215 +100.0 % +\$12.30$/));
    expect(out).toContain('unknown: 1,500 tokens of my-model have no known price');
    expect(lines.length).toBeLessThanOrEqual(24);
  });

  test('overview: what the filter does not hold for is not shown beside what it holds for', async () => {
    const out = await analytics('--model', 'my-model');
    expect(out).not.toMatch(/live sessions|messages/);
    expect(out).toMatch(/requests +6/);
  });

  test('overview: JSON and CSV are the figures alone', async () => {
    expect(JSON.parse(await analytics('--json'))).toMatchObject({ requests: 6, totalMessages: 12 });
    expect(await analytics('--csv')).toMatch(/^figure,value\r\nsessions,2\r\n/);
  });

  test.each([40, 60, 80, 100, 160])('no line is wider than a terminal of %d columns', async (columns) => {
    for (const view of ['overview', 'tokens', 'models', 'sessions', 'turns', 'tools']) {
      const out = await analyticsAt(columns, view);
      const table = out.split(/\n(?=\S*unknown|\S*Too narrow|\S*The total)/)[0] ?? '';
      for (const line of table.split('\n')) {
        expect([view, line, line.length <= columns]).toEqual([view, line, true]);
      }
    }
  });

  test('a narrow terminal gets short numbers, and is told what is left out', async () => {
    const out = await analyticsAt(56, 'sessions');
    expect(out).toMatch(/0887b271-5d28 +….*\/web-storefront +12.3M +\$12.30 \+ \?/);
    expect(out).toContain('unknown (?): 1,500 tokens');
    expect(out).toMatch(/Too narrow for: .*cache write/);
    expect(await analyticsAt(200, 'sessions')).not.toContain('Too narrow');
  });

  test('says what a list leaves off though the total has it', async () => {
    expect(await analytics('sessions')).toContain('The total has 41 more conversations; -n 42 shows all.');
    expect(await analytics('sessions', '--csv')).not.toContain('more');
  });

  test('says when a turn began in the time zone that was asked for', async () => {
    expect(await analytics('turns')).toContain('2026-11-21 01:30');
    expect(await analytics('turns', '--csv')).toContain('2026-11-20T20:00:00.000Z');
  });

  test('says on a terminal where there is more than nothing', async () => {
    const out = await analyticsAt(80, 'activity', '--range', 'today');
    expect(out).toMatch(/Nothing in this period.*--range all.*codepiper import/s);
  });

  test('prints nothing into a pipe when there is nothing', async () => {
    const out = await analytics('activity');
    expect(out).toBe('');
  });

  test.each([
    [['token'], 'Did you mean tokens?'],
    [['tools', '--model', 'x'], '--model does not go with analytics tools'],
    [['tokens', '--limit', '3'], '--limit does not go with analytics tokens'],
    [['tokens', '--range', '7d', '--since', '2026-11-01'], '--range excludes'],
    [['tokens', '--range', '8d'], '"8d"'],
    [['tokens', '--csv', '--json'], 'exclude each other'],
  ])('refuses %j', async (argv, message) => {
    await expect(analytics(...argv)).rejects.toThrow(message);
  });
});

test.each([
  [{ ...complete, usd: 0 }, '$0.00'],
  [{ ...complete, usd: 0.004 }, '<$0.01'],
  [{ ...complete, usd: 1234.5 }, '$1,234.50'],
  [{ ...partly, usd: 0 }, 'unknown'],
  [partly, '$12.30 + unknown'],
])('a cost of %j is %s', (cost, text) => {
  expect(costText(cost)).toBe(text);
});

test.each([
  [null, ''],
  [0, '0 ms'],
  [999.4, '999 ms'],
  [99_900, '99.9 s'],
  [120_000, '2.0 min'],
])('%s ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, '0'],
  [9999, '9,999'],
  [10_000, '10.0K'],
  [99_949, '99.9K'],
  [999_499, '999K'],
  [999_500, '1.00M'],
  [1_234_567, '1.23M'],
  [629_242_886, '629M'],
  [1_500_000_000, '1.50B'],
])('%d is %s where there is no room', (value, text) => {
  expect(shortCount(value)).toBe(text);
});
