import type { Policy, Rule } from '@codepiper/core/policies/policy.ts';
import { starterPolicies } from '@codepiper/core/policies/starter-sets.ts';
import { expect, test } from 'vitest';
import { lintRules } from './lint-rules.ts';

function found(rule: Rule, over: Partial<Policy> = {}): string[] {
  const [base] = starterPolicies;
  if (!base) throw new Error('no policy ships');
  return lintRules([{ ...base, id: 'mine', rules: [rule], ...over }]).map(
    ({ kind, message }) => `${kind}: ${message}`,
  );
}

test.each<[Rule, string]>([
  [{ action: 'deny', tool: 'shell', args: { comand: 'x' } }, 'useless: no call has args.comand'],
  [{ action: 'deny', tool: ['Read', 'read'], args: { paht: '/x' } }, 'did you mean args.path?'],
  [{ action: 'allow', args: { command: '**' } }, 'broad: args.command "**" is no limit'],
  [{ action: 'allow', tool: 'Bash', args: { line: ['*', 'x'] } }, 'broad: args.line'],
])('finds what is wrong with %j', (rule, message) => {
  expect(found(rule)).toEqual([expect.stringContaining(message)]);
  expect(found(rule, { enabled: false })).toEqual([]);
});

test.each<Rule>([
  { action: 'deny', tool: 'shell', args: { line: 'x', timeout: '1' } },
  { action: 'deny', tool: 'edit', args: { old_string: 'x' } },
  // Of other tools any argument may be right.
  { action: 'deny', tool: 'mcp__x__y', args: { comand: 'x' } },
  { action: 'deny', args: { comand: 'x' } },
  { action: 'allow', tool: 'mcp__x__y', args: { arguments: '*' } },
  { action: 'allow', tool: 'shell', args: { command: 'make *' } },
  { action: 'allow', args: { command: '**' }, session: 'review' },
])('has nothing against %j', (rule) => {
  expect(found(rule)).toEqual([]);
});

test('says one thing once, and nothing of what ships', () => {
  expect(found({ action: 'allow', tool: 'shell', args: { command: '**' } })).toHaveLength(1);
  const slips = lintRules(starterPolicies).filter(({ kind }) => kind === 'useless' || kind === 'broad');
  expect(slips).toEqual([]);
});
