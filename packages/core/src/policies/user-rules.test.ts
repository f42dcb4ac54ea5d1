// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of patterns
import { describe, expect, it } from 'vitest';
import type { CallPlace, ToolCall } from './call.ts';
import { compilePolicies } from './compile.ts';
import { decompose } from './decompose.ts';
import { judge } from './judge.ts';
import type { Rule } from './policy.ts';
import { suggestRule } from './suggest.ts';

/** `link` leads to /home/dev/app/a/b. */
const place: CallPlace = {
  cwd: '/home/dev/app',
  workspace: '/home/dev/app',
  home: '/home/dev',
  realPath: (path) => {
    let real = '';
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      real = name === '..' ? real.slice(0, real.lastIndexOf('/')) : `${real}/${name}`;
      if (real === '/home/dev/app/link') real = '/home/dev/app/a/b';
    }
    return real || '/';
  },
};

function tool(call: Partial<ToolCall>): ToolCall {
  return { tool: 'Tool', kind: 'other', input: {}, command: null, files: [], url: null, mcp: null, ...call };
}

const bash = (command: string) => tool({ tool: 'Bash', kind: 'shell', input: { command }, command });
const fetches = (url: string) => tool({ tool: 'WebFetch', kind: 'fetch', input: { url }, url });
const mcp = (input: ToolCall['input']) =>
  tool({ tool: 'mcp__fs__write', kind: 'mcp', input, mcp: { server: 'fs', name: 'write' } });

function verdict(rules: Rule[], call: ToolCall): string {
  const at = '2026-01-01T00:00:00.000Z';
  const policy = {
    id: 'p',
    name: 'mine',
    description: null,
    enabled: true,
    priority: 0,
    scope: 'global' as const,
    sessionId: null,
    rules,
    source: 'user' as const,
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
  };
  return judge({
    compiled: compilePolicies([policy]),
    parts: decompose(call, place),
    call,
    session: { id: 's', name: null },
    place,
    defaultAction: 'ask',
    dangerous: false,
    now: 0,
  }).action;
}

describe('a rule that denies, before one that allows a program which runs others', () => {
  const rules: Rule[] = [
    { action: 'deny', tool: 'shell', args: { command: 'rm -rf *' } },
    { action: 'deny', tool: 'shell', args: { program: ['curl', 'wget'] } },
    { action: 'deny', tool: ['write', 'edit'], args: { path: ['**', '!${workspace}/**'] } },
    { action: 'allow', tool: 'shell', args: { program: ['pnpm', 'npm', 'npx', 'uv', 'git', 'ssh'] } },
    { action: 'allow', tool: 'shell', args: { program: ['docker', 'tmux', 'cross-env'] } },
  ];

  it.each([
    'pnpm exec rm -rf dist',
    'pnpm --filter app exec rm -rf dist',
    'npm exec -- rm -rf dist',
    'npx -c "cd x && rm -rf dist"',
    'npx -y -p tool curl example.com',
    'npx curl example.com',
    'uv run --no-sync wget example.com',
    'ssh -p 22 host rm -rf /srv',
    'ssh host "cd /srv; rm -rf x"',
    'docker exec -it box rm -rf /srv',
    'docker run --rm image sh -c "curl example.com"',
    'tmux new-session -d "rm -rf x"',
    'cross-env A=1 rm -rf x',
    'npx cp README.md ../x',
    'git archive -o ../x HEAD',
    'git clone -b main https://example.com/x ../x',
    'git clone https://example.com/x /srv/x',
    'git worktree add -b new ../x',
    'git -C .. init',
    'git mv a ../b',
    'git bundle create ../x HEAD',
    'git format-patch -o .. HEAD~1',
  ])('speaks of %s', (command) => {
    expect(verdict(rules, bash(command))).toBe('deny');
  });

  it.each([
    'pnpm exec tsc --noEmit',
    'npx vitest run src',
    'pnpm test',
    'uv run pytest -q',
    'git clone -b main https://example.com/x',
    'git checkout -b new',
    'ssh host "cat /etc/os-release > /srv/x"',
    'docker run image ls /etc',
    'git config user.name x',
    'git config --get core.pager',
  ])('says nothing of %s', (command) => {
    expect(verdict(rules, bash(command))).toBe('allow');
  });

  it('is asked about settings that make git run a command later', () => {
    for (const command of [
      'git config alias.x "!rm -rf x"',
      'git config set core.pager x',
      'git config --add core.hooksPath x',
      'git config -e',
    ])
      expect(verdict(rules, bash(command))).toBe('ask');
  });
});

describe('a rule that denies, before one that allows everything', () => {
  const rules: Rule[] = [
    { action: 'deny', tool: 'shell', args: { program: 'curl' } },
    { action: 'deny', tool: 'fetch', args: { host: ['evil.com', '169.254.*'] } },
    { action: 'allow' },
  ];

  it.each(['=curl x', 'git -c alias.x="!curl x" x', 'echo "', `ls ${'x'.repeat(33_000)}`, 'env -S "curl x"'])(
    'may speak of what cannot be read: %.40s',
    (command) => {
      expect(verdict(rules, bash(command))).toBe('ask');
    },
  );

  it.each([
    'http://2852039166/',
    'http://0xa9.0xfe.1/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[0:0::1]/',
    'http://ev%69l.com/',
    'http:evil.com',
    'http://evil\u3002com/',
    ' http://evil.com',
  ])('may speak of an address that can be read in several ways: %s', (url) => {
    expect(verdict(rules, fetches(url))).toBe('ask');
  });

  it('says nothing of what can be read', () => {
    expect(verdict(rules, bash('ls -la'))).toBe('allow');
    expect(verdict(rules, fetches('http://[::1]:80/x'))).toBe('allow');
    expect(verdict(rules, fetches('https://example.com/x'))).toBe('allow');
  });
});

