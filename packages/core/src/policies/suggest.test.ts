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
const suggest = (kind: ToolKind, parts: CallPart[]) =>
  suggestRule({ parts, whole: null }, toolCall(kind, kind === 'shell' ? 'line' : null), place);

describe('the narrowest rule', () => {
  test('for commands is each of them, word for word, in that directory', () => {
    expect(
      suggest('shell', [command('rm *.o'), part('write', { path: ['/w/x'] }, { isImplied: true })]),
    ).toEqual({
      action: 'allow',
      tool: 'shell',
      args: { command: 'rm \\*.o' },
      cwd: '/w/a\\*b',
    });
    expect(suggest('shell', [command('a'), command('b {c}'), command('a')])?.args).toEqual({
      command: ['a', 'b \\{c}'],
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
    expect(suggest('mcp', [part('mcp', { server: ['s'], name: ['n'] })])?.args).toEqual({
      server: 's',
      name: 'n',
    });
    const patch = [part('edit', { path: ['/w/x'] }), part('read', { path: ['/w/y'] })];
    expect(suggest('edit', patch)).toMatchObject({
      tool: ['edit', 'read'],
      args: { path: ['/w/x', '/w/y'] },
    });
  });

  test('is none where one rule cannot say it, or nobody should', () => {
    expect(suggest('shell', [command('a'), part('write', { path: ['/w/x'] })])).toBeNull();
    expect(suggest('shell', [{ ...command('a'), unreadable: 'no' }])).toBeNull();
    expect(suggest('shell', [command(`a ${unknownText}`)])).toBeNull();
    expect(
      suggest(
        'shell',
        Array.from({ length: 201 }, (_, at) => command(`a ${at}`)),
      ),
    ).toBeNull();
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
