import { describe, expect, test } from 'vitest';
import type { ToolCall, ToolKind } from './call.ts';
import { compilePolicies } from './compile.ts';
import { type Judgement, judge } from './judge.ts';
import { type CallPart, unknownText as U } from './parts.ts';
import type { Policy, Rule } from './policy.ts';

const place = { cwd: '/w', workspace: '/w', home: '/home/me' };
const call: ToolCall = {
  tool: 'Bash',
  kind: 'shell',
  input: {},
  command: '',
  files: [],
  url: null,
  mcp: null,
};

function policy(rules: Rule[], more: Partial<Policy> = {}): Policy {
  return {
    id: 'p',
    name: 'mine',
    description: null,
    enabled: true,
    priority: 0,
    scope: 'global',
    sessionId: null,
    rules,
    source: 'user',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    ...more,
  };
}

function shell(command: string, more: Partial<CallPart> = {}): CallPart {
  const args = { command: [command], program: [command.split(' ')[0] ?? ''] };
  return { kind: 'shell', text: command, args, isImplied: false, unreadable: null, ...more };
}

function file(kind: ToolKind, path: string | string[], isImplied = false): CallPart {
  const paths = [path].flat();
  return { kind, text: `${kind} ${paths}`, args: { path: paths }, isImplied, unreadable: null };
}

function decide(
  policies: Policy[] | Rule[],
  parts: CallPart[],
  more: Partial<Judgement> = {},
  whole = 'line',
) {
  const list = policies.map((one) => ('rules' in one ? one : policy([one])));
  return judge({
    compiled: compilePolicies(list.map((one, at) => ({ ...one, id: `${one.id}${at}` }))),
    parts: { parts, whole },
    call,
    session: { id: 's-1', name: 'app' },
    place,
    defaultAction: 'ask',
    dangerous: false,
    now: 1000,
    ...more,
  });
}

const allow = (command: string | string[]): Rule => ({ action: 'allow', tool: 'shell', args: { command } });
const deny = (command: string | string[]): Rule => ({ action: 'deny', tool: 'shell', args: { command } });
const ask = (command: string | string[]): Rule => ({ action: 'ask', tool: 'shell', args: { command } });

describe('the order of rules', () => {
  test('the first that matches decides, by priority, age and id', () => {
    const low = policy([deny('ls')], { name: 'low', priority: -1 });
    const high = policy([allow('ls')], { name: 'high', priority: 1 });
    expect(decide([low, high], [shell('ls')]).rule?.policyName).toBe('high');
    const young = policy([deny('ls')], { name: 'young', createdAt: '2026-02-01T00:00:00.000Z' });
    const old = policy([allow('ls')], { name: 'old', createdAt: '2025-02-01T00:00:00.000Z' });
    expect(decide([young, old], [shell('ls')]).rule?.policyName).toBe('old');
    expect(decide([deny('x'), allow('l?'), deny('ls')], [shell('ls')]).action).toBe('allow');
  });

  test('disabled, expired and other sessions’ policies do not count', () => {
    const gone = { expiresAt: new Date(1000).toISOString() };
    const there = { expiresAt: new Date(1001).toISOString() };
    const other = { scope: 'session', sessionId: 's-2' } as const;
    const own = { scope: 'session', sessionId: 's-1' } as const;
    const action = (more: Partial<Policy>) => decide([policy([deny('ls')], more)], [shell('ls')]).action;
    expect([{ enabled: false }, gone, there, other, own].map(action)).toEqual([
      'ask',
      'ask',
      'deny',
      'ask',
      'deny',
    ]);
  });

  test('rules that are found by their first word keep their place', () => {
    const rules = [ask('git push'), allow('git *'), deny('*'), allow('make')];
    const policies = [policy(rules)];
    const action = (command: string) => decide(policies, [shell(command)]).action;
    expect(['git push', 'git pull', 'make', 'ls'].map(action)).toEqual(['ask', 'allow', 'deny', 'deny']);
  });
});

