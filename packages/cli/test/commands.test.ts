import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { anApproval } from './approval.ts';
import { aDelivery, aSession, type FakeDaemon, sessionId, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

let daemon: FakeDaemon;
const config = [
  { key: 'socket', value: '/x', origin: 'env', from: 'CODEPIPER_SOCKET', line: null },
  { key: 'log.level', value: 'debug', origin: 'file', from: '/c.yaml', line: 3 },
];
const session = aSession({ name: 'review' });
const ended = aSession({
  status: 'crashed',
  activity: null,
  signal: 'SIGKILL',
  exitCode: 137,
  attachCommand: null,
});
const provider = (id: string, installed: boolean) => ({
  id,
  label: id,
  aliases: [],
  installed,
  path: null,
  version: '1.2.3',
  installHint: null,
  capabilities: {
    supportsResume: true,
    supportsFork: true,
    supportsModelSwitch: false,
    nativeHooks: true,
    deliveryProof: 'hook',
  },
});
const event = (id: number, over = {}) => ({
  id,
  sessionId,
  timestamp: '2026-11-21T10:00:00.000Z',
  source: 'session',
  type: 'status',
  payload: { to: 'running' },
  ...over,
});

beforeAll(async () => {
  daemon = await startFakeDaemon();
  const one = () => ({ session });
  const sent = () => ({ outcome: 'delivered', delivery: aDelivery });
  daemon
    .on('GET /sessions', () => ({ sessions: [session, ended] }))
    .on('POST /sessions', () => [201, { session }])
    .on('GET /sessions/review', one)
    .on(`GET /sessions/${sessionId}`, one)
    .on('PUT /sessions/review/name', one)
    .on('DELETE /sessions/review', () => ({ success: true }))
    .on('POST /sessions/review/stop', () => ({ session: ended }))
    .on('POST /sessions/review/kill', () => ({ session: ended }))
    .on('POST /sessions/review/resume', one)
    .on('POST /sessions/review/fork', () => [201, { session }])
    .on('POST /sessions/review/recover', one)
    .on('POST /sessions/review/send', sent)
    .on('POST /sessions/review/slash', sent)
    .on('POST /sessions/review/keys', () => ({ success: true }))
    .on('POST /sessions/review/interrupt', () => ({ interrupted: true, session }))
    .on('GET /sessions/review/model', () => ({ model: 'opus', supportsModelSwitch: true }))
    .on('PUT /sessions/review/model', one)
    .on('POST /sessions/review/resize', one)
    .on('GET /sessions/review/output', () => ({ output: 'one\ntwo', live: true }))
    .on('GET /sessions/review/events', ({ query }) => ({
      events: query.before === undefined ? [event(9), event(7)] : [],
      hasMore: false,
    }))
    .on('GET /providers', () => ({ providers: [provider('claude-code', false), provider('codex', true)] }))
    .on('GET /version', () => ({ version: '0.0.9', node: '24' }))
    .on('GET /config', () => ({
      settings: config,
    }))
    .on('PUT /settings/daemon', ({ body }) => ({
      settings: {
        preserveSessions: (body as { preserveSessions?: boolean | null }).preserveSessions ?? true,
        terminalFeatures: { recordingsEnabled: false },
      },
      origins: {
        preserveSessions: { origin: 'stored' },
        'terminalFeatures.recordingsEnabled': { origin: 'stored' },
      },
    }))
    .on('GET /health', () => ({
      status: 'ok',
      version: '0.1.0',
      pid: 1,
      home: '/home/ada/.codepiper',
      socket: daemon.socket,
      startedAt: '2026-11-21T11:00:00.000Z',
      liveSessions: 2,
      tmux: { version: '3.4', socket: 'codepiper' },
    }))
    .on('GET /sessions/gone', () => [
      404,
      { error: 'No session "gone".', code: 'session_not_found', details: { candidates: ['3fa2b1c0 gonzo'] } },
    ]);
});
afterAll(() => daemon[Symbol.asyncDispose]());

const withDaemon = (options: RunOptions = {}): RunOptions => ({ socket: daemon.socket, ...options });
const lastAsked = () => daemon.asked.at(-1);

describe('a command line becomes a request, and its answer an output', () => {
  const send = { newline: true, waitMs: 30_000 };
  const cases: [
    line: string,
    request: string,
    query: object,
    body: unknown,
    out: string | RegExp,
    more?: RunOptions,
  ][] = [
    [
      'sessions -p codex --status running --live',
      'GET /sessions',
      { provider: 'codex', status: 'running', live: 'true' },
      undefined,
      /^ID .*\n3fa2b1c0 {2}review .*idle/,
    ],
    ['ls -q', 'GET /sessions', {}, undefined, `${sessionId}\n${sessionId}\n`],
    ['sessions -w', 'GET /sessions', {}, undefined, /tmux -L codepiper attach-session -t =codepiper-3fa2/],
    [
      'show review',
      'GET /sessions/3fa2b1c0-1111-4222-8333-444455556666/recording',
      {},
      undefined,
      /status +running · idle\nbecause +hook: Stop/,
    ],
    [
      'start -p shell -d /tmp -- htop -d 5',
      'POST /sessions',
      {},
      { provider: 'shell', cwd: '/tmp', args: ['htop', '-d', '5'], env: {} },
      `${sessionId}\n`,
    ],
    [
      'start',
      'POST /sessions',
      {},
      { provider: 'codex', cwd: '/home/ada/app', args: [], env: {} },
      `${sessionId}\n`,
    ],
    [
      'start -p codex -d ../x -n a -m gpt -e A=1 -e B= -b api --dangerous --trust --fork c1 --prompt hi',
      'POST /sessions',
      {},
      {
        provider: 'codex',
        cwd: '/home/ada/x',
        name: 'a',
        model: 'gpt',
        args: [],
        env: { A: '1', B: '' },
        billingMode: 'api',
        dangerousMode: true,
        trust: true,
        providerResume: { providerSessionId: 'c1', mode: 'fork' },
        prompt: 'hi',
      },
      `${sessionId}\n`,
    ],
    [
      'start -p codex --prompt -',
      'POST /sessions',
      {},
      { provider: 'codex', cwd: '/home/ada/app', args: [], env: {}, prompt: 'from\nstdin' },
      `${sessionId}\n`,
      { stdin: 'from\nstdin\n' },
    ],
    [
      'stop review -t 3',
      'POST /sessions/review/stop',
      {},
      { timeoutMs: 3000 },
      '3fa2b1c0: crashed (SIGKILL)\n',
    ],
    ['kill review', 'POST /sessions/review/kill', {}, undefined, '3fa2b1c0: crashed (SIGKILL)\n'],
    [
      'resume review -m opus --prompt on',
      'POST /sessions/review/resume',
      {},
      { model: 'opus', prompt: 'on' },
      `${sessionId}\n`,
    ],
    ['fork review -n two', 'POST /sessions/review/fork', {}, { name: 'two' }, `${sessionId}\n`],
    ['recover review', 'POST /sessions/review/recover', {}, undefined, 'review: running · idle\n'],
    ['rename review two', 'PUT /sessions/review/name', {}, { name: 'two' }, '3fa2b1c0 is review now\n'],
    ['rename review --clear', 'PUT /sessions/review/name', {}, { name: null }, '3fa2b1c0 is review now\n'],
    ['rm review', 'DELETE /sessions/review', {}, undefined, 'review is gone\n'],
    [
      'send review hello world',
      'POST /sessions/review/send',
      {},
      { ...send, text: 'hello world' },
      'delivered (hook: UserPromptSubmit)\n',
    ],
    ['send review -- -x --y', 'POST /sessions/review/send', {}, { ...send, text: '-x --y' }, /^delivered/],
    [
      'send review -',
      'POST /sessions/review/send',
      {},
      { ...send, text: 'a\n\nb' },
      /^delivered/,
      { stdin: 'a\n\nb\n' },
    ],
    ['send review', 'POST /sessions/review/send', {}, { ...send, text: '-' }, /^delivered/, { stdin: '-' }],
    [
      'send review x --no-newline --no-wait --key k',
      'POST /sessions/review/send',
      {},
      { text: 'x', newline: false, waitMs: 0, idempotencyKey: 'k' },
      /^delivered/,
    ],
    [
      'send review x -n --wait 5',
      'POST /sessions/review/send',
      {},
      { text: 'x', newline: true, waitMs: 5000 },
      /^delivered/,
    ],
    ['keys review ctrl+c x -- -', 'POST /sessions/review/keys', {}, { keys: ['ctrl+c', 'x', '-'] }, ''],
    [
      'slash review compact a b',
      'POST /sessions/review/slash',
      {},
      { command: 'compact', args: ['a', 'b'], waitMs: 30_000 },
      /^delivered/,
    ],
    ['interrupt review', 'POST /sessions/review/interrupt', {}, undefined, 'interrupted review\n'],
    ['model review', 'GET /sessions/review/model', {}, undefined, 'opus\n'],
    ['model review sonnet', 'PUT /sessions/review/model', {}, { model: 'sonnet' }, 'review uses opus\n'],
    [
      'resize review 120 40',
      'POST /sessions/review/resize',
      {},
      { cols: 120, rows: 40 },
      'review is 120x30\n',
    ],
    ['tail review -n 7', 'GET /sessions/review/output', { lines: '7' }, undefined, 'one\ntwo\n'],
    [
      'logs review -n 2 --source session --type status --since 3',
      'GET /sessions/review/events',
      { order: 'desc', limit: '2', source: 'session', type: 'status', since: '3' },
      undefined,
      /#7 session {2}status to=running\n.*#9/,
    ],
    ['providers', 'GET /providers', {}, undefined, /codex +1\.2\.3/],
    ['config', 'GET /config', {}, undefined, /socket +\/x +env +CODEPIPER_SOCKET\n.*\/c\.yaml:3/],
    [
      'config set sessions.preserve off',
      'PUT /settings/daemon',
      {},
      { preserveSessions: false },
      'sessions.preserve is now false (stored)\n',
    ],
    [
      'config set recordings.enabled 0',
      'PUT /settings/daemon',
      {},
      { terminalFeatures: { recordingsEnabled: false } },
      'recordings.enabled is now false (stored)\n',
    ],
    [
      'config unset sessions.preserve',
      'PUT /settings/daemon',
      {},
      { preserveSessions: null },
      /^sessions\.preserve is now true/,
    ],
    ['version', 'GET /version', {}, undefined, /^codepiper 0\.1\.0 .*\ndaemon: 0\.0\.9\n.*restart/],
    [
      'daemon status',
      'GET /health',
      {},
      undefined,
      /0\.1\.0 is running \(pid 1\) for 1h\n.*\nhome +~\/\.codepiper/,
    ],
    ['__complete sessions', 'GET /sessions', {}, undefined, `review\n${sessionId}\n${sessionId}\n`],
  ];
  test.each(cases)('%s', async (line, request, query, body, out, more) => {
    const result = await cli(line.split(' '), withDaemon(more));
    expect(result.err).toBe('');
    const asked = lastAsked();
    expect(`${asked?.method} ${asked?.path}`).toBe(request);
    expect(asked?.query).toEqual(query);
    expect(asked?.body).toEqual(body);
    if (typeof out === 'string') expect(result.out).toBe(out);
    else expect(result.out).toMatch(out);
    expect(result.code).toBe(0);
  });

  test('options may stand before the command, and the token is sent', async () => {
    await cli(['-s', daemon.socket, '--json', 'show', 'review'], { env: { CODEPIPER_TOKEN: 'tok' } });
    expect(lastAsked()?.headers.authorization).toBe('Bearer tok');
  });
});

describe('--json prints what the API gave', () => {
  const cases: [line: string, value: unknown][] = [
    ['sessions', [session, ended]],
    ['show review', session],
    ['start -p shell', session],
    ['stop review', [ended]],
    ['rm review', [{ id: 'review', removed: true }]],
    ['send review x', { outcome: 'delivered', delivery: aDelivery }],
    ['logs review', [event(7), event(9)]],
    ['tail review', { output: 'one\ntwo', live: true }],
    ['model review', { model: 'opus', supportsModelSwitch: true }],
    ['config', config],
    ['keys review a', { success: true }],
  ];
  test.each(cases)('%s', async (line, value) => {
    for (const form of [['--json'], ['--format', 'json']]) {
      const { out, code } = await cli([...line.split(' '), ...form], withDaemon());
      expect(code).toBe(0);
      expect(out).toBe(`${JSON.stringify(JSON.parse(JSON.stringify(value)), null, 2)}\n`);
    }
  });

  test('-f json where -f means the format', async () => {
    expect(JSON.parse((await cli(['ls', '-f', 'json'], withDaemon())).out)).toHaveLength(2);
  });

  test('errors are JSON too', async () => {
    const { err, code } = await cli(['show', 'gone', '--json'], withDaemon());
    expect(JSON.parse(err)).toEqual({
      error: 'No session "gone".',
      code: 'session_not_found',
      details: { candidates: ['3fa2b1c0 gonzo'] },
    });
    expect(code).toBe(4);
    expect(JSON.parse((await cli(['--json', 'nothing'])).err)).toMatchObject({ code: 'invalid_request' });
  });
});

describe('on a terminal', () => {
  const isTTY = { stdin: true, stdout: true, stderr: true };

  test('the table fits and is coloured, unless NO_COLOR says no', async () => {
    const coloured = await cli(['ls'], withDaemon({ isTTY, columns: 70 }));
    expect(coloured.out).toContain('\x1b[32midle\x1b[0m');
    const plain = await cli(['ls'], withDaemon({ isTTY, columns: 70, env: { NO_COLOR: '1' } }));
    expect(plain.out).not.toContain('\x1b');
    for (const line of plain.out.split('\n')) expect(line.length).toBeLessThanOrEqual(70);
  });

  test('start says how to go on', async () => {
    const { out } = await cli(['start', '-p', 'shell'], withDaemon({ isTTY, columns: 80 }));
    expect(out).toMatch(/attach review[\s\S]*send review[\s\S]*stop review/);
  });

  test('stop --all asks, and no is no', async () => {
    const no = await cli(['stop', '--all'], withDaemon({ isTTY, answers: ['n'] }));
    expect(no.asked).toEqual(['Stop 2 live sessions? [y/N] ']);
    expect(no.code).toBe(1);
    expect(lastAsked()?.method).toBe('GET');
  });

  test('trust is asked for, and only a yes is one', async () => {
    await using other = await startFakeDaemon();
    other.on('POST /sessions', ({ body }) =>
      (body as { trust?: boolean }).trust
        ? [201, { session }]
        : [409, { error: 'claude would ask about /x.', code: 'trust_required' }],
    );
    const start = (options: RunOptions) =>
      cli(['start', '-p', 'claude'], { socket: other.socket, ...options });
    const yes = await start({ isTTY, answers: ['y'] });
    expect(yes).toMatchObject({ code: 0, asked: ['Do you trust the files in ~/app? [y/N] '] });
    expect(await start({ isTTY, answers: [''] })).toMatchObject({ code: 1, out: '' });
    const piped = await start({});
    expect(piped).toMatchObject({ code: 1, asked: [] });
    expect(piped.err).toContain('--trust');
  });
});

describe('several sessions', () => {
  test('one failure does not stop the others', async () => {
    const { code, out, err } = await cli(['stop', 'review', 'nobody'], withDaemon());
    expect(out).toBe('3fa2b1c0: crashed (SIGKILL)\n');
    expect(err).toBe('Error: Not found: /sessions/nobody/stop\n');
    expect(code).toBe(4);
  });

  test('candidates of an unknown id are listed', async () => {
    const { code, err } = await cli(['show', 'gone'], withDaemon());
    expect(err).toBe('Error: No session "gone".\n  3fa2b1c0 gonzo\n');
    expect(code).toBe(4);
  });
});

describe('outcomes of send', () => {
  test.each([
    ['accepted', { status: 'queued', evidence: null }, /^accepted: queued/, 0],
    ['accepted', { status: 'typed', evidence: null }, /^accepted: typed/, 0],
    ['timed_out', { status: 'typed', evidence: null }, /^timed out: .*attach/, 1],
    ['failed', { status: 'failed', error: 'the session ended' }, /^failed: the session ended/, 1],
  ])('%s %j', async (outcome, over, text, code) => {
    await using other = await startFakeDaemon();
    other.on('POST /sessions/a/send', () => ({ outcome, delivery: { ...aDelivery, ...over } }));
    const result = await cli(['send', 'a', 'x'], { socket: other.socket });
    expect(result.out).toMatch(text);
    expect(result.code).toBe(code);
  });
});

describe('images', () => {
  test('are all read, then stored, then named behind the text', async () => {
    await using other = await startFakeDaemon();
    const stored: string[] = [];
    other
      .on('POST /sessions/a/upload-image', ({ body }) => {
        const [, name] = /filename="(.*?)"/.exec(String(body)) ?? [];
        stored.push(String(body));
        return [201, { mention: `@"/kept/${name}"` }];
      })
      .on('POST /sessions/a/send', () => ({ outcome: 'delivered', delivery: aDelivery }));
    await writeFile(join(other.directory, 'one.png'), 'content of one');
    await writeFile(join(other.directory, 'two.gif'), 'content of two');
    const given = ['-i', 'one.png', '--image', join(other.directory, 'two.gif')];
    const options = { socket: other.socket, cwd: other.directory };
    expect(await cli(['send', 'a', 'What is it?', ...given], options)).toMatchObject({ code: 0 });
    expect(stored.map((body) => /content of \w+/.exec(body)?.[0])).toEqual([
      'content of one',
      'content of two',
    ]);
    expect(other.asked.at(-1)?.body).toMatchObject({
      text: 'What is it? @"/kept/one.png" @"/kept/two.gif"',
    });
    await cli(['send', 'a', '-i', 'one.png'], options);
    expect(other.asked.at(-1)?.body).toMatchObject({ text: '@"/kept/one.png"' });
  });

  test('are refused before anything is sent when one cannot be', async () => {
    await using other = await startFakeDaemon();
    await writeFile(join(other.directory, 'one.png'), 'x');
    await writeFile(join(other.directory, 'large.png'), '');
    await truncate(join(other.directory, 'large.png'), 10 * 1024 * 1024 + 1);
    const options = { socket: other.socket, cwd: other.directory };
    const result = await cli(['send', 'a', 'x', '-i', 'one.png', '-i', 'large.png'], options);
    expect(result).toMatchObject({ code: 2, err: expect.stringMatching(/large\.png" with 10\.1 MB.*10 MB/) });
    expect(other.asked).toEqual([]);
  });
});

describe('following', () => {
  test('tail prints the past, then what comes, until the session ends', async () => {
    await using other = await startFakeDaemon();
    other
      .on('GET /sessions/a/output', () => ({ output: 'past', live: true }))
      .on('GET /sessions/a/output/stream', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' });
        response.write('grü');
        response.end('ße\n');
      });
    expect(await cli(['tail', 'a', '-f'], { socket: other.socket })).toMatchObject({
      code: 0,
      out: 'past\ngrüße\n',
    });
  });

  test('logs goes on from the last event, filters, and ends when nobody reads', async () => {
    await using other = await startFakeDaemon();
    const reader = new AbortController();
    let streams = 0;
    other
      .on('GET /sessions/a', () => ({ session }))
      .on('GET /sessions/a/events', ({ query }) => ({
        events: query.source === 'hook' ? [event(3, { source: 'hook' })] : [event(5)],
        hasMore: false,
      }))
      .on('GET /events/stream', ({ query }, response) => {
        streams++;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const send = (value: { id: number }) =>
          response.write(`id: ${value.id}\ndata: ${JSON.stringify(value)}\n\n`);
        if (streams === 1) {
          expect(query).toEqual({ session: sessionId, since: '5' });
          send(event(6));
          send(event(7, { source: 'hook' }));
          // A daemon that restarts: the reader comes back with its place.
          response.end();
        } else {
          expect(query.since).toBe('7');
          send(event(8, { source: 'hook', type: 'last' }));
        }
      });
    const following = cli(['logs', 'a', '-f', '--source', 'hook', '--json'], {
      socket: other.socket,
      gone: reader.signal,
      onOut: (text) => {
        if (text.includes('"last"')) reader.abort();
      },
    });
    const { out, code } = await following;
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual([3, 7, 8]);
    expect(code).toBe(0);
  });
});

test('what a person must know of a session stands out in the list and in show', async () => {
  await using other = await startFakeDaemon();
  const id = '9fb7c2d3-1111-4222-8333-444455556666';
  const base = aSession();
  const metadata = {
    ...base.metadata,
    security: { dangerousMode: true, policySets: ['ci', 'team'], policyDefault: 'deny' as const },
  };
  const watched = aSession({
    name: 'deploy',
    status: 'needs_permission',
    activity: null,
    approvals: 2,
    metadata,
  });
  other
    .on('GET /sessions', () => ({ sessions: [watched, base] }))
    .on('GET /sessions/deploy', () => ({ session: watched }))
    .on('GET /approvals', () => ({ approvals: [anApproval({ id })] }));
  for (const options of [[], ['--wide']]) {
    const { out } = await cli(['sessions', ...options], { socket: other.socket });
    const [, first, second] = out.split('\n');
    expect(first).toContain('dangerous, 2 wait');
    expect(second).not.toMatch(/dangerous|wait/);
  }
  const narrow = await cli(['sessions'], { socket: other.socket, columns: 60 });
  expect(narrow.out).toContain('dangerous');
  const { out } = await cli(['show', 'deploy'], { socket: other.socket });
  expect(out).toMatch(/^policy sets +ci team$/m);
  expect(out).toMatch(/^policy default +deny$/m);
  expect(out).toMatch(/^dangerous +asks are answered yes; denials still hold$/m);
  expect(out).toMatch(/^approvals waiting +2$/m);
  expect(out).toMatch(/^ +codepiper approve 9fb7c2d3 {2}npm test && git push$/m);
});
