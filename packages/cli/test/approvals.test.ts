import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Screen } from '../src/approvals/keyboard.ts';
import { sayAndWait } from '../src/approvals/watch.ts';
import type { Context } from '../src/context.ts';
import type { Io } from '../src/io.ts';
import { anApproval, approvalId, aQuestion } from './approval.ts';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

let daemon: FakeDaemon;
let waiting: Approval[];
beforeEach(async () => {
  waiting = [anApproval()];
  daemon = await startFakeDaemon();
  const settled = (status: Approval['status']) => ({ ...anApproval(), status, settledBy: 'cli' });
  daemon
    .on('GET /approvals', () => ({ approvals: waiting }))
    .on('GET /approvals/4f1c', () => ({ approval: waiting[0] ?? settled('denied') }))
    .on(`GET /approvals/${approvalId}`, () => ({ approval: waiting[0] ?? settled('denied') }))
    .on('POST /approvals/4f1c/approve', () => ({ approval: settled('approved'), policy: null }))
    .on('POST /approvals/4f1c/deny', () => ({ approval: settled('denied') }))
    .on('POST /approvals/4f1c/approve-like', () => ({ approvals: [settled('approved')] }))
    .on('POST /approvals/4f1c/proposal', ({ body }) => ({
      rule: (body as { rule?: unknown }).rule ?? anApproval().suggestion,
      allowsThis: true,
      matches: ['git push'],
      nearMisses: ['git push --force'],
    }))
    .on('POST /sessions/review/trust', () => ({ policy: null, approvals: [] }));
});
afterEach(() => daemon[Symbol.asyncDispose]());

const run = (line: string[], options: RunOptions = {}) => cli(line, { socket: daemon.socket, ...options });
const bodyOf = (path: string) => daemon.asked.findLast((asked) => asked.path === path)?.body;

