import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { cli } from './harness.ts';

const sessionId = '0b7c1b52-0000-4000-8000-000000000001';

const conversation = (over: Partial<Conversation> = {}): Conversation => ({
  id: 1,
  provider: 'claude-code',
  conversationId: '11111111-1111-4111-8111-111111111111',
  sessionIds: [sessionId],
  cwd: '/home/ada/app',
  title: null,
  branch: null,
  version: null,
  forkedFrom: null,
  parent: null,
  startedAt: null,
  lastAt: '2026-11-21T11:55:00.000Z',
  ...over,
});

const entry = (id: number, kind: Entry['kind'], text: string, over: Partial<Entry> = {}): Entry => ({
  id,
  conversation: 1,
  kind,
  at: `2026-11-21T10:00:${String(id).padStart(2, '0')}.000Z`,
  agentId: null,
  turn: 1,
  callId: null,
  tool: null,
  outcome: null,
  durationMs: null,
  isError: false,
  path: null,
  text,
  length: text.length,
  ...over,
});

const entries = [
  entry(1, 'prompt', 'Fix it\nplease'),
  entry(2, 'thinking', 'Hm.'),
  entry(3, 'tool_call', 'git status\ngit diff', {
    callId: 'c1',
    tool: 'Bash',
    outcome: 'error',
    durationMs: 1234,
  }),
  entry(4, 'tool_result', ['a', 'b', 'c', 'd', 'e', 'f'].join('\n'), {
    ...{ callId: 'c1', tool: 'Bash', outcome: 'error', durationMs: 1234, isError: true },
  }),
  entry(5, 'answer', 'from the sub-agent', { agentId: 'ab13b7bea4871d6c9' }),
  entry(6, 'tool_call', 'sleep 9', { callId: 'c2', tool: 'Bash', outcome: 'running' }),
  entry(7, 'error', 'bad \x1b[2J\x07 news', { at: '2026-11-22T10:00:00.000Z' }),
  entry(8, 'answer', 'x'.repeat(10), { length: 99_999, conversation: 2, at: null }),
];

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await startFakeDaemon();
  daemon
    .on('GET /sessions/good', () => ({ session: { id: sessionId } }))
    .on('GET /conversations/1', () => ({ conversation: conversation() }))
    .on('GET /conversations/2', () => ({
      conversation: conversation({ id: 2, conversationId: 'childchild', parent: 'p' }),
    }));
});
afterEach(() => daemon[Symbol.asyncDispose]());

/** Answers pages of a list as the daemon does, by its query. */
function pages(of: readonly Entry[], size = 1000) {
  return ({ query }: { query: Record<string, string> }) => {
    const before = Number(query.before ?? Number.MAX_SAFE_INTEGER);
    const found = of.filter(({ id }) => id < before).reverse();
    const limit = Math.min(size, Number(query.limit));
    return { conversations: [conversation()], entries: found.slice(0, limit), hasMore: found.length > limit };
  };
}

const run = (argv: string[], options: Parameters<typeof cli>[1] = {}) =>
  cli(argv, { socket: daemon.socket, ...options });

