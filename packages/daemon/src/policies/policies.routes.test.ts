import { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse, starter } from '../../test/policy-house.ts';
import type { PastCall } from '../audit/audit.service.ts';
import { mountEndpoints } from '../http/mount.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { sessionPolicyHandlers } from '../sessions/sessions.routes.ts';
import { Laboratory } from './laboratory.ts';
import { policyHandlers } from './policies.routes.ts';

let house: PolicyHouse;
let app: FastifyInstance;
let past: PastCall[];
const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

beforeEach(async () => {
  past = [];
  house = await openPolicyHouse({
    starters: {
      policies: [starter('reads', [{ action: 'allow', tool: 'shell', args: { command: 'ls*' } }])],
      policySets: [
        {
          id: 'careful',
          name: 'Careful',
          description: null,
          isDefault: false,
          policyIds: ['reads'],
          source: 'starter',
        },
      ],
    },
    configuredSets: ['careful'],
  });
  await house.addSession({ id, name: 'review', policySets: ['careful'] });
  app = createServer({
    log: silentLog,
    authenticate: async (token) => (token === 'agent' ? { kind: 'session', sessionId: id } : null),
  });
  const laboratory = new Laboratory({
    book: house.book,
    judge: house.judge,
    audit: {
      decisionsSince: async function* (since) {
        yield* past.filter(({ at }) => since === null || at > since);
      },
    },
    workspaces: () => house.sessions.workspaces(),
  });
  mountEndpoints(
    app,
    policyEndpoints,
    {
      ...policyHandlers({ ...house, laboratory, findSession: (ref) => house.sessions.find(ref) }),
      ...sessionPolicyHandlers(house.sessions, {
        defaultOf: (session) => house.policies.defaultOf(session),
        setDefault: house.setDefault,
      }),
    },
    { validateReplies: true },
  );
});
afterEach(async () => {
  await app.close();
  await house[Symbol.asyncDispose]();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
async function ask(method: Method, url: string, body?: object) {
  const reply = await app.inject({ method, url, ...(body ? { payload: body } : {}) });
  return { status: reply.statusCode, body: reply.json() };
}
const deny = [{ action: 'deny', tool: 'shell', args: { command: 'git push*' } }];

it('makes, lists, changes and removes a policy', async () => {
  const made = await ask('POST', '/policies', { id: 'a', name: 'A', rules: deny });
  expect(made).toMatchObject({ status: 201, body: { policy: { id: 'a', enabled: true, priority: 0 } } });
  expect((await ask('GET', '/policies')).body.policies.map((p: { id: string }) => p.id)).toEqual([
    'reads',
    'a',
  ]);
  expect((await ask('PUT', '/policies/a', { enabled: false })).body.policy.enabled).toBe(false);
  expect((await ask('GET', '/policies?enabled=false')).body.policies).toHaveLength(1);
  expect((await ask('GET', '/policies/a')).body).toMatchObject({ policy: { rules: deny } });
  expect(await ask('DELETE', '/policies/a')).toEqual({ status: 200, body: { success: true } });
  expect((await ask('GET', '/policies/a')).status).toBe(404);
});

it.each(['cli', 'dashboard'] as const)('tells the trail who changed what: %s', async (surface) => {
  if (surface === 'dashboard') {
    app.addHook('preHandler', async (request) => {
      request.web = {} as never;
    });
  }
  await ask('POST', '/policies', { id: 'a', name: 'A', scope: 'set', rules: deny });
  await ask('PUT', '/policies/a', { enabled: false });
  await ask('POST', '/policy-sets', { id: 't', name: 'T', policyIds: [] });
  await ask('PUT', '/policy-sets/t', { name: 'Team' });
  await ask('POST', '/policy-sets/t/policies', { policyId: 'a' });
  await ask('DELETE', '/policy-sets/t/policies/a');
  await ask('POST', '/sessions/review/policy-sets', { policySetId: 't' });
  await ask('DELETE', '/sessions/review/policy-sets/careful');
  await ask('DELETE', '/policy-sets/t');
  await ask('DELETE', '/policies/a');
  await ask('PUT', '/sessions/review/policy', { policy: { enabled: true, priority: 0, rules: deny } });
  await ask('PUT', '/policy-default', { session: 'review', action: 'deny' });
  await ask('PUT', '/policy-default', { action: 'deny' });
  // A set that goes is taken from its session too.
  expect(house.audited.map(({ reason }) => reason)).toHaveLength(14);
  expect(house.audited.map(({ by, who }) => [by, who])).toEqual(Array(14).fill(['user', surface]));
});

it('knows whose policies are whose', async () => {
  await ask('POST', '/policies', { id: 'a', name: 'A', sessionId: 'review', rules: deny });
  await ask('POST', '/policies', { id: 'b', name: 'B', rules: deny });
  const of = async (ref: string) =>
    (await ask('GET', `/policies?sessionId=${ref}`)).body.policies.map((p: { id: string }) => p.id);
  expect(await of('review')).toEqual(['a']);
  expect(await of('null')).toEqual(['reads', 'b']);
  expect((await ask('GET', '/policies?sessionId=nobody')).body.code).toBe('session_not_found');
  expect((await ask('GET', '/sessions/review/effective-policies')).body).toMatchObject({
    policies: [{ id: 'reads' }, { id: 'a' }, { id: 'b' }],
    defaultAction: 'ask',
    dangerousMode: false,
  });
});

it('refuses a rule with a key it does not know, with the nearest', async () => {
  const rules = [{ action: 'deny', tol: 'shell' }];
  expect(await ask('POST', '/policies', { name: 'a', rules })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', error: 'body.rules.0: unknown key "tol"; did you mean "tool"?' },
  });
});

it('keeps the policy of a session', async () => {
  expect((await ask('GET', '/sessions/review/policy')).body).toEqual({ policy: null });
  const put = await ask('PUT', '/sessions/review/policy', { policy: { rules: deny } });
  expect(put.body).toMatchObject({ action: 'created', policy: { id: `${id}-policy`, priority: 50 } });
  expect((await ask('GET', '/sessions/review/policy')).body.policy.id).toBe(`${id}-policy`);
});

it('makes, fills and applies sets', async () => {
  await ask('POST', '/policies', { id: 'a', name: 'A', scope: 'set', rules: deny });
  const made = await ask('POST', '/policy-sets', { id: 't', name: 'T', isDefault: true });
  expect(made).toMatchObject({ status: 201, body: { policySet: { policyIds: [], isDefault: true } } });
  await ask('POST', '/policy-sets/t/policies', { policyId: 'a' });
  expect((await ask('GET', '/policy-sets/t')).body).toMatchObject({
    policySet: { policyIds: ['a'] },
    policies: [{ id: 'a' }],
  });
  const sets = (reply: { body: { policySets: { id: string }[] } }) =>
    reply.body.policySets.map((each) => each.id);
  expect(sets(await ask('POST', '/sessions/review/policy-sets', { policySetId: 't' }))).toEqual([
    'careful',
    't',
  ]);
  expect(sets(await ask('DELETE', '/sessions/review/policy-sets/careful'))).toEqual(['t']);
  expect(sets(await ask('GET', '/sessions/review/policy-sets'))).toEqual(['t']);
  await ask('PUT', '/policy-sets/t', { name: 'U' });
  await ask('DELETE', '/policy-sets/t/policies/a');
  expect((await ask('GET', '/policy-sets')).body.policySets.at(-1)).toMatchObject({
    name: 'U',
    policyIds: [],
  });
  await ask('DELETE', '/policy-sets/t');
  expect(sets(await ask('GET', '/sessions/review/policy-sets'))).toEqual([]);
});

it('has a default for all, and for a session', async () => {
  const put = (body: object) => ask('PUT', '/policy-default', body);
  expect((await ask('GET', '/policy-default')).body).toEqual({ action: 'ask', from: 'config' });
  expect((await put({ action: 'deny' })).body).toEqual({ action: 'deny', from: 'daemon' });
  expect((await put({ action: 'agent', session: 'review' })).body).toEqual({
    action: 'agent',
    from: 'session',
  });
  expect((await ask('GET', '/policy-default?session=review')).body.from).toBe('session');
  expect((await put({ action: null, session: 'review' })).body).toEqual({ action: 'deny', from: 'daemon' });
});

it('reads rules as an editor has them', async () => {
  const read = async (text: string) => (await ask('POST', '/policies/read', { text })).body;
  const rule = { action: 'deny', tool: 'shell', args: { comand: 'x' } };
  expect(await read(JSON.stringify([rule]))).toMatchObject({
    rules: [rule],
    problems: [],
    findings: [{ kind: 'useless', rule: 0, message: expect.stringContaining('args.command') }],
  });
  expect(await read('- action: allow\n- action: dney\n  agrs: {}\n')).toEqual({
    rules: [],
    problems: [
      'rules:2:11: rule 2: action: "dney" is none of allow, deny, ask; did you mean "deny"?',
      'rules:3:3: rule 2: unknown key "agrs"; did you mean "args"?',
    ],
    findings: [],
  });
  expect((await read('- [')).problems).toEqual([expect.stringMatching(/^rules:1:\d+: broken YAML/)]);
  // Everything waits while a long text is read.
  const reply = await app.inject({
    method: 'POST',
    url: '/policies/read',
    headers: { authorization: 'Bearer agent' },
    payload: { text: '[]' },
  });
  expect(reply.statusCode).toBe(403);
});

it('explains a call of a session, and of one that is not there yet', async () => {
  await ask('POST', '/policies', { id: 'a', name: 'A', rules: deny });
  const explain = (body: object) => ask('POST', '/policies/explain', body);
  const call = { tool: 'shell', input: { command: 'ls && git push origin' } };
  expect((await explain({ session: 'review', ...call })).body.verdict).toMatchObject({
    action: 'deny',
    rule: { policyId: 'a' },
    parts: [{ action: 'allow' }, { action: 'deny', text: 'git push origin' }],
  });
  const list = { tool: 'Bash', input: { command: 'ls' } };
  expect((await explain({ cwd: '/', ...list })).body.verdict.action).toBe('allow');
  expect((await explain({ cwd: '/', policySets: [], ...list })).body.verdict.action).toBe('ask');
  expect((await explain({ cwd: '/', policySets: ['carefull'], ...list })).body).toMatchObject({
    code: 'policy_set_not_found',
    error: expect.stringContaining('Did you mean "careful"'),
  });
  const draft = { policies: [{ id: 'reads', name: 'reads', rules: [{ action: 'deny', tool: 'shell' }] }] };
  expect((await explain({ session: 'review', draft, ...list })).body.verdict).toMatchObject({
    action: 'deny',
    rule: { policyId: 'reads', index: 0 },
  });
  expect((await explain({ session: 'review', ...list })).body.verdict.action).toBe('allow');
  expect((await explain({ session: 'review', cwd: '/', ...list })).status).toBe(400);
  expect((await explain({ session: 'review', policySets: [], ...list })).status).toBe(400);
  expect(house.audited.every(({ decision }) => decision === 'change')).toBe(true);
});

it('finds faults in a draft, and in what is stored', async () => {
  const rules = [{ action: 'deny', tool: 'shell' }, ...deny];
  const draft = { policies: [{ id: 'd', name: 'D', rules }] };
  expect((await ask('POST', '/policies/lint', { draft })).body.findings).toMatchObject([
    { kind: 'unreachable', policyId: 'd', rule: 1 },
  ]);
  expect((await ask('POST', '/policies/lint', {})).body.findings).toEqual([]);
  await ask('POST', '/policies', { id: 'mine', name: 'Mine', rules });
  expect((await ask('POST', '/policies/lint', {})).body.findings).toMatchObject([
    { policyId: 'mine', rule: 1 },
  ]);
});

it('replays what was decided by a draft, calls that are alike together', async () => {
  let seq = 0;
  const decided = (
    command: string,
    decision: PastCall['decision'],
    more: Partial<PastCall> = {},
  ): PastCall => ({
    seq: ++seq,
    at: seq * 1000,
    sessionId: id,
    sessionName: 'review',
    provider: 'claude-code',
    decision,
    by: 'rule',
    tool: 'Bash',
    toolKind: 'shell',
    input: { command },
    cwd: '/work',
    approvalId: null,
    ...more,
  });
  past = [
    decided('git push', 'allow'),
    decided('git push', 'allow'),
    decided('git status', 'ask', { by: 'default', approvalId: 'x' }),
    decided('git status', 'allow', { by: 'user', approvalId: 'x' }),
    decided('git push', 'deny'),
    decided('git fetch', 'ask'),
  ];
  const draft = { policies: [{ name: 'D', rules: deny }] };
  expect((await ask('POST', '/policies/replay', { draft })).body).toEqual({
    calls: 5,
    unchanged: 3,
    groups: [
      {
        from: 'allow',
        to: 'deny',
        tool: 'Bash',
        text: 'git push',
        count: 2,
        lastSeq: 2,
        reason: expect.any(String),
      },
    ],
  });
  const later = await ask('POST', '/policies/replay', {
    draft,
    defaultAction: 'deny',
    since: '1970-01-01T00:00:05Z',
  });
  expect(later.body).toMatchObject({ calls: 1, groups: [{ from: 'ask', to: 'deny', text: 'git fetch' }] });
});
