import { expect, test } from 'vitest';
import { lintPolicies } from './lint.ts';
import type { Policy, Rule } from './policy.ts';

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

const lint = (...rules: Rule[]) => lintPolicies([policy(rules)]).map(({ kind, rule }) => `${rule} ${kind}`);
const shell = (action: Rule['action'], command: string): Rule => ({
  action,
  tool: 'shell',
  args: { command },
});

test('rules that an earlier one leaves nothing', () => {
  expect(lint(shell('deny', 'git *'), shell('deny', 'git push*'))).toEqual(['1 unreachable']);
  expect(lint(shell('deny', 'git push*'), shell('deny', 'git *'))).toEqual([]);
  expect(lint({ action: 'deny' }, shell('allow', 'ls'))).toEqual(['1 unreachable']);
  // An allow needs every path, a deny any: it leaves calls with one path outside.
  const path = (action: Rule['action'], pattern: string): Rule => ({
    action,
    tool: 'write',
    args: { path: pattern },
  });
  expect(lint(path('allow', '/w/**'), path('deny', '/w/x'))).toEqual([]);
  expect(lint(path('deny', '/w/**'), path('allow', '/w/x'))).toEqual(['1 unreachable']);
});

test('an earlier policy counts only where the later one does', () => {
  const wide = { id: 'wide', priority: 1 };
  const both = (more: Partial<Policy>) =>
    lintPolicies([policy([shell('deny', '*')], { ...wide, ...more }), policy([shell('deny', 'x')])]).length;
  expect(both({})).toBe(1);
  expect(both({ scope: 'set' })).toBe(0);
  expect(both({ scope: 'session', sessionId: 's' })).toBe(0);
  expect(both({ expiresAt: '2027-01-01T00:00:00.000Z' })).toBe(0);
  expect(both({ enabled: false })).toBe(0);
});

test('rules that say otherwise of the same calls', () => {
  expect(lint(shell('deny', 'x'), { ...shell('allow', 'x'), reason: 'why' })).toEqual(['1 contradictory']);
  const found = lintPolicies([policy([shell('deny', 'x')]), policy([shell('allow', 'x')], { id: 'q' })]);
  expect(found).toEqual([
    {
      kind: 'contradictory',
      policyId: 'q',
      rule: 0,
      message: expect.stringContaining('rule 1 of "mine" says deny'),
    },
  ]);
});

test('rules that allow too much', () => {
  expect(lint({ action: 'allow' })).toEqual(['0 broad']);
  expect(lint({ action: 'allow', tool: 'shell' })).toEqual(['0 broad']);
  expect(lint({ action: 'allow', tool: 'Bash' })).toEqual(['0 broad']);
  expect(lint(shell('allow', '*'))).toEqual(['0 broad']);
  expect(lint({ action: 'allow', tool: ['write', 'edit'] })).toEqual(['0 broad']);
  expect(lint({ action: 'allow', tool: 'write', args: { path: '/**' } })).toEqual(['0 broad']);
  expect(lint({ action: 'deny', tool: 'shell' })).toEqual([]);
  expect(lint({ action: 'allow', tool: 'read' })).toEqual([]);
  expect(lint({ action: 'allow', tool: 'write', args: { path: `\${workspace}/**` } })).toEqual([]);
  expect(lint(shell('allow', 'make *'))).toEqual([]);
});

test('rules that never match', () => {
  const message = (rule: Rule) => lintPolicies([policy([rule])]).map(({ kind, message }) => [kind, message]);
  expect(message({ action: 'deny', tool: 'shel' })).toEqual([
    ['useless', 'no tool is called "shel": did you mean "shell"?'],
  ]);
  expect(lint({ action: 'deny', tool: 'read', args: { command: 'x' } })).toEqual(['0 useless']);
  expect(lint({ action: 'deny', tool: 'write', args: { path: 'src/**' } })).toEqual(['0 useless']);
  expect(lint({ action: 'deny', tool: ['Bash', 'Read', 'apply_patch', 'mcp__x__*', 'Task'] })).toEqual([]);
});
