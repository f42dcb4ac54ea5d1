import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aSession, type FakeDaemon, sessionId, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

let daemon: FakeDaemon;
let work: string;
const rules: Policy['rules'] = [
  {
    action: 'deny',
    tool: 'shell',
    args: { command: ['git push*', '!git push --dry-run'] },
    reason: 'No pushes.',
  },
  { action: 'ask' },
];
const policy: Policy = {
  id: 'mine',
  name: 'Mine',
  description: null,
  enabled: true,
  priority: 5,
  scope: 'global',
  sessionId: null,
  rules,
  source: 'user',
  createdAt: '2026-11-21T10:00:00.000Z',
  updatedAt: '2026-11-21T10:00:00.000Z',
  expiresAt: null,
};
const own: Policy = { ...policy, id: 'own', scope: 'session', sessionId, enabled: false };
const policySet = {
  id: 'team',
  name: 'Team',
  description: 'For all of us',
  isDefault: true,
  policyIds: ['mine'],
  source: 'user',
};
const setting = {
  key: 'policies.sets',
  value: ['careful'],
  origin: 'default',
  from: null,
};
const ref = { policyId: 'mine', policyName: 'Mine', index: 0, reason: null };
const verdict = {
  action: 'deny',
  reason: 'No pushes.',
  basis: 'rule',
  rule: ref,
  parts: [
    { kind: 'shell', text: 'ls', action: 'allow', basis: 'rule', rule: { ...ref, index: 1 }, why: 'fine' },
    { kind: 'shell', text: 'git push', action: 'deny', basis: 'rule', rule: ref, why: 'No pushes.' },
  ],
};

beforeAll(async () => {
  daemon = await startFakeDaemon();
  work = join(daemon.directory, 'work');
  await mkdir(work);
  await writeFile(
    join(work, 'rules.yaml'),
    'policies:\n  - { id: a, name: A, rules: [{ action: deny, tool: shell }] }\n  - { name: B, priority: 3, rules: [{ action: ask }] }\n',
  );
  await writeFile(
    join(work, 'bad.yaml'),
    'policies:\n  - name: A\n    rules:\n      - { action: deny, tol: shell }\n',
  );
  const session = aSession();
  daemon
    .on('GET /policies', () => ({ policies: [policy, own] }))
    .on('POST /policies', () => [201, { policy }])
    .on('GET /policies/mine', () => ({ policy }))
    .on('PUT /policies/mine', () => ({ policy: own }))
    .on('DELETE /policies/mine', () => ({ success: true }))
    .on('GET /config', () => ({ settings: [setting] }))
    .on('GET /approvals', () => ({ approvals: [] }))
    .on('GET /policy-default', () => ({ action: 'ask', from: 'config' }))
    .on('PUT /policy-default', () => ({ action: 'deny', from: 'session' }))
    .on('POST /policies/explain', () => ({ verdict }))
    .on('POST /policies/lint', () => ({
      findings: [{ kind: 'broad', policyId: 'mine', rule: 1, message: 'it allows everything' }],
    }))
    .on('POST /policies/replay', () => ({
      calls: 12,
      unchanged: 9,
      groups: [
        {
          from: 'allow',
          to: 'deny',
          tool: 'Bash',
          text: 'git push',
          count: 3,
          lastSeq: 9,
          reason: 'No pushes.',
        },
      ],
    }))
    .on('GET /policy-sets', () => ({ policySets: [policySet] }))
    .on('POST /policy-sets', () => [201, { policySet }])
    .on('GET /policy-sets/team', () => ({ policySet, policies: [policy] }))
    .on('PUT /policy-sets/team', () => ({ policySet }))
    .on('DELETE /policy-sets/team', () => ({ success: true }))
    .on('POST /policy-sets/team/policies', () => ({ policySet }))
    .on('DELETE /policy-sets/team/policies/mine', () => ({ policySet }))
    .on('POST /sessions/review/policy-sets', () => ({ policySets: [policySet] }))
    .on('DELETE /sessions/review/policy-sets/team', () => ({ policySets: [] }))
    .on('POST /sessions', () => [201, { session }]);
});
afterAll(() => daemon[Symbol.asyncDispose]());

