import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInput } from '../src/args.ts';
import { searchCommands } from '../src/commands.search.ts';
import { createContext } from '../src/context.ts';
import { readEnvironment } from '../src/environment.ts';
import { aSession, type FakeDaemon, sessionId, startFakeDaemon } from './fake-daemon.ts';

const conversation = {
  ...{ id: 7, provider: 'codex', conversationId: 'c7', sessionIds: [sessionId], cwd: '/home/ada/app' },
  ...{ title: 'Fix\nthe \u001b[2Jbuild', branch: null, version: null, forkedFrom: null, parent: null },
  ...{ startedAt: null, lastAt: null },
};
const entry = {
  ...{ id: 99, conversation: 7, kind: 'tool_result', at: '2026-11-20T10:00:00Z', agentId: null, turn: 1 },
  ...{
    callId: 'c',
    tool: 'exec_command',
    outcome: 'ok',
    durationMs: 5,
    isError: false,
    path: null,
    length: null,
  },
};
const result = (id: number) => ({
  entry: { ...entry, id },
  conversation,
  snippet: ['…the ', 'rate limiter', ' is ', 'limited', ''],
});

let daemon: FakeDaemon;
/** How many results there are. */
let count = 1;
beforeAll(async () => {
  daemon = await startFakeDaemon();
  daemon
    .on('GET /sessions', () => ({ sessions: [aSession({ name: 'review' })] }))
    .on('GET /search', ({ query }) => {
      const from = query.cursor === undefined ? 0 : Number(query.cursor.split('-')[1]);
      const end = Math.min(count, from + Number(query.limit));
      const results = Array.from({ length: end - from }, (_, index) => result(from + index));
      return { results, cursor: end < count ? `5-${end}` : null, isCapped: count > 500 };
    });
});
afterAll(() => daemon[Symbol.asyncDispose]());

async function search(
  argv: readonly string[],
  { isTTY = false, env = {} }: { isTTY?: boolean; env?: Record<string, string> } = {},
): Promise<{ out: string; err: string }> {
  const [command] = searchCommands;
  if (!command) throw new Error('there is no command');
  const said = { out: '', err: '' };
  const unused = () => Promise.reject(new Error('not expected'));
  const input = await parseInput(command, argv);
  const { run } = await command.load();
  await run(
    createContext(
      {
        env: readEnvironment({ HOME: '/home/ada', CODEPIPER_SOCKET: daemon.socket, ...env }, 1000),
        cwd: '/home/ada/app',
        self: [],
        isTTY: { stdin: isTTY, stdout: isTTY, stderr: isTTY },
        columns: undefined,
        gone: new AbortController().signal,
        now: () => Date.parse('2026-11-21T12:00:00Z'),
        out(text) {
          said.out += text;
        },
        err(text) {
          said.err += text;
        },
        readStdin: unused,
        ask: unused,
        askSecret: unused,
      },
      input,
    ),
  );
  return said;
}

const asked = () => daemon.asked.filter(({ path }) => path === '/search');

describe('codepiper search', () => {
  test('says what stands where, and where to read on', async () => {
    count = 1;
    const { out, err } = await search(['rate', 'limit*']);
    const [head = '', text] = out.split('\n');
    expect(head).toMatch(
      /^result exec_command {2}2026-11-\d\d \d\d:\d\d · codex · session review · conversation 7 · Fix the \\x1b\[2Jbuild$/,
    );
    expect(text).toBe('  …the rate limiter is limited');
    expect(err).toBe('');
    expect(asked().at(-1)?.query).toEqual({ q: 'rate limit*', limit: '20' });
  });

  test('marks hits on a terminal, unless colours are not wanted', async () => {
    const { out } = await search(['x'], { isTTY: true });
    expect(out).toContain('…the \u001b[1mrate limiter\u001b[0m is \u001b[1mlimited\u001b[0m');
    expect((await search(['x'], { isTTY: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });

  test('hands every filter over', async () => {
    await search([
      ...['--session', 'review', '--provider', 'codex', '--cwd', 'src', '--tool', 'Bash', '--kind', 'prompt'],
      ...['--since', '2d', '--until', '2026-11-21', '-n', '3', '--', '-x', 'y'],
    ]);
    expect(asked().at(-1)?.query).toEqual({
      ...{ q: '-x y', session: 'review', provider: 'codex', workspace: '/home/ada/app/src', tool: 'Bash' },
      ...{ kind: 'prompt', since: '2026-11-19T12:00:00.000Z', until: '2026-11-21', limit: '3' },
    });
  });

  test('goes on from page to page', async () => {
    count = 600;
    const before = asked().length;
    const { out } = await search(['x', '-n', '250', '--json']);
    const reply = JSON.parse(out) as {
      results: { entry: { id: number } }[];
      hasMore: boolean;
      isCapped: boolean;
    };
    expect(reply.results.map((one) => one.entry.id)).toEqual(
      Array.from({ length: 250 }, (_, index) => index),
    );
    expect(reply).toMatchObject({ hasMore: true, isCapped: true });
    expect(asked().length - before).toBe(3);
    expect((await search(['x'], { isTTY: true })).err).toMatch(
      /There are more; -n 100 .* best of the newest/,
    );
  });

  test('never proposes more than may be asked for', async () => {
    count = 5000;
    expect((await search(['x', '-n', '1000'], { isTTY: true })).err).toContain('-n 2000 shows them');
    expect((await search(['x', '-n', '2000'], { isTTY: true })).err).toBe(
      '\nVery many fit: these are the best of the newest.\n',
    );
  });

  test('says when there is nothing', async () => {
    count = 0;
    expect(await search(['x'], { isTTY: true })).toMatchObject({
      out: '',
      err: expect.stringMatching(/^Nothing found\./),
    });
    expect(await search(['x'])).toEqual({ out: '', err: '' });
    expect(JSON.parse((await search(['x', '--json'])).out)).toMatchObject({ results: [], hasMore: false });
  });
});
