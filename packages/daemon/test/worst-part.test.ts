import type { CallPlace, ToolCall } from '@codepiper/core/policies/call.ts';
import { compilePolicies } from '@codepiper/core/policies/compile.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import { judge } from '@codepiper/core/policies/judge.ts';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const policy: Policy = {
  id: 'p',
  name: 'p',
  description: null,
  enabled: true,
  priority: 0,
  scope: 'global',
  sessionId: null,
  source: 'user',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
  rules: [
    { action: 'deny', tool: 'shell', args: { program: ['shutdown', 'mkfs'] } },
    { action: 'deny', tool: 'write', args: { path: '/etc/**' } },
    { action: 'ask', tool: 'shell', args: { command: 'npm publish*' } },
    {
      action: 'allow',
      tool: 'shell',
      args: {
        program: ['ls', 'git', 'npm', 'echo', 'bash', 'sh', 'env', 'timeout', 'eval', 'xargs', 'find'],
      },
    },
    { action: 'allow', tool: 'shell', args: { program: ['nohup', 'true', 'cat', 'tee', 'exec', 'command'] } },
    { action: 'allow', tool: ['read', 'write'], args: { path: ['/ws/**', '!/ws/.git/**'] } },
  ],
};

const compiled = compilePolicies([policy]);
const place: CallPlace = { cwd: '/ws', workspace: '/ws', home: '/home/dev', realPath: (path) => path };
const ranks = ['allow', 'agent', 'ask', 'deny'];

function rank(command: string): number {
  const call: ToolCall = {
    tool: 'Bash',
    kind: 'shell',
    input: { command },
    command,
    files: [],
    url: null,
    mcp: null,
  };
  const { action } = judge({
    compiled,
    parts: decompose(call, place),
    call,
    session: { id: 's', name: null },
    place,
    defaultAction: 'ask',
    dangerous: false,
    now: 0,
  });
  return ranks.indexOf(action);
}

/** A command and how permitted its worst part is. */
interface Judged {
  command: string;
  worst: number;
}

const simple = fc
  .constantFrom(
    ...['ls -la', 'git status', 'npm test', 'echo "a; shutdown"', 'echo x > out.txt', 'cat < in.txt'],
    ...['npm publish', 'unheard of', '$x', 'cat < ../secret', 'echo x > .git/hooks/y', 'LD_PRELOAD=x ls'],
    ...['shutdown now', '/sbin/mkfs x', 'echo x > /etc/hosts', 'tee /etc/motd', './shutdown', "'shut''down'"],
  )
  .map((command): Judged => ({ command, worst: rank(command) }));

const quote = (script: string) => `'${script.replaceAll("'", `'\\''`)}'`;
const two = [' && ', ' || ', '; ', ' | ', ' & ', '\n', ' |& ', ' # x\n'];
const one: ((script: string) => string)[] = [
  (a) => `( ${a} )`,
  (a) => `{ ${a}\n}`,
  (a) => `echo $(${a}\n)`,
  (a) => `echo "$(${a}\n)"`,
  (a) => `cat <(${a}\n)`,
  (a) => `bash -c ${quote(a)}`,
  (a) => `sh -c ${quote(a)}`,
  (a) => `env bash -c ${quote(a)}`,
  (a) => `timeout 5 bash -lc ${quote(a)}`,
  (a) => `eval ${quote(a)}`,
  (a) => `bash <<< ${quote(a)}`,
  // Each with an end of its own: one inside another would end it.
  (a) => `{ cat <<END${a.length}\n$(${a}\n)\nEND${a.length}\n}`,
  (a) => `find . -exec bash -c ${quote(a)} \\;`,
  (a) => `echo x | xargs nohup sh -c ${quote(a)}`,
  (a) => `if true; then ${a}\nfi`,
  (a) => `for i in 1 2; do ${a}\ndone`,
  (a) => `case x in *) ${a}\n;; esac`,
  (a) => `f() { ${a}\n}; f`,
  (a) => `{ ! ${a}\n}`,
  (a) => `{ time ${a}\n}`,
  (a) => `x=$(${a}\n) ls`,
];

const compound = fc.letrec<{ tree: Judged }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    simple,
    fc
      .tuple(tie('tree'), fc.constantFrom(...two), tie('tree'))
      .map(
        ([a, by, b]): Judged => ({ command: a.command + by + b.command, worst: Math.max(a.worst, b.worst) }),
      ),
    fc
      .tuple(tie('tree'), fc.constantFrom(...one))
      .map(([a, nest]): Judged => ({ command: nest(a.command), worst: a.worst })),
  ),
})).tree;

describe('a compound command', () => {
  it('is never more permitted than its worst part', () => {
    fc.assert(
      fc.property(compound, ({ command, worst }) => {
        expect(ranks[Math.max(rank(command), worst)]).toBe(ranks[rank(command)]);
      }),
      { numRuns: 1500 },
    );
  });

  it('of allowed parts is allowed', () => {
    for (const by of two) expect(rank(`ls -la${by}git status`)).toBe(0);
    for (const nest of one.slice(0, 10)) expect(rank(nest('ls -la'))).toBe(0);
  });
});