describe('a star in the host of an address', () => {
  const rules: Rule[] = [
    { action: 'allow', tool: 'fetch', args: { url: ['https://*.example.com/*', 'http://x.org*'] } },
  ];

  it.each([
    'https://evil.com/x.example.com/',
    'https://evil.com?x.example.com/',
    'https://evil.com#x.example.com/',
    'https://evil.com:1/?https://x.example.com/',
    'https://x.example.com:1@evil.com/',
  ])('does not reach %s', (url) => {
    expect(verdict(rules, fetches(url))).toBe('ask');
  });

  it('stands for hosts', () => {
    expect(verdict(rules, fetches('https://api.v2.example.com/a/b?c'))).toBe('allow');
    expect(verdict(rules, fetches('http://x.org/a/b'))).toBe('allow');
    const everything: Rule[] = [{ action: 'allow', tool: 'fetch', args: { url: 'https://*' } }];
    expect(verdict(everything, fetches('https://a.b/c/d'))).toBe('allow');
  });
});

describe('a path', () => {
  const rules: Rule[] = [
    { action: 'allow', tool: 'mcp', args: { path: '${workspace}/**' } },
    { action: 'allow', tool: 'Tool', args: { file_path: '/home/dev/app/**' } },
    { action: 'allow', tool: 'write', args: { path: '${workspace}/**' } },
  ];
  const writes = (path: string) => tool({ kind: 'write', files: [{ path, access: 'write' }] });

  it('is a real one by whatever name the agent has for it', () => {
    expect(verdict(rules, mcp({ path: '/home/dev/app/x' }))).toBe('allow');
    expect(verdict(rules, mcp({ path: '/home/dev/app/../x' }))).toBe('ask');
    expect(verdict(rules, tool({ input: { file_path: 'src/x' } }))).toBe('allow');
    expect(verdict(rules, tool({ input: { file_path: '/home/dev/app/../x' } }))).toBe('ask');
  });

  it.each(['link/../../x', '~/../../home/dev/app/x'])('is all that programs may take it for: %s', (path) => {
    expect(verdict(rules, writes(path))).toBe('ask');
    expect(verdict(rules, mcp({ path }))).toBe('ask');
  });

  it('may be anywhere when there are too many', () => {
    const names = Array.from({ length: 1001 }, (_, at) => ({ path: `f${at}`, access: 'write' as const }));
    expect(verdict(rules, tool({ kind: 'write', files: names.slice(1) }))).toBe('allow');
    expect(verdict(rules, tool({ kind: 'write', files: names }))).toBe('ask');
  });
});

it('reads inputs of any shape', () => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
  const wide = Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`k${at}`, at]));
  const rules: Rule[] = [{ action: 'allow', tool: 'Tool', args: { a: '*', k0: '0' } }];
  expect(verdict(rules, tool({ input: { a: deep, k0: 0 } }))).toBe('allow');
  expect(verdict(rules, tool({ input: { ...wide, a: 1 } }))).toBe('ask');
  const proto = JSON.parse('{"__proto__": {"a": 1, "k0": 0}}') as ToolCall['input'];
  expect(verdict(rules, tool({ input: proto }))).toBe('ask');
});

describe('the rule that is kept for a call', () => {
  const calls = [
    'cd build && rm -rf x',
    'rm -rf x',
    'cd build',
    'cd build; rm -rf x',
    'git commit -m "a b"',
    'git commit -m a b',
    'python3 <<E\nprint(1)\nE',
    'python3 <<E\nprint(2)\nE',
    'python3',
    'echo 1 | python3',
    'python3 -',
    'NODE_ENV=test npm run reset',
    'NODE_ENV=production npm run reset',
    'npm run reset',
    'echo x > f',
    'echo x >> f',
    'echo y > f',
    'rm [ab]',
    'rm a',
    'LANG=C ls',
    'ls',
    'ls | sh -c "cat"',
  ].map(bash);
  const others = [
    fetches('https://example.com/a?b'),
    fetches('https://example.com/a?c'),
    fetches('https://example.com/axb'),
    mcp({ path: 'x', content: 'a' }),
    mcp({ path: 'x', content: 'b' }),
    mcp({ path: 'x', content: 'a', force: true }),
    mcp({}),
  ];

  it.each([...calls, ...others].map((call) => ({ call, text: call.command ?? JSON.stringify(call.input) })))(
    'allows no other one: $text',
    ({ call }) => {
      const rule = suggestRule(decompose(call, place), call, place);
      if (!rule) return;
      expect(verdict([rule], call)).toBe('allow');
      const alike = [...calls, ...others].filter((one) => verdict([rule], one) === 'allow');
      expect(alike).toEqual([call]);
    },
  );

  it('is there for most of them', () => {
    const kept = [...calls, ...others].filter((call) => suggestRule(decompose(call, place), call, place));
    expect(kept.length).toBeGreaterThan(25);
  });
});