describe('approvals', () => {
  test('lists what waits', async () => {
    const { out, code } = await run(['approvals', '--session', 'review']);
    expect(out).toBe(
      [
        'ID        AGE  SESSION  WANTS                 WHY',
        '4f1c2d3e  2m   review   npm test && git push  no rule speaks of git push',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    expect(daemon.asked[0]?.query).toEqual({ session: 'review', status: 'pending' });
  });

  test('shows how those were settled that do not wait any more', async () => {
    waiting = [anApproval({ status: 'denied', settledBy: 'cli', note: 'not now' })];
    const { out } = await run(['approvals', '--status', 'denied']);
    expect(out).toContain('denied by cli: not now');
  });

  test.each([[['approvals', '4f1c']], [['approvals', 'show', '4f1c']]])(
    '%j shows everything',
    async (line) => {
      const { out } = await run(line);
      expect(out).toContain('pending, expires in 58m');
      expect(out).toMatch(/command\n {2}npm test && git push\n/);
      expect(out).toMatch(/ {2}allow {2}npm test {2}careful allows it\n {2}ask {4}git push {2}no rule\n/);
      expect(out).toContain('{"action":"allow","tool":"shell","args":{"command":"git push"}}');
    },
  );

  test('what cannot be seen is shown, and nothing moves the cursor', async () => {
    waiting = [
      anApproval({ input: { command: 'ls \u202e\u200b\x1b[2J; rm x' }, summary: 'ls \u202e\x1b[2J' }),
    ];
    for (const line of [['approvals'], ['approvals', '4f1c']]) {
      const { out } = await run(line);
      expect(out).toContain('\\u{202e}');
      for (const character of ['\u202e', '\u200b', '\x1b']) expect(out).not.toContain(character);
    }
  });

  test('where no rule can be kept it says so, and only what waits has a dialog open', async () => {
    waiting = [anApproval({ suggestion: null, inTerminal: true })];
    const pending = (await run(['approvals', '4f1c'])).out;
    expect(pending).toMatch(/^rule {7}none can be kept/m);
    expect(pending).toContain('dialog is open');
    waiting = [anApproval({ inTerminal: true, status: 'denied', settledBy: 'cli' })];
    const settled = (await run(['approvals', '4f1c'])).out;
    expect(settled).not.toMatch(/dialog is open|^rule/m);
  });

  test('colours the change on a terminal', async () => {
    waiting = [anApproval({ diff: '--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new\n' })];
    const { out } = await run(['approvals', '4f1c'], { isTTY: { stdout: true } });
    expect(out).toContain('\x1b[31m-old\x1b[0m\n\x1b[32m+new\x1b[0m');
  });

  test('--json is what the daemon says', async () => {
    expect(JSON.parse((await run(['approvals', '--json'])).out)).toEqual(waiting);
    expect(JSON.parse((await run(['approvals', '4f1c', '--json'])).out)).toEqual(waiting[0]);
  });

  test('--watch without a terminal prints what comes and what became of it', async () => {
    const listeners: ((text: string) => void)[] = [];
    daemon.on('GET /events/stream', (_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      listeners.push((text) => response.write(text));
    });
    waiting = [];
    const leaving = new AbortController();
    let seen = '';
    const watching = run(['approvals', '--watch'], { gone: leaving.signal, onOut: (text) => (seen += text) });
    const event = (id: number) => `id: ${id}\ndata: {"id":${id},"source":"approval","type":"x"}\n\n`;
    await waitFor('the stream', () => listeners.length === 1);
    waiting = [anApproval()];
    listeners[0]?.(event(1));
    await waitFor('the approval', () => seen.includes('waits  npm test'));
    waiting = [];
    listeners[0]?.(event(2));
    await waitFor('its end', () => seen.includes('denied by cli'));
    leaving.abort();
    expect((await watching).code).toBe(0);
    expect(seen.trim().split('\n')).toHaveLength(2);
  });
});

describe('answers', () => {
  const cases: [line: string[], path: string, body: unknown, out: RegExp][] = [
    [['approve', '4f1c'], '/approvals/4f1c/approve', { grant: 'once' }, /^4f1c2d3e approved: npm test/],
    [
      ['approve', '4f1c', '--note', 'ok', '--once'],
      '/approvals/4f1c/approve',
      { grant: 'once', note: 'ok' },
      /approved/,
    ],
    [['approve', '4f1c', '--session'], '/approvals/4f1c/approve', { grant: 'session' }, /approved/],
    [
      ['approve', '4f1c', '--always', '--rule', '{"action":"allow"}'],
      '/approvals/4f1c/approve',
      { grant: 'always', rule: { action: 'allow' } },
      /approved/,
    ],
    [['approve', '4f1c', '--like'], '/approvals/4f1c/approve-like', {}, /approved/],
    [['deny', '4f1c', '-r', 'no'], '/approvals/4f1c/deny', { reason: 'no' }, /^4f1c2d3e denied/],
    [['deny', '4f1c'], '/approvals/4f1c/deny', {}, /denied/],
    [['trust', 'review', '--for', '30m'], '/sessions/review/trust', { seconds: 1800 }, /review/],
    [['trust', 'review', '--for', '24h'], '/sessions/review/trust', { seconds: 86_400 }, /review/],
    [['trust', 'review', '--end'], '/sessions/review/trust', { seconds: 0 }, /review is not trusted/],
  ];
  test.each(cases)('%j', async (line, path, body, out) => {
    const result = await run(line);
    expect(result).toMatchObject({ code: 0, err: '' });
    expect(result.out).toMatch(out);
    expect(bodyOf(path)).toEqual(body);
  });

  test('somebody was quicker: exit code 1, with who it was', async () => {
    const message = 'Approval 4f1c2d3e was denied by a person (dashboard).';
    daemon.on('POST /approvals/4f1c/approve', () => [409, { error: message, code: 'approval_settled' }]);
    expect(await run(['approve', '4f1c'])).toMatchObject({ code: 1, err: `Error: ${message}\n` });
  });

  test('to questions by their words, header or number, and plainly where there is one', async () => {
    waiting = [aQuestion()];
    await run(['approve', '4f1c', '--answer', 'Database=SQLite', '--answer', '2=it is = enough']);
    expect(bodyOf('/approvals/4f1c/approve')).toEqual({
      grant: 'once',
      answers: { 'Which database?': 'SQLite', 'Why?': 'it is = enough' },
    });
    const unclear = await run(['approve', '4f1c', '--answer', 'SQLite']);
    expect(unclear).toMatchObject({ code: 2, err: expect.stringContaining('1=…  Which database?') });
    waiting = [aQuestion({ questions: aQuestion().questions.slice(1) })];
    await run(['approve', '4f1c', '--answer', 'because']);
    expect(bodyOf('/approvals/4f1c/approve')).toEqual({ grant: 'once', answers: { 'Why?': 'because' } });
  });

  test('--always at a terminal shows the rule first, and takes anything but yes for no', async () => {
    const isTTY = { stdin: true, stderr: true };
    const refused = await run(['approve', '4f1c', '--always'], { isTTY, answers: [''] });
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/git push --force[\s\S]*Nothing was approved/),
    });
    expect(bodyOf('/approvals/4f1c/approve')).toBeUndefined();
    await run(['approve', '4f1c', '--always'], { isTTY, answers: ['y'] });
    expect(bodyOf('/approvals/4f1c/approve')).toEqual({ grant: 'always', rule: anApproval().suggestion });
  });

  test('--always with an editor keeps what the person made of the rule', async () => {
    const options = {
      isTTY: { stdin: true, stderr: true },
      env: { EDITOR: "sed -i 's/git push/git push origin/'", PATH: process.env.PATH ?? '' },
      answers: ['e', 'y'],
    };
    await run(['approve', '4f1c', '--always'], options);
    expect(bodyOf('/approvals/4f1c/approve')).toMatchObject({
      rule: { args: { command: 'git push origin' } },
    });
  });

  test('a typo in the editor comes back to the question, and to the editor as it was left', async () => {
    const editor = `sh -c 'if grep -q alow "$1"; then sed -i s/alow/allow/ "$1"; else sed -i s/allow/alow/ "$1"; fi' sh`;
    const isTTY = { stdin: true, stderr: true };
    const result = await run(['approve', '4f1c', '--session'], {
      isTTY,
      env: { EDITOR: editor, PATH: process.env.PATH ?? '' },
      answers: ['e', 'e', 'y'],
    });
    expect(result).toMatchObject({
      code: 0,
      err: expect.stringMatching(/the rule:2:\d+: action: .*\nThe rule is still/),
    });
    expect(result.asked).toHaveLength(3);
    expect(bodyOf('/approvals/4f1c/approve')).toEqual({ grant: 'session', rule: anApproval().suggestion });
  });

  test('a rule may be YAML', async () => {
    await run(['approve', '4f1c', '--session', '--rule', 'action: allow\ntool: shell']);
    expect(bodyOf('/approvals/4f1c/approve')).toEqual({
      grant: 'session',
      rule: { action: 'allow', tool: 'shell' },
    });
  });
});

