import { describe, expect, test } from 'vitest';
import type { ToolCall, ToolKind } from './call.ts';
import { compilePolicies } from './compile.ts';
import { decompose } from './decompose.ts';
import { judge } from './judge.ts';
import { lintPolicies } from './lint.ts';
import { policySchema, policySetSchema } from './policy.ts';
import { starterPolicies, starterSets } from './starter-sets.ts';

const home = '/home/dev';
const workspace = `${home}/app`;
/** Takes `.` and `..` out; there are no links here. */
function realPath(path: string): string {
  const found: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') found.pop();
    else if (name !== '' && name !== '.') found.push(name);
  }
  return `/${found.join('/')}`;
}

const place = { cwd: workspace, workspace, home, realPath };

function toolCall(tool: string, kind: ToolKind, more: Partial<ToolCall>): ToolCall {
  return { tool, kind, input: {}, command: null, files: [], url: null, mcp: null, ...more };
}

/** What each set says of a call, in the order read-only, careful, workspace-write, ci. */
function verdicts(call: ToolCall): string {
  const parts = decompose(call, place);
  return starterSets
    .map((set) => {
      const compiled = compilePolicies(starterPolicies.filter(({ id }) => set.policyIds.includes(id)));
      const session = { id: 's', name: null };
      return judge({ compiled, parts, call, session, place, defaultAction: 'ask', dangerous: false, now: 0 })
        .action;
    })
    .join(' ');
}

const shell = (command: string) => toolCall('Bash', 'shell', { command });
const file = (kind: 'read' | 'write' | 'edit', path: string) =>
  toolCall('T', kind, { files: [{ path, access: kind === 'read' ? 'read' : 'write' }] });

describe('the starter sets', () => {
  test('are valid, name policies that are there, and lint finds nothing', () => {
    for (const policy of starterPolicies) expect(policySchema.parse(policy)).toEqual(policy);
    const ids = starterPolicies.map(({ id }) => id);
    for (const set of starterSets) {
      expect(policySetSchema.parse(set)).toEqual(set);
      expect(ids).toEqual(expect.arrayContaining(set.policyIds));
    }
    expect(starterSets.map(({ id }) => id)).toEqual(['read-only', 'careful', 'workspace-write', 'ci']);
    for (const set of starterSets) {
      expect(lintPolicies(starterPolicies.filter(({ id }) => set.policyIds.includes(id)))).toEqual([]);
    }
  });

  test.each([
    ['ls -la src', 'allow allow allow allow'],
    ['cat src/a.ts | head -20', 'allow allow allow allow'],
    ['wc -l src/*.ts', 'allow allow allow allow'],
    ['git log --oneline -5 && git status -sb', 'allow allow allow allow'],
    ['[ -f a.ts ] && echo yes', 'allow allow allow allow'],
    ["sed -n '1,20p' a.ts", 'allow allow allow allow'],
    ['timeout 5 rg -n foo src', 'allow allow allow allow'],
    ['cat /etc/passwd', 'ask ask ask deny'],
    ['cd /etc && cat passwd', 'ask ask ask deny'],
    ['cat .env', 'ask ask ask deny'],
    ['ls ~/.ssh', 'ask ask ask deny'],
    ['cat $FILE', 'ask ask ask deny'],
    ['git log --output=x', 'deny ask ask deny'],
    ['git diff -O foo', 'deny ask ask deny'],
    ['git grep -nO foo', 'deny ask ask deny'],
    ['git -c core.pager=x log', 'deny ask ask deny'],
    ['sort -uo b a', 'deny ask ask deny'],
    ['sort --outp b a', 'deny ask ask deny'],
    ['uniq a b', 'deny ask ask deny'],
    ['rg --pre x foo', 'deny ask ask deny'],
    ['find . -fprint x', 'deny ask ask deny'],
    ['find . -exec rm {} +', 'deny ask ask deny'],
    ['fd -Hx rm', 'deny ask ask deny'],
    ["sed -n '1,5p;w x' a", 'deny ask ask deny'],
    ["sed -n '1,5p ;w x'", 'deny ask ask deny'],
    ['date -s 2020-01-01', 'deny ask ask deny'],
    ['hostname x', 'deny ask ask deny'],
    ['env', 'deny ask ask deny'],
    ['npm test', 'deny ask ask deny'],
    ['mkdir -p src/new && touch src/new/a.ts', 'deny ask allow allow'],
    ['cp a.ts b.ts', 'deny ask allow allow'],
    ['echo hi > out.txt', 'deny ask allow allow'],
    ['mkdir /opt/x', 'deny ask deny deny'],
    ['mv a ../b', 'deny ask deny deny'],
    ['echo hi > /etc/x', 'deny ask deny deny'],
    ['cp a .git/hooks/pre-commit', 'deny ask ask deny'],
    ['cp -r .git copy', 'deny ask ask deny'],
    ['touch $X', 'deny ask ask deny'],
    ['rm -rf /', 'deny ask deny deny'],
  ])('%s: %s', (command, expected) => {
    expect(verdicts(shell(command))).toBe(expected);
  });

  test('tools that read, write, fetch and ask', () => {
    expect(verdicts(file('read', 'src/a.ts'))).toBe('allow allow allow allow');
    expect(verdicts(file('read', '/etc/hosts'))).toBe('ask ask ask deny');
    expect(verdicts(file('read', '.env.local'))).toBe('ask ask ask deny');
    expect(verdicts(file('read', '.env.example'))).toBe('allow allow allow allow');
    expect(verdicts(file('write', 'src/a.ts'))).toBe('deny ask allow allow');
    expect(verdicts(file('edit', '../other/a.ts'))).toBe('deny ask deny deny');
    expect(verdicts(file('write', '.git/config'))).toBe('deny ask ask deny');
    expect(verdicts(file('write', '.claude/settings.json'))).toBe('deny ask ask deny');
    expect(verdicts(toolCall('WebFetch', 'fetch', { url: 'https://example.com/' }))).toBe('ask ask ask deny');
    expect(verdicts(toolCall('mcp__a__b', 'mcp', { mcp: { server: 'a', name: 'b' } }))).toBe(
      'ask ask ask deny',
    );
    expect(verdicts(toolCall('TodoWrite', 'other', {}))).toBe('allow allow allow allow');
  });
});