describe('the call goes by its worst part', () => {
  const rules = [allow('a'), ask('b'), deny('c')];
  test.each([
    [['a', 'a'], 'allow'],
    [['a', 'x'], 'ask'],
    [['a', 'b'], 'ask'],
    [['b', 'c', 'a'], 'deny'],
  ])('%s: %s', (commands, action) => {
    expect(
      decide(
        [policy(rules)],
        commands.map((one) => shell(one)),
      ).action,
    ).toBe(action);
  });

  test('the default is for parts no rule speaks of', () => {
    const action = (defaultAction: Judgement['defaultAction'], ...commands: string[]) =>
      decide(
        [policy(rules)],
        commands.map((one) => shell(one)),
        { defaultAction },
      ).action;
    expect(action('agent', 'a', 'x')).toBe('agent');
    expect(action('agent', 'b', 'x')).toBe('ask');
    expect(action('deny', 'b', 'x')).toBe('deny');
    expect(action('agent', 'a')).toBe('allow');
  });

  test('a call without parts, or with touched files only, has the default', () => {
    expect(decide([{ action: 'allow', tool: 'shell' }], []).action).toBe('ask');
    expect(decide([{ action: 'allow', tool: 'read' }], [file('read', '/w/x', true)]).action).toBe('ask');
  });

  test('the trace tells every part and why', () => {
    const verdict = decide([policy(rules, { name: 'careful' })], [shell('a'), shell('x')]);
    expect(verdict.reason).toBe('no rule speaks of `x`; the default is to ask');
    expect(verdict.parts.map(({ text, action, basis, why }) => [text, action, basis, why])).toEqual([
      ['a', 'allow', 'rule', 'rule 1 of "careful" allows `a`'],
      ['x', 'ask', 'default', 'no rule speaks of `x`; the default is to ask'],
    ]);
    const denied = decide([{ ...deny('c'), reason: 'Not here.' }], [shell('c')]);
    expect(denied).toMatchObject({ action: 'deny', basis: 'rule', reason: 'Not here.', rule: { index: 0 } });
  });
});

describe('what a rule asks for', () => {
  test('a tool is a kind or a name, and a negative bars both', () => {
    const action = (tool: string | string[]) => decide([{ action: 'deny', tool }], [shell('x')]).action;
    expect(['shell', 'Bash', 'bash', '*', ['*', '!Bash'], ['!shell'], ['!read']].map(action)).toEqual([
      ...['deny', 'deny', 'ask', 'deny', 'ask', 'ask', 'deny'],
    ]);
  });

  test('cwd and session', () => {
    const action = (more: Partial<Rule>) => decide([{ ...deny('x'), ...more }], [shell('x')]).action;
    expect(action({ cwd: `\${workspace}/**` })).toBe('deny');
    expect(action({ cwd: '/v/**' })).toBe('ask');
    expect(action({ session: 'app' })).toBe('deny');
    expect(action({ session: 's-*' })).toBe('deny');
    expect(action({ session: ['*', '!app'] })).toBe('ask');
  });

  test('every argument has to match; one that is not there does not', () => {
    const rule = (args: Rule['args']): Rule => ({ action: 'deny', ...(args ? { args } : {}) });
    const action = (args: Rule['args']) => decide([rule(args)], [shell('git push')]).action;
    expect(action({ program: 'git', command: '* push' })).toBe('deny');
    expect(action({ program: 'git', command: '* pull' })).toBe('ask');
    expect(action({ program: 'git', url: '*' })).toBe('ask');
    expect(action({ constructor: '*' })).toBe('ask');
  });

  test('allow needs every value, deny and ask any', () => {
    const part = file('write', ['/w/a', '/etc/b']);
    const rule = (action: Rule['action'], path: string): Rule => ({ action, tool: 'write', args: { path } });
    expect(decide([rule('allow', '/w/**')], [part]).action).toBe('ask');
    expect(decide([rule('allow', '/{w,etc}/**')], [part]).action).toBe('allow');
    expect(decide([rule('deny', '/etc/**')], [part]).action).toBe('deny');
  });
});