describe('tail --conversation', () => {
  it('shows who said what, calls with what came of them, and cleans it', async () => {
    daemon.on('GET /sessions/good/conversation', pages(entries));
    const { out, code } = await run(['tail', 'good', '--conversation'], { env: { TZ: 'UTC' } });
    expect(code).toBe(0);
    const lines = out.split('\n');
    const shown = lines.map((line) => line.replace(/^\d\d:\d\d:\d\d/, 'TIME'));
    expect(shown).toEqual([
      '2026-11-21',
      'TIME  prompt     Fix it',
      '                     please',
      'TIME  thinking   Hm.',
      'TIME  call       Bash git status ⏎ git diff',
      'TIME  result     Bash error, 1.2 s',
      '                     a',
      '                     b',
      '                     c',
      '                     d',
      '                     … 2 more lines',
      'TIME    answer     [ab13b7be] from the sub-agent',
      'TIME  call       Bash sleep 9 (no result yet)',
      '2026-11-22',
      'TIME  error      bad \\x1b[2J\\x07 news',
      '            answer     [childchi] xxxxxxxxxx',
      '                       … 99989 more characters',
      '',
    ]);
  });

  it('says where a fork has its beginning, when it shows all there is', async () => {
    const page = pages(entries.slice(0, 2));
    daemon.on('GET /sessions/good/conversation', (asked) => ({
      ...page(asked),
      conversations: [conversation({ forkedFrom: 'before' })],
    }));
    expect((await run(['tail', 'good', '--conversation'])).out).toMatch(
      /^Forked from: codepiper conversations show before\n2026/,
    );
    expect((await run(['tail', 'good', '--conversation', '-n', '1'])).out).not.toContain('Forked');
  });

  it('colours on a terminal only', async () => {
    daemon.on('GET /sessions/good/conversation', pages(entries));
    const { out } = await run(['tail', 'good', '-c', '-n', '8'], { isTTY: { stdout: true }, columns: 50 });
    expect(out).toContain('\x1b[2mHm.\x1b[0m');
    expect(out).toContain('\x1b[31mbad \\x1b[2J');
    const { out: piped } = await run(['tail', 'good', '-c']);
    expect(piped).not.toContain('\x1b');
  });

  it('reads as many pages as it takes, and prints all of it as JSON', async () => {
    daemon.on('GET /sessions/good/conversation', pages(entries, 3));
    const { out } = await run(['tail', 'good', '--conversation', '-n', '7', '--json']);
    expect(JSON.parse(out)).toEqual(entries.slice(1));
    expect(daemon.asked.map(({ query }) => [query.limit, query.before])).toEqual([
      ['7', undefined],
      ['4', '6'],
      ['1', '3'],
    ]);
  });

  it('goes on behind the last one, and after the stream was cut', async () => {
    let streams = 0;
    daemon
      .on('GET /sessions/good/conversation', pages(entries.slice(0, 2)))
      .on(`GET /sessions/${sessionId}/conversation/stream`, (_, response) => {
        streams += 1;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const next = entries[1 + streams];
        if (next) response.write(`event: entry\nid: ${next.id}\ndata: ${JSON.stringify(next)}\n\n`);
        if (streams < 3) response.end();
        return undefined;
      });
    const gone = new AbortController();
    let out = '';
    const running = run(['tail', 'good', '--conversation', '--follow', '--json'], {
      gone: gone.signal,
      onOut: (text) => {
        out += text;
      },
    });
    const ids = () =>
      out
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as Entry).id);
    await waitFor('five entries', () => ids().length === 5);
    gone.abort();
    await running;
    expect(ids()).toEqual([1, 2, 3, 4, 5]);
    const asked = daemon.asked.filter(({ path }) => path.endsWith('/stream'));
    expect(asked.map(({ query }) => query.since)).toEqual(['2', '3', '4']);
  });
});