const run = (line: readonly string[], more: RunOptions = {}) =>
  cli(line, { socket: daemon.socket, cwd: work, ...more });

describe('a command line becomes a request, and its answer an output', () => {
  const cases: [line: string[], request: string, body: unknown, out: string | RegExp, more?: RunOptions][] = [
    [
      ['policy', 'list'],
      'GET /policies',
      undefined,
      /^ID +NAME .*\nmine +Mine +global +5 +2 +on +user\nown .*session 3fa2b1c0 .*off/,
    ],
    [
      ['policy', 'ls', '--session', 'review', '--disabled'],
      'GET /policies?enabled=false&sessionId=review',
      undefined,
      /^ID/,
    ],
    [
      ['policy', 'show', 'mine'],
      'GET /policies/mine',
      undefined,
      /name +Mine\n[\s\S]*1 {2}deny +tool shell, command "git push\*" \| "!git push --dry-run" {2}\(No pushes\.\)\n {2}2 {2}ask +everything\n/,
    ],
    [
      [
        'policy',
        'create',
        'mine',
        '-n',
        'Mine',
        '-r',
        '[{action: deny, tool: shell}]',
        '-p',
        '5',
        '--disabled',
        '-d',
        'why',
      ],
      'POST /policies',
      {
        id: 'mine',
        name: 'Mine',
        description: 'why',
        enabled: false,
        priority: 5,
        rules: [{ action: 'deny', tool: 'shell' }],
      },
      /^id +mine/,
    ],
    [
      ['policy', 'add', '-n', 'M', '-r', '-', '--session', 'review', '--priority=-5', '--expires', '30m'],
      'POST /policies',
      {
        name: 'M',
        sessionId: 'review',
        priority: -5,
        expiresAt: '2026-11-21T12:30:00.000Z',
        rules: [{ action: 'ask' }],
      },
      /^id +mine/,
      { stdin: '{"action":"ask"}' },
    ],
    [
      ['policy', 'create', 'copy', '--from', 'mine', '--scope', 'set'],
      'POST /policies',
      { id: 'copy', name: 'copy', description: null, priority: 5, scope: 'set', rules },
      /^id/,
    ],
    [
      ['policy', 'update', 'mine', '-n', 'N', '--enabled', '--expires', 'never'],
      'PUT /policies/mine',
      { name: 'N', enabled: true, expiresAt: null },
      /^id +own/,
    ],
    [['policy', 'rm', 'mine'], 'DELETE /policies/mine', undefined, 'mine is gone\n'],
    [['policy', 'toggle', 'mine'], 'PUT /policies/mine', { enabled: false }, 'own is off\n'],
    [['policy', 'toggle', 'mine', '--enabled'], 'PUT /policies/mine', { enabled: true }, 'own is off\n'],
    [['policy', 'default'], 'GET /policy-default', undefined, 'ask (as configured)\n'],
    [
      ['policy', 'default', 'deny', '--session', 'review'],
      'PUT /policy-default',
      { action: 'deny', session: 'review' },
      "deny (the session's own)\n",
    ],
    [['policy', 'default', '--clear'], 'PUT /policy-default', { action: null }, /^deny/],
    [
      ['policy', 'explain', 'review', 'shell', 'ls && git push'],
      'POST /policies/explain',
      { session: 'review', tool: 'shell', input: { command: 'ls && git push' } },
      'deny: No pushes.\n  by rule 1 of Mine (mine)\n\nparts\n' +
        '  allow  shell   ls\n                 fine [rule 2 of Mine (mine)]\n' +
        '  deny   shell   git push\n                 No pushes. [rule 1 of Mine (mine)]\n',
    ],
    [
      ['policy', 'explain', 'review', 'mcp__x__y', '{"a":1}'],
      'POST /policies/explain',
      { session: 'review', tool: 'mcp__x__y', input: { a: 1 } },
      /^deny/,
    ],
    [
      ['policy', 'explain', '--cwd', '..', '--set', 'ci', 'Bash', '--', 'git', 'push', '--force'],
      'POST /policies/explain',
      { cwd: '<up>', policySets: ['ci'], tool: 'Bash', input: { command: 'git push --force' } },
      /^deny/,
    ],
    [
      ['policy', 'explain', 'review', 'write', '/etc/hosts'],
      'POST /policies/explain',
      { session: 'review', tool: 'write', input: { file_path: '/etc/hosts' } },
      /^deny/,
    ],
    [
      ['policy', 'replay', 'rules.yaml', '--since', '1d', '--default', 'deny'],
      'POST /policies/replay',
      {
        since: '2026-11-20T12:00:00.000Z',
        defaultAction: 'deny',
        draft: {
          policies: [
            { id: 'a', name: 'A', enabled: true, priority: 0, rules: [{ action: 'deny', tool: 'shell' }] },
            { name: 'B', enabled: true, priority: 3, rules: [{ action: 'ask' }] },
          ],
        },
      },
      /allow → deny +3 +Bash +git push +No pushes\.\n12 calls, 3 of them decided otherwise\.\n/,
    ],
    [
      ['policy-set', 'list'],
      'GET /policy-sets',
      undefined,
      /\nteam +Team +1 +default +user +For all of us\n/,
    ],
    [
      ['policy-set', 'get', 'team'],
      'GET /policy-sets/team',
      undefined,
      /policies +mine\n\nMine \(mine\), priority 5\n {2}1 {2}deny/,
    ],
    [
      ['policy-set', 'create', '-n', 'Team', '--policy', 'a', '--policy', 'b', '--default'],
      'POST /policy-sets',
      { name: 'Team', description: null, isDefault: true, policyIds: ['a', 'b'] },
      /^id +team/,
    ],
    [
      ['policy-set', 'create', 'copy', '--from', 'team'],
      'POST /policy-sets',
      { id: 'copy', name: 'copy', description: 'For all of us', policyIds: ['mine'] },
      /^id +team/,
    ],
    [['policy-set', 'update', 'team', '--no-default'], 'PUT /policy-sets/team', { isDefault: false }, /^id/],
    [['policy-set', 'rm', 'team'], 'DELETE /policy-sets/team', undefined, 'team is gone\n'],
    [
      ['policy-set', 'add-policy', 'team', 'mine'],
      'POST /policy-sets/team/policies',
      { policyId: 'mine' },
      /^id/,
    ],
    [
      ['policy-set', 'remove-policy', 'team', 'mine'],
      'DELETE /policy-sets/team/policies/mine',
      undefined,
      /^id/,
    ],
    [
      ['policy-set', 'apply', 'review', 'team'],
      'POST /sessions/review/policy-sets',
      { policySetId: 'team' },
      'review has team\n',
    ],
    [
      ['policy-set', 'withdraw', 'review', 'team'],
      'DELETE /sessions/review/policy-sets/team',
      undefined,
      'review has no policy set\n',
    ],
    [
      ['start', '-p', 'shell', '--policy', 'ci', '--policy', 'team', '--policy-default', 'deny'],
      'POST /sessions',
      {
        provider: 'shell',
        cwd: '<work>',
        args: [],
        env: {},
        policySets: ['ci', 'team'],
        policyDefault: 'deny',
      },
      `${sessionId}\n`,
    ],
    [
      ['start', '-p', 'shell', '--policy', 'none'],
      'POST /sessions',
      { provider: 'shell', cwd: '<work>', args: [], env: {}, policySets: [] },
      `${sessionId}\n`,
    ],
  ];
  test.each(cases)('%j', async (line, request, body, out, more) => {
    const result = await run(line, more);
    expect(result.err).toBe('');
    const asked = daemon.asked.at(-1);
    const query = new URLSearchParams(asked?.query).toString();
    expect(`${asked?.method} ${asked?.path}${query === '' ? '' : `?${query}`}`).toBe(request);
    const filled = JSON.stringify(body)?.replace('<work>', work).replace('<up>', daemon.directory);
    expect(asked?.body).toEqual(filled === undefined ? undefined : JSON.parse(filled));
    if (typeof out === 'string') expect(result.out).toBe(out);
    else expect(result.out).toMatch(out);
    expect(result.code).toBe(0);
  });

  test('a file becomes a request for each policy, with what the options say', async () => {
    const before = daemon.asked.length;
    const { code, out } = await run(['policy', 'create', '--file', 'rules.yaml', '--scope', 'set', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveLength(2);
    const posts = daemon.asked.slice(before).filter(({ method }) => method === 'POST');
    const bodies = posts.map(({ body }) => body);
    expect(bodies).toMatchObject([
      { id: 'a', name: 'A', scope: 'set' },
      { name: 'B', scope: 'set', priority: 3 },
    ]);
  });

  test('a policy is known by its name and the beginning of its id', async () => {
    const long: Policy = { ...policy, id: 'no-pushes-3fa2b1', name: 'No pushes at all' };
    const other: Policy = { ...policy, id: 'no-writes-77aa01', name: 'Other' };
    daemon
      .on('GET /policies', () => ({ policies: [policy, long, other] }))
      .on('PUT /policies/no-pushes-3fa2b1', () => ({ policy: long }))
      .on('DELETE /policies/no-pushes-3fa2b1', () => ({ success: true }));
    try {
      for (const word of ['no-pushes-3fa2b1', 'no-p', 'No pushes at all']) {
        expect(await run(['policy', 'toggle', word])).toMatchObject({
          code: 0,
          out: 'no-pushes-3fa2b1 is on\n',
        });
      }
      expect((await run(['policy', 'delete', 'No pushes at all'])).out).toBe('no-pushes-3fa2b1 is gone\n');
      const two = await run(['policy', 'delete', 'no-']);
      expect(two.code).toBe(4);
      expect(two.err).toMatch(
        /"no-" may mean 2 policies[\s\S]*no-pushes-3fa2b1 {2}No pushes at all\n[\s\S]*no-writes/,
      );
      const near = await run(['policy', 'get', 'No pushs at all']);
      expect(near).toMatchObject({
        code: 4,
        err: expect.stringContaining('Did you mean "No pushes at all"?'),
      });
    } finally {
      daemon.on('GET /policies', () => ({ policies: [policy, own] }));
    }
  });

  test('rules that look wrong, and a name there is already, are told on stderr', async () => {
    const wrong: Policy = {
      ...policy,
      rules: [
        { action: 'deny', tool: 'shel' },
        { action: 'deny', tool: 'shell', args: { comand: 'x' } },
        { action: 'allow', args: { command: '**' } },
      ],
    };
    daemon.on('POST /policies', () => [201, { policy: wrong }]);
    try {
      const { code, err, out } = await run([
        'policy',
        'create',
        '-n',
        'Mine',
        '-r',
        '[{action: deny}]',
        '--json',
      ]);
      expect({ code, id: JSON.parse(out).id }).toEqual({ code: 0, id: 'mine' });
      expect(err.trimEnd().split('\n')).toEqual([
        'Warning: a policy called "Mine" exists already: mine, own',
        expect.stringMatching(/^Warning: rule 1 of "Mine": .*did you mean "shell"\?$/),
        'Warning: rule 2 of "Mine": no call has args.comand: did you mean args.command?',
        'Warning: rule 3 of "Mine": args.command "**" is no limit: it allows every command',
      ]);
      const file = await run(['policy', 'create', '--file', 'rules.yaml']);
      expect(file.err).toContain('Warning: rule 1 of "Mine": ');
    } finally {
      daemon.on('POST /policies', () => [201, { policy }]);
    }
  });

  test('many patterns are cut short for people', async () => {
    const command = Array.from({ length: 184 }, (_, i) => (i === 3 ? 'x'.repeat(500) : `tool${i}*`));
    const wall: Policy = { ...policy, rules: [{ action: 'allow', tool: 'shell', args: { command } }] };
    daemon.on('GET /policies/mine', () => ({ policy: wall }));
    try {
      const { out } = await run(['policy', 'get', 'mine']);
      expect(out).toContain(`command tool0* | tool1* | tool2* | ${'x'.repeat(59)}… | … 180 more (--json)\n`);
      expect(JSON.parse((await run(['policy', 'get', 'mine', '--json'])).out)).toEqual(wall);
    } finally {
      daemon.on('GET /policies/mine', () => ({ policy }));
    }
  });

  test('new sessions get the sets of the settings, unless one is marked', async () => {
    const careful = { ...policySet, id: 'careful', isDefault: false };
    daemon
      .on('GET /policy-sets', () => ({ policySets: [careful] }))
      .on('GET /policy-sets/careful', () => ({ policySet: careful, policies: [] }));
    expect((await run(['policy-set', 'list'])).out).toMatch(/\ncareful .* by policies\.sets /);
    expect((await run(['policy-set', 'get', 'careful'])).out).toMatch(/new sessions +get it by the setting/);
    daemon.on('GET /policy-sets', () => ({ policySets: [careful, policySet] }));
    expect((await run(['policy-set', 'list'])).out).not.toContain('by policies.sets');
    expect((await run(['policy-set', 'get', 'careful'])).out).not.toContain('new sessions');
    daemon.on('GET /policy-sets', () => ({ policySets: [policySet] }));
  });

  test('the daemon’s complaints name options and count from 1', async () => {
    daemon.on('POST /policies', () => [
      400,
      {
        error: 'body.name: is too long; body.rules.0.action: is wrong; params.id: is bad',
        code: 'invalid_request',
      },
    ]);
    try {
      const { err, code } = await run(['policy', 'create', '-n', 'x', '-r', '[{action: deny}]']);
      expect({ err, code }).toEqual({
        err: 'Error: --name: is too long; rule 1: action: is wrong; the id: is bad\n',
        code: 2,
      });
    } finally {
      daemon.on('POST /policies', () => [201, { policy }]);
    }
  });

  test('a default that denies says what waits', async () => {
    const waits = await import('./approval.ts');
    daemon.on('GET /approvals', () => ({ approvals: [waits.anApproval()] }));
    try {
      const { err } = await run(['policy', 'default', 'deny']);
      expect(err).toBe('1 approval that waits is judged again: what no rule speaks of is denied.\n');
      expect((await run(['policy', 'default', 'ask'])).err).toBe('');
    } finally {
      daemon.on('GET /approvals', () => ({ approvals: [] }));
    }
  });

  test('a rule the sentence names is not named again', async () => {
    const why = 'rule 1 of "Mine" denies `git push`';
    const twice = { ...verdict, reason: why, parts: [{ ...verdict.parts[1], why }] };
    daemon.on('POST /policies/explain', () => ({ verdict: twice }));
    try {
      const { out } = await run(['policy', 'explain', 'review', 'shell', 'git push']);
      expect(out).toBe(`deny: ${why}\n\nparts\n  deny   shell   git push\n                 ${why}\n`);
    } finally {
      daemon.on('POST /policies/explain', () => ({ verdict }));
    }
  });

  test.each([
    [
      ['policy', 'list'],
      [policy, own],
    ],
    [['policy', 'get', 'mine'], policy],
    [['policy', 'delete', 'mine'], [{ id: 'mine', removed: true }]],
    [['policy', 'default'], { action: 'ask', from: 'config' }],
    [['policy', 'explain', 'review', 'shell', 'x'], verdict],
    [['policy-set', 'list'], [policySet]],
    [['policy-set', 'get', 'team'], { policySet, policies: [policy] }],
    [['policy-set', 'apply', 'review', 'team'], [policySet]],
  ])('%j --json', async (line, value) => {
    expect(JSON.parse((await run([...line, '--json'])).out)).toEqual(value);
  });

  test('lint exits with 1 when it finds something', async () => {
    expect(await run(['policy', 'lint'])).toMatchObject({
      code: 1,
      out: 'broad  rule 2 of mine: it allows everything\n',
    });
  });
});

describe('without a daemon', () => {
  const alone = (line: readonly string[]) => cli(line, { cwd: work });
  const file = async (text: string): Promise<string> => {
    await writeFile(join(work, 'cases.yaml'), text);
    return 'cases.yaml';
  };

  test('cases are run by the judge, with sets that ship', async () => {
    const name = await file(
      [
        'policies:',
        '  - name: no pushes',
        '    rules: [{ action: deny, tool: shell, args: { command: "git push*" } }]',
        'cases:',
        '  - { tool: shell, command: git push origin main, expect: deny }',
        '  - { tool: shell, command: git log && git push, expect: deny }',
        '  - { tool: Bash, command: make, expect: ask }',
        '  - { tool: read, input: { file_path: notes.md }, expect: allow }',
        'sets: [read-only]',
      ].join('\n'),
    );
    const { out, code, err } = await alone(['policy', 'test', name]);
    // `make` is denied by the set, so that one of them fails.
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatch(
      /ok {4}shell git push origin main\nok {4}shell git log && git push\nFAIL {2}Bash make {2}cases\.yaml\n {6}expected ask, got deny: /,
    );
    expect(out).toMatch(/\n\n3 passed, 1 failed\n$/);
    const json = JSON.parse((await alone(['policy', 'test', name, '--json'])).out);
    expect(json).toMatchObject({
      passed: 3,
      failed: 1,
      cases: [{ passed: true }, {}, { name: 'Bash make' }, {}],
    });
  });

  test('all cases that pass are a success', async () => {
    const name = await file('default: agent\ncases: [{ tool: shell, command: make, expect: agent }]');
    expect(await alone(['policy', 'test', name, name])).toMatchObject({ code: 0, err: '' });
  });

  test('a file is linted', async () => {
    expect(await alone(['policy', 'lint', 'rules.yaml'])).toMatchObject({ err: '' });
    const { code, out } = await alone([
      'policy',
      'lint',
      await file('- name: a\n  rules: [{ action: deny }, { action: allow, tool: read }]'),
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/^unreachable {2}rule 2 of "a": /m);
  });

  test.each([
    [
      'test',
      'cases: [{ tool: shell, comand: x, expect: deny }]',
      /cases\.yaml:1:24: case 1: unknown key "comand"; did you mean "command"\?/,
    ],
    ['test', 'cases: []', /at least one case/],
    [
      'test',
      'sets: [carefull]\ncases: [{ tool: shell, command: x, expect: deny }]',
      /did you mean "careful"\?/,
    ],
    ['lint', 'policies: [', /cases\.yaml:1:\d+: broken YAML/],
    [
      'lint',
      '- { name: a, rules: [{ action: deny, tool: "[" }] }',
      /cases\.yaml:1:\d+: policy 1, rule 1: tool: the pattern "\["/,
    ],
  ])('policy %s says where %j is wrong', async (action, text, says) => {
    const result = await alone(['policy', action, await file(text)]);
    expect(result.err).toMatch(says);
    expect(result).toMatchObject({ code: 2, out: '' });
  });
});

describe('is refused before the daemon is asked', () => {
  const cases: [line: string[], message: string | RegExp][] = [
    [['policy'], '<action> is required'],
    [['policy', 'lst'], 'cannot "lst". Did you mean list?'],
    [['policy', 'xyzzy'], 'There are list, get, create'],
    [['policy', 'constructor'], 'cannot "constructor"'],
    [['policy', 'list', 'x'], '"x" is one argument too many: codepiper policy list'],
    [['policy', 'list', '--rules', 'x'], '--rules belongs to policy create, update, not to list.'],
    [['policy', 'list', '--', 'x'], 'takes nothing behind --'],
    [['policy', 'list', '--enabled', '--disabled'], 'exclude each other'],
    [['policy', 'list', '--session='], '--session is empty'],
    [['policy', 'get'], '<policy> is required: codepiper policy get <policy>'],
    [['policy', 'get', ''], '<policy> is empty'],
    [['policy', 'create'], 'What are the rules?'],
    [['policy', 'create', '--rules', '[]'], '--name is required'],
    [
      ['policy', 'create', '-n', 'x', '--rules', '[{"action":"deny","tol":"x"}]'],
      '--rules:1:19: rule 1: unknown key "tol"; did you mean "tool"?',
    ],
    [['policy', 'create', '-n', 'x', '--rules', '[]'], 'at least one rule'],
    [['policy', 'create', '-n', 'x', '--rules', ' '], '--rules is empty'],
    [
      ['policy', 'create', '-n', 'x', '--rules', '@nothing'],
      '--rules nothing cannot be read: there is no such file',
    ],
    [['policy', 'create', '-n', 'x', '--rules', '{'], /--rules:1:\d+: broken YAML/],
    [['policy', 'create', '-f', 'x'], '-f'],
    [['policy', 'create', '--file', 'nothing'], '--file nothing cannot be read'],
    [['policy', 'create', '--file', '.'], 'it is a directory'],
    [['policy', 'create', '--file', 'bad.yaml'], 'bad.yaml:4:25: policy 1, rule 1: unknown key "tol"'],
    [['policy', 'create', '--file', 'rules.yaml', '--from', 'x'], '--file and --from exclude'],
    [['policy', 'create', 'x', '--file', 'rules.yaml'], 'leave "x" out'],
    [['policy', 'create', '--file', 'rules.yaml', '-n', 'x'], '--name names one policy'],
    [['policy', 'create', '-n', 'x', '--from', 'mine', '--priority', 'high'], '--priority is "high"'],
    [['policy', 'create', '-n', 'x', '--from', 'mine', '--scope', 'all'], '--scope is "all"'],
    [['policy', 'create', '-n', 'x', '--from', 'mine', '--expires', 'soon'], '--expires is "soon"'],
    [['policy', 'create', '-n', 'x', '--from', 'mine', '--expires', '2020-01-01T00:00Z'], 'a time to come'],
    [['policy', 'update', 'mine'], 'nothing to change'],
    [['policy', 'delete'], '<policy> is required'],
    [['policy', 'toggle', 'a', 'b'], 'one argument too many'],
    [['policy', 'default', 'allow'], 'The default is "allow"; it must be ask, deny or agent.'],
    [['policy', 'default', 'deny', '--clear'], 'not both'],
    [['policy', 'explain'], '<session> is required'],
    [['policy', 'explain', 'review'], '<tool> is required'],
    [['policy', 'explain', 'review', 'shell'], '<input> is required'],
    [['policy', 'explain', 'review', 'shell', 'x', '--', 'y'], 'not both'],
    [['policy', 'explain', 'review', 'shell', '{"a":'], 'is not valid JSON'],
    [['policy', 'explain', 'review', 'mcp__x__y', 'text'], 'must be JSON'],
    [['policy', 'explain', 'review', 'shell', 'x', '--set', 'ci'], '--set goes with --cwd'],
    [['policy', 'explain', '--cwd=', 'shell', 'x'], '--cwd is empty'],
    [['policy', 'explain', '--cwd', '.'], '<tool> is required'],
    [['policy', 'test'], '<file> is required'],
    [['policy', 'test', 'nothing'], 'nothing cannot be read: there is no such file'],
    [['policy', 'lint', 'nothing'], 'nothing cannot be read'],
    [['policy', 'replay'], '<draft> is required'],
    [['policy', 'replay', 'rules.yaml', '--since', 'yesterday'], '--since is "yesterday"'],
    [['policy', 'replay', 'rules.yaml', '--default', 'allow'], '--default is "allow"'],
    [['policy-set'], '<action> is required'],
    [['policy-set', 'aply'], 'Did you mean apply?'],
    [['policy-set', 'create'], '--name is required'],
    [['policy-set', 'create', '-n', 'x', '--policy='], '--policy is empty'],
    [['policy-set', 'update', 'team'], 'nothing to change'],
    [['policy-set', 'update', 'team', '--default', '--no-default'], 'exclude each other'],
    [['policy-set', 'update', 'team', '--from', 'x'], '--from belongs to policy-set create'],
    [['policy-set', 'apply', 'review'], '<set> is required: codepiper policy-set apply <session> <set>'],
    [['policy-set', 'add-policy', 'team'], '<policy> is required'],
    [['start', '-p', 'shell', '--policy', 'none', '--policy', 'ci'], '--policy none excludes'],
    [['start', '-p', 'shell', '--policy-default', 'allow'], '--policy-default is "allow"'],
  ];
  test.each(cases)('%j', async (line, message) => {
    const before = daemon.asked.length;
    const result = await run(line);
    expect(result.err).toMatch(message);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(daemon.asked).toHaveLength(before);
  });
});
