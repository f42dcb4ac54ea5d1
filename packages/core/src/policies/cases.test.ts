import { expect, test } from 'vitest';
import { caseFileSchema, caseInput, runCases } from './cases.ts';
import type { Verdict } from './verdict.ts';

const verdict = (action: Verdict['action']): Verdict => ({
  action,
  reason: 'r',
  basis: 'rule',
  rule: null,
  parts: [],
});

test('every case is held against what is decided', () => {
  const file = caseFileSchema.parse({
    policies: [
      { name: 'no pushes', rules: [{ action: 'deny', tool: 'shell', args: { command: 'git push*' } }] },
    ],
    default: 'ask',
    cases: [
      { tool: 'shell', command: 'git push', expect: 'deny' },
      { name: 'reads', tool: 'Read', input: { file_path: 'x' }, expect: 'allow', because: 'it is ours' },
    ],
  });
  const results = runCases(file, (one) => verdict(caseInput(one).command === 'git push' ? 'deny' : 'ask'));
  expect(results.map(({ name, passed, verdict: { action } }) => [name, passed, action])).toEqual([
    ['shell git push', true, 'deny'],
    ['reads', false, 'ask'],
  ]);
});

test.each([
  [{ cases: [] }, 'at least one case'],
  [{ cases: [{ tool: 'shell', command: 'x', input: {}, expect: 'deny' }] }, 'not both'],
  [{ cases: [{ tool: 'shell', comand: 'x', expect: 'deny' }] }, 'comand'],
  [{ cases: [{ tool: 'shell', expect: 'refuse' }] }, 'expect'],
  [{ rules: [], cases: [{ tool: 'shell', expect: 'deny' }] }, 'rules'],
])('a file with a mistake is refused: %j', (file, message) => {
  const parsed = caseFileSchema.safeParse(file);
  expect(JSON.stringify(parsed.error?.issues)).toContain(message);
});
