import { CodepiperError } from '@codepiper/core/errors.ts';
import { expect, it } from 'vitest';
import { parsePolicies, parseRules } from './rules-text.ts';

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CodepiperError && error.code === 'invalid_request') return error.message;
    throw error;
  }
  return 'no problem';
}

const rule = { action: 'deny', tool: 'shell' };

it.each([
  ['a map with policies', 'policies:\n  - { name: a, rules: [{ action: deny, tool: shell }] }'],
  ['a list of policies', '- name: a\n  rules:\n    - action: deny\n      tool: shell'],
  ['one policy', 'name: a\nrules:\n  - { action: deny, tool: shell }'],
  ['JSON', '{"policies":[{"name":"a","rules":[{"action":"deny","tool":"shell"}]}]}'],
])('reads %s', (_, text) => {
  expect(parsePolicies(text, 'f').policies).toEqual([
    { name: 'a', enabled: true, priority: 0, rules: [rule] },
  ]);
});

it.each([
  ['a list', '[{"action":"deny","tool":"shell"}]'],
  ['one rule', 'action: deny\ntool: shell'],
  ['a map with rules', 'rules: [{ action: deny, tool: shell }]'],
])('reads rules: %s', (_, text) => {
  expect(parseRules(text, '--rules')).toEqual([rule]);
});

it.each([
  [
    'policies:\n  - name: a\n    rules:\n      - action: deny\n        tol: shell',
    'f:5:9: policy 1, rule 1: unknown key "tol"; did you mean "tool"?',
  ],
  ['- name: a\n  rules: []', 'f:2:10: policy 1: rules: a policy needs at least one rule'],
  [
    'name: a\nrules:\n  - action: dney',
    'f:3:13: rule 1: action: "dney" is none of allow, deny, ask; did you mean "deny"?',
  ],
  ['rules:\n  - action: deny', 'f:1:1: name: is missing'],
  ['name: a\nrules:\n  - tool: x', 'f:3:5: rule 1: action: is missing'],
  [
    'name: a\nrules: [{ action: deny, tool: 5 }]',
    'f:2:31: rule 1: tool: a pattern is a text or a list of texts',
  ],
  ['name: a\nrules: [{ action: deny, args: {} }]', 'f:2:31: rule 1: args: args is empty'],
  ['name: a\nruls: []', 'f:2:1: unknown key "ruls"'],
  ['policies: [', 'f:1:'],
  ['a: *b', 'broken YAML'],
  ['', 'f:1:1: '],
  ['5', 'f:1:1: '],
])('says where %j is wrong', (text, message) => {
  expect(problem(() => parsePolicies(text, 'f'))).toContain(message);
});

it('says where rules are wrong on a command line', () => {
  expect(problem(() => parseRules('[{"action":"deny","tol":"x"}]', '--rules'))).toBe(
    '--rules:1:19: rule 1: unknown key "tol"; did you mean "tool"?',
  );
});

it('tells of several problems, and not of endless ones', () => {
  const text = JSON.stringify(Array.from({ length: 20 }, () => ({ action: 'x' })));
  const said = problem(() => parseRules(text, 'f'));
  expect(said.split('; ')).toHaveLength(9);
  expect(said).toMatch(/and 12 more$/);
});

it('bears a bomb of aliases', () => {
  const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(',')}]`;
  const bomb = ['a: &a [x]', ...'bcdefgh'.split('').map((n, i) => level(n, 'abcdefg'[i] ?? 'a'))].join('\n');
  expect(problem(() => parsePolicies(bomb, 'f'))).toMatch(/broken YAML|unknown key/);
});