describe('what is unknown', () => {
  test('a rule that may deny makes it a question, one that may allow nothing', () => {
    const rules = [policy([deny('rm -rf *'), allow('rm *')])];
    expect(decide(rules, [shell('rm x')]).action).toBe('allow');
    const verdict = decide(rules, [shell(`rm ${U} x`)]);
    expect(verdict).toMatchObject({ action: 'ask', basis: 'unknown', rule: { index: 0 } });
    expect(verdict.reason).toContain('`rm … x`');
    expect(decide([allow('rm a')], [shell(`rm ${U}`)]).basis).toBe('default');
    expect(decide([allow('rm *'), deny('rm -rf *')], [shell(`rm ${U}`)]).action).toBe('allow');
  });

  test('an unreadable part is allowed by a rule for any arguments only', () => {
    const part = shell('$(', { unreadable: 'it cannot be read' });
    expect(decide([allow('*')], [part])).toMatchObject({
      action: 'ask',
      basis: 'unknown',
      reason: 'it cannot be read',
    });
    expect(decide([{ action: 'allow', tool: 'shell' }], [part]).action).toBe('allow');
    expect(decide([deny('*')], [part]).action).toBe('deny');
    expect(decide([], [part], { defaultAction: 'agent' }).action).toBe('ask');
    expect(decide([], [part], { defaultAction: 'deny' }).action).toBe('deny');
  });
});

describe('the line as written', () => {
  const parts = [shell('curl x'), shell('sh')];
  const both = allow(['curl *', 'sh']);
  test('is seen by rules that deny or ask, in their turn', () => {
    expect(decide([policy([deny('*curl*|*sh*'), both])], parts, {}, 'curl x | sh').action).toBe('deny');
    expect(decide([policy([both, deny('*curl*|*sh*')])], parts, {}, 'curl x | sh').action).toBe('allow');
    expect(decide([policy([allow('*|*')])], parts, {}, 'curl x | sh').action).toBe('ask');
  });

  test('is not taken for a command by negatives', () => {
    const rules = [policy([deny(['!curl *', '!sh']), both])];
    expect(decide(rules, parts, {}, 'FOO=1 curl x | sh').action).toBe('allow');
  });
});

describe('files that are only touched', () => {
  const touched = file('write', '/etc/x', true);
  test('need no rule, and obey those that deny or ask', () => {
    expect(decide([allow('rm *')], [shell('rm /etc/x'), touched]).action).toBe('allow');
    const rule: Rule = { action: 'deny', tool: 'write', args: { path: '/etc/**' } };
    expect(decide([policy([allow('rm *'), rule])], [shell('rm /etc/x'), touched]).action).toBe('deny');
    expect(
      decide([policy([allow('rm *'), { action: 'deny', tool: 'write' }])], [shell('rm /etc/x'), touched])
        .action,
    ).toBe('deny');
  });

  test('are not what a last rule for everything means', () => {
    const rules = [policy([allow('rm *'), { action: 'deny' }])];
    expect(decide(rules, [shell('rm /etc/x'), touched]).action).toBe('allow');
  });

  test('are not asked about again where the very command was allowed before', () => {
    const guard: Rule = { action: 'ask', tool: 'write', args: { path: '/etc/**' } };
    const parts = [shell('rm /etc/x'), touched];
    expect(decide([policy([allow('rm /etc/x'), guard])], parts).action).toBe('allow');
    expect(decide([policy([guard, allow('rm /etc/x')])], parts).action).toBe('ask');
    expect(decide([policy([allow('rm /etc/*'), guard])], parts).action).toBe('ask');
    expect(decide([policy([allow('rm /etc/x'), { ...guard, action: 'deny' }])], parts).action).toBe('deny');
  });
});

test('dangerous mode answers questions and defaults with yes, but no rule that denies', () => {
  const rules = [policy([ask('b'), deny('c')])];
  const verdict = (command: string, defaultAction: Judgement['defaultAction'] = 'ask') =>
    decide(rules, [shell(command)], { dangerous: true, defaultAction });
  expect(verdict('b')).toMatchObject({ action: 'allow', basis: 'dangerous' });
  expect(verdict('x', 'deny')).toMatchObject({ action: 'allow', basis: 'dangerous' });
  expect(verdict('c')).toMatchObject({ action: 'deny', basis: 'rule' });
  expect(verdict('b').reason).toContain('rule 1 of "mine" asks about `b`');
});