describe('logs', () => {
  const event = (one: Entry) => ({
    ...{ id: one.id, sessionId, timestamp: '2026-11-21T10:00:00.000Z', source: 'transcript', type: one.kind },
    payload: one,
  });

  it('shows entries as events', async () => {
    daemon.on('GET /sessions/good/events', () => ({ events: [event(entries[3] as Entry)], hasMore: false }));
    const { out } = await run([
      'logs',
      'good',
      '--source',
      'transcript',
      '--type',
      'tool_result',
      '--since',
      '3',
    ]);
    expect(out).toBe(
      '2026-11-21T10:00:00.000Z #4 transcript tool_result tool=Bash outcome=error durationMs=1234 isError=true text="a\\nb\\nc\\nd\\ne\\nf"\n',
    );
    expect(daemon.asked[0]?.query).toMatchObject({ source: 'transcript', type: 'tool_result', since: '3' });
  });

  it('shows messages as text, and as events to programs', async () => {
    const events = [event(entries[0] as Entry), event(entries[4] as Entry)];
    daemon.on('GET /sessions/good/events', () => ({ events: [...events].reverse(), hasMore: false }));
    const { out } = await run(['logs', 'good', '-m']);
    expect(out).toMatch(/prompt {5}Fix it\n {21}please\n.* {4}answer {5}\[ab13b7be\] from the sub-agent\n$/);
    expect(daemon.asked[0]?.query).toMatchObject({ source: 'transcript', type: 'prompt,answer' });
    expect(JSON.parse((await run(['logs', 'good', '-m', '--json'])).out)).toEqual(events);
  });

  it('follows the conversation with --messages', async () => {
    daemon
      .on('GET /sessions/good/events', () => ({ events: [], hasMore: false }))
      .on(`GET /sessions/${sessionId}/conversation/stream`, (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: entry\nid: 1\ndata: ${JSON.stringify(entries[0])}\n\n`);
        return undefined;
      });
    const gone = new AbortController();
    let out = '';
    const running = run(['logs', 'good', '-mf'], {
      gone: gone.signal,
      onOut: (text) => {
        out += text;
      },
    });
    await waitFor('the prompt', () => out.includes('Fix it'));
    gone.abort();
    await running;
    const stream = daemon.asked.find(({ path }) => path.endsWith('/stream'));
    expect(stream?.query).toEqual({ kind: 'prompt,answer', since: '0' });
  });
});

describe('conversations', () => {
  it('lists them, with what is special', async () => {
    daemon.on('GET /conversations', () => ({
      conversations: [
        conversation({ title: 'Mend the\nroof' }),
        conversation({ id: 12, provider: 'codex', sessionIds: [], forkedFrom: 'x', cwd: null, lastAt: null }),
        conversation({ id: 13, parent: 'x' }),
      ],
      cursor: null,
    }));
    daemon.on('GET /conversations/12/entries', () => ({
      conversations: [],
      entries: [entry(7, 'prompt', 'Fix\nit', { conversation: 12 })],
      hasMore: true,
    }));
    // Removed between the list and the question.
    daemon.on('GET /conversations/13/entries', () => [
      404,
      { error: 'No conversation has the id "13".', code: 'conversation_not_found' },
    ]);
    const { out } = await run(['conversations', '--workspace', '../web', '--provider', 'codex']);
    const lines = out.split('\n');
    expect(lines[1]).toMatch(/^1 +claude-code +Mend the roof +0b7c1b52 +~\/app +5m$/);
    expect(lines[2]).toMatch(/^12 +codex +Fix it +fork$/);
    expect(lines[3]).toMatch(/^13 .* sub-agent /);
    expect(daemon.asked[0]?.query).toEqual({ provider: 'codex', workspace: '/home/ada/web', limit: '50' });
    expect((await run(['conversations', '-w'])).out).toContain('11111111-1111-4111-8111-111111111111');
  });

  it('lists them on a narrow terminal in lines that fit, without columns nothing stands in', async () => {
    const one = { title: 'Mend the roof of the house', cwd: '/home/ada/src/acme/web-storefront' };
    daemon.on('GET /conversations', () => ({
      conversations: [conversation({ ...one, sessionIds: [] })],
      cursor: null,
    }));
    const narrow = await run(['conversations'], { isTTY: { stdout: true }, columns: 40 });
    const [titles = '', line = ''] = narrow.out.split('\n');
    expect(titles).toMatch(/^ID +TITLE +DIRECTORY +AGE$/);
    expect(line).toMatch(/^1 +Mend the ro.*… +….*storefront +5m$/);
    expect(line.length).toBeLessThanOrEqual(40);
    const wide = await run(['conversations'], { isTTY: { stdout: true }, columns: 120 });
    expect(wide.out).toMatch(/claude-code +Mend the roof of the house +~\/src\/acme\/web-storefront/);
  });

  it('shows what a sub-agent said where it said it, and what one agent said in its order', async () => {
    const sub = (id: number, text: string, seconds: number) =>
      entry(id, 'answer', text, { agentId: 'sub', at: `2026-11-21T10:00:0${seconds}.000Z` });
    const own = (id: number, text: string, at: string | null) => entry(id, 'answer', text, { at });
    daemon.on(
      'GET /conversations/1/entries',
      pages([
        sub(1, 's1', 3),
        sub(2, 's2', 2),
        own(3, 'm1', '2026-11-21T10:00:01.000Z'),
        own(4, 'm2', null),
        own(5, 'm3', '2026-11-21T10:00:09.000Z'),
      ]),
    );
    const { out } = await run(['conversations', 'show', '1']);
    expect([...out.matchAll(/\b[sm]\d$/gm)].map(String)).toEqual(['m1', 'm2', 's1', 's2', 'm3']);
    const { entries: byId } = JSON.parse((await run(['conversations', 'show', '1', '--json'])).out) as {
      entries: Entry[];
    };
    expect(byId.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads all pages for a program', async () => {
    const all = [1, 2, 3, 4].map((id) => conversation({ id }));
    daemon.on('GET /conversations', ({ query }) =>
      query.cursor === undefined
        ? { conversations: all.slice(0, 3), cursor: '5-3' }
        : { conversations: all.slice(3), cursor: null },
    );
    expect(JSON.parse((await run(['conversations', '--json'])).out)).toEqual(all);
    expect(daemon.asked.map(({ query }) => query.cursor)).toEqual([undefined, '5-3']);
  });

  it('says which ones a beginning fits, and obeys none of their names', async () => {
    const message = '"a" fits several conversations: a\x1b[2J (codex, 1), ab (codex, 2).';
    const details = { candidates: [{ id: 1, conversationId: 'a\x1b[2J' }] };
    daemon.on('GET /conversations/a', () => [
      409,
      { error: message, code: 'conversation_ambiguous', details },
    ]);
    const { code, err } = await run(['conversations', 'show', 'a']);
    expect(err).toBe('Error: "a" fits several conversations: a\\x1b[2J (codex, 1), ab (codex, 2).\n');
    expect(code).toBe(4);
    expect(JSON.parse((await run(['conversations', 'show', 'a', '--json'])).err)).toMatchObject({ details });
  });

  it('cuts the names of tools, too', async () => {
    const over = { tool: 'T'.repeat(5000), outcome: 'ok' } as const;
    daemon.on(
      'GET /conversations/1/entries',
      pages([entry(1, 'tool_call', 'x', over), entry(2, 'tool_result', 'y', over)]),
    );
    const { out } = await run(['conversations', 'show', '1'], { columns: 120 });
    for (const line of out.split('\n').slice(1)) expect(line.length).toBeLessThan(121);
    expect(out).toContain('TTT… ok\n');
  });

  it('shows one, and where its beginning is', async () => {
    daemon
      .on('GET /conversations/2', () => ({
        conversation: conversation({ id: 2, parent: 'p', forkedFrom: 'elsewhere', title: 'T\x1b' }),
      }))
      .on('GET /conversations/2/entries', pages([entry(1, 'prompt', 'hello', { conversation: 2 })]));
    const { out } = await run(['conversations', 'show', '2']);
    const [heading, day, line] = out.split('\n');
    expect(heading).toBe(
      'claude-code 11111111-1111-4111-8111-111111111111 · T\\x1b · ~/app · started by p · forked from elsewhere',
    );
    expect(day).toMatch(/^2026-11-/);
    // By itself it is nobody's sub-agent.
    expect(line).toMatch(/^\d\d:\d\d:\d\d {2}prompt {5}hello$/);
    expect(JSON.parse((await run(['conversations', 'show', '2', '--json'])).out)).toMatchObject({
      entries: [{ text: 'hello' }],
    });
  });
});