test('a popup that cannot ask says why until a key is pressed', async () => {
  let now = 0;
  const drawn: string[] = [];
  const screen: Screen = {
    columns: 20,
    rows: 10,
    keys: (async function* () {
      yield 'a';
      now = 500;
      yield 'x';
      throw new Error('it waits for another key');
    })(),
    draw: (lines) => void drawn.push(lines.join('\n')),
    onResize: () => undefined,
    lend: (work) => work(),
    [Symbol.dispose]: () => undefined,
  };
  const io = { now: () => now } as Io;
  await sayAndWait({ io } as Context, screen, 'The daemon is not running.');
  expect(drawn).toEqual(['The daemon is not ru\nnning.\n\nAny key closes this.']);
});

describe('bad command lines', () => {
  const cases: [line: string[], message: string][] = [
    [['approvals', 'show'], '<approval> is required'],
    [['approvals', '4f1c', 'x'], '"x" is one argument too many'],
    [['approvals', 'show', '4f1c', 'x'], '"x" is one argument too many'],
    [['approvals', '--status', 'open'], '--status is "open"'],
    [['approvals', '--session='], '--session is empty'],
    [['approvals', '4f1c', '--watch'], '--watch is for the list'],
    [['approvals', '--watch', '--status', 'denied'], 'Only what is pending'],
    [['approvals', '--popup'], 'needs a terminal'],
    [['approve'], '<approval> is required'],
    [['approve', '4f1c', '--once', '--always'], 'exclude each other'],
    [['approve', '4f1c', '--rule', '{}'], '--rule goes with'],
    [['approve', '4f1c', '--always', '--rule', 'x'], '--rule is "x"'],
    [['approve', '4f1c', '--always', '--rule', '[]'], '--rule is "[]"'],
    [['approve', '4f1c', '--like', '--always'], 'exclude each other'],
    [['approve', '4f1c', '--answer', 'x'], 'nothing is asked here'],
    [['approve', '4f1c', '--always', '--rule', '{"action":"alow"}'], '--rule:1:11: action: '],
    [['approve', '4f1c', '--note', ' '], '--note is empty'],
    [['deny', '4f1c', '--reason', ''], '--reason is empty'],
    [['deny', '4f1c', '--reason', 'x'.repeat(2001)], '--reason has 2001 characters'],
    [['deny'], '<approval> is required'],
    [['deny', '4f1c', 'no'], 'one argument too many'],
    [['trust'], '<session> is required'],
    [['trust', 'review'], '--for is required'],
    [['trust', 'review', '--for', '30m', '--end'], 'exclude each other'],
    ...['0s', '25h', '30', '1d', '-5m', '1.5h', ''].map((time): [string[], string] => [
      ['trust', 'review', `--for=${time}`],
      `--for is "${time}"`,
    ]),
  ];
  test.each(cases)('%j', async (line, message) => {
    const { code, err, out } = await run(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(daemon.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
