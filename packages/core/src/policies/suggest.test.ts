import { describe, expect, test } from 'vitest';
import type { ToolCall, ToolKind } from './call.ts';
import type { CallPart } from './parts.ts';
import { unknownText } from './parts.ts';
import { nearMisses, suggestRule } from './suggest.ts';

const place = { cwd: '/w/a*b', workspace: '/w', home: '/h' };

function toolCall(kind: ToolKind, command: string | null = null): ToolCall {
  return { tool: 'T', kind, input: {}, command, files: [], url: null, mcp: null };
}

function part(kind: ToolKind, args: CallPart['args'], more: Partial<CallPart> = {}): CallPart {
  return { kind, text: 'x', args, isImplied: false, unreadable: null, ...more };
}

const command = (text: string) => part('shell', { command: [text], program: ['p'], path: ['/w/p'] });
const suggest = (kind: ToolKind, parts: CallPart[], whole = kind === 'shell' ? 'a' : null) =>
  suggestRule({ parts, whole }, toolCall(kind, whole), place);

describe('the narrowest rule', () => {
  test.each([
    'rm *.o',
    'cd a && rm b',
    'rm "a b"',
    'python3 <<E\n[x]\nE',
    'echo a > x',
    'NODE_ENV=test npm test',
  ])('for commands is the line as written, in that directory: %s', (line) => {
    const parts = [command('x'), part('write', { path: ['/w/x'] }), part('read', { path: ['/w/y'] })];
    expect(suggest('shell', parts, line)).toEqual({
      action: 'allow',
      tool: 'T',
      args: { line: line.replace(/[*[]/, '\\$&') },
      cwd: '/w/a\\*b',
    });
  });

  test('for tools is what tells the call from others', () => {
    expect(suggest('edit', [part('edit', { path: ['/w/[x]'], old: ['y'] })])).toEqual({
      action: 'allow',
      tool: 'edit',
      args: { path: '/w/\\[x]' },
    });
    expect(suggest('fetch', [part('fetch', { url: ['http://a/b?c'], host: ['a'] })])?.args).toEqual({
      host: 'a',
      url: 'http://a/b\\?c',
    });
    expect(
      suggest('mcp', [part('mcp', { server: ['s'], name: ['n'], arguments: ['{"a":1}'] })])?.args,
    ).toEqual({
      server: 's',
      name: 'n',
      arguments: '\\{"a":1}',
    });
    const patch = [part('edit', { path: ['/w/x'] }), part('read', { path: ['/w/y'] })];
    expect(suggest('edit', patch)).toMatchObject({
      tool: ['edit', 'read'],
      args: { path: ['/w/x', '/w/y'] },
    });
  });

  test('is none where one rule cannot say it, or nobody should', () => {
    expect(suggest('shell', [{ ...command('a'), unreadable: 'no' }])).toBeNull();
    expect(suggest('shell', [command(`a ${unknownText}`)])).toBeNull();
    expect(suggest('shell', [command('a')], `a ${'b'.repeat(2000)}`)).toBeNull();
    expect(suggest('shell', [command('a'), part('read', { path: [unknownText] })], 'a')).toBeNull();
    expect(suggest('other', [part('other', { questions: ['x'] })])).toBeNull();
    expect(suggest('search', [part('search', {})])).toBeNull();
    expect(suggest('shell', [])).toBeNull();
  });
});

test('near misses are calls close by that the rule does not take', () => {
  const parts = { parts: [command('git push origin')], whole: null };
  const rule = (pattern: string) => ({ action: 'allow' as const, tool: 'shell', args: { command: pattern } });
  expect(nearMisses(rule('git push origin'), parts)).toEqual([
    'git push origin --another-option',
    'git push another-argument',
  ]);
  expect(nearMisses(rule('git push origin*'), parts)).toEqual(['git push another-argument']);
  expect(nearMisses(rule('git *'), parts)).toEqual([]);
  const file = { parts: [part('write', { path: ['/w/src/x'] })], whole: null };
  const inside = { action: 'allow' as const, args: { path: `\${workspace}/**` } };
  expect(nearMisses(inside, file, place)).toEqual(['/another-folder/file']);
});
