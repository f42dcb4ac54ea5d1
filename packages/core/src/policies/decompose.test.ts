import { describe, expect, it } from 'vitest';
import type { CallPlace, ToolCall } from './call.ts';
import { decompose } from './decompose.ts';
import { unknownText } from './parts.ts';

const place: CallPlace = {
  cwd: '/ws/app',
  workspace: '/ws',
  home: '/home/dev',
  realPath: (path) => {
    const real: string[] = [];
    for (const segment of path.split('/')) {
      if (segment === '..') real.pop();
      else if (segment !== '' && segment !== '.') real.push(segment);
    }
    return `/${real.join('/')}`.replace(/^\/ws\/app\/link(?=\/|$)/, '/etc');
  },
};

function tool(call: Partial<ToolCall>): ToolCall {
  return { tool: 'Tool', kind: 'other', input: {}, command: null, files: [], url: null, mcp: null, ...call };
}

const partsOf = (call: Partial<ToolCall>) => decompose(tool(call), place).parts;

describe('a call of a tool', () => {
  it('is one part per file, by its real path', () => {
    const parts = partsOf({
      kind: 'edit',
      input: { patch: '*** …' },
      files: [
        { path: 'src/a.ts', access: 'write' },
        { path: 'link/hosts', access: 'write' },
        { path: '~/x', access: 'read' },
        { path: '../../etc/y', access: 'write' },
      ],
    });
    expect(parts.map(({ kind, args }) => [kind, args.path, args.patch])).toEqual([
      ['edit', ['/ws/app/src/a.ts'], ['*** …']],
      ['edit', ['/etc/hosts'], ['*** …']],
      ['read', ['/home/dev/x', '/ws/app/~/x'], ['*** …']],
      ['edit', ['/etc/y'], ['*** …']],
    ]);
  });

  it('has the arguments of the agent, other values as canonical JSON', () => {
    const [part] = partsOf({ input: { b: { y: 1, x: [true] }, a: 'text', n: 3, nothing: undefined } });
    expect(part?.args).toEqual({ a: ['text'], b: ['{"x":[true],"y":1}'], n: ['3'] });
  });

  it('has no names of ours that the agent wrote', () => {
    const [part] = partsOf({
      kind: 'write',
      input: { path: '/ws/harmless', command: 'ls', content: 'x' },
      files: [{ path: '/etc/hosts', access: 'write' }],
    });
    expect(part?.args).toEqual({ path: ['/etc/hosts'], content: ['x'] });
    const parts = partsOf({ kind: 'shell', input: { command: 'ls > x', program: 'ls' }, command: 'ls > x' });
    expect(parts.map(({ kind, args }) => [kind, args])).toEqual([
      ['write', { path: ['/ws/app/x'], line: ['ls > x'] }],
      ['shell', { command: ['ls'], program: ['ls'], line: ['ls > x'] }],
    ]);
  });

  it('cannot be allowed without what it touches', () => {
    for (const kind of ['read', 'write', 'edit', 'fetch', 'shell'] as const)
      expect(partsOf({ kind }).every((part) => part.unreadable !== null)).toBe(true);
  });

  it('names server and tool of an MCP call', () => {
    const [part] = partsOf({
      kind: 'mcp',
      mcp: { server: 'git', name: 'push' },
      input: { name: 'x', path: 'y' },
    });
    expect(part?.args).toEqual({
      server: ['git'],
      name: ['push'],
      arguments: ['{"name":"x","path":"y"}'],
      path: ['/ws/app/y'],
    });
  });

  it('has the paths a search looks in', () => {
    const [part] = partsOf({
      kind: 'search',
      input: { path: 'x' },
      files: [{ path: '../y', access: 'read' }],
    });
    expect(part?.args).toEqual({ path: ['/ws/y'] });
  });
});

describe('an address', () => {
  const host = (url: string) => partsOf({ kind: 'fetch', url })[0];

  it.each([
    ['https://Example.com/a?b#c', 'example.com'],
    ['http://user:pw@example.com:8080/', 'example.com'],
    ['https://good.example@evil.example/', 'evil.example'],
    ['http://[::1]/', '[::1]'],
    ['http://127.0.0.1', '127.0.0.1'],
    ['https://example.com.', 'example.com'],
  ])('%s has the host %s', (url, expected) => {
    expect(host(url)).toMatchObject({ args: { url: [url], host: [expected] }, unreadable: null });
  });

  it.each([
    'http://good.example\\@evil.example/',
    'http://evil.example\\.good.example/',
    'http:evil.example',
    'http:///evil.example',
    ' http://evil.example',
    'http://ev\til.example',
    'http://ev%69l.example',
    'http://еvil.example',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'file:x',
    'nonsense',
  ])('%s cannot be read for sure', (url) => {
    expect(host(url)?.unreadable).toMatch(/host/);
  });
});

describe('a command line', () => {
  it('that is empty, or only a comment, does nothing', () => {
    for (const command of ['', '  ', '# rm -rf /', 'x=1', '[[ -f a ]]'])
      expect(partsOf({ kind: 'shell', command })).toMatchObject([
        { args: { program: [':'] }, unreadable: null },
      ]);
  });

  it('is kept whole as it was written', () => {
    expect(decompose(tool({ kind: 'shell', command: ' ls  "a" ' }), place).whole).toBe(' ls  "a" ');
  });

  it('that is too long, or too many, is one part nobody allows', () => {
    for (const command of [`ls ${'x'.repeat(70_000)}`, 'ls;'.repeat(3000), 'ls \0'])
      expect(partsOf({ kind: 'shell', command })).toMatchObject([{ unreadable: expect.any(String) }]);
  });

  it.each(['(', '$(', '{ ', '[[ ! ', 'if ', '$((', '${x:-', '@(', 'f() {'])(
    'that nests %j without end can be allowed by no rule',
    (open) => {
      const parts = partsOf({ kind: 'shell', command: `${open.repeat(10_000)}rm x` });
      expect(parts.some((part) => part.unreadable !== null)).toBe(true);
    },
  );

  it('with an unknown place stays so', () => {
    const [part] = partsOf({ kind: 'shell', command: 'echo a$b' });
    expect(part).toMatchObject({ text: 'echo a$b', args: { command: [`echo a${unknownText}`] } });
  });

  it('shows what hides or turns characters', () => {
    const [part] = partsOf({ kind: 'shell', command: 'echo \u202eevil\u200b' });
    expect(part?.text).toBe('echo \\u{202e}evil\\u{200b}');
  });
});
