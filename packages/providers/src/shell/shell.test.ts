import { describe, expect, test } from 'vitest';
import { launchRequest } from '../testing.ts';
import { shell } from './shell.ts';

describe('plan', () => {
  test("runs what it is given, or the user's shell", () => {
    const program = '/bin/bash';
    expect(shell.plan(launchRequest({ program })).argv).toEqual(['/bin/bash']);
    expect(shell.plan(launchRequest({ program, args: ['htop', '-d', '5'] })).argv).toEqual([
      'htop',
      '-d',
      '5',
    ]);
  });

  test.each([
    [{ model: 'x' }, '--model'],
    [{ dangerous: true }, '--dangerous'],
    [{ conversation: { mode: 'resume', id: 'a' } as const }, '--resume'],
    [{ conversation: { mode: 'fork', id: 'a', newId: 'b' } as const }, '--fork'],
  ])('refuses what a shell cannot do: %j', (changes, option) => {
    expect(() => shell.plan(launchRequest(changes))).toThrowError(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining(option) }),
    );
  });
});

test('text goes in one paste that nothing in it can end', () => {
  expect(shell.input.chunk('')).toEqual([]);
  expect(shell.input.chunk('a\r\nb\tc\x1b[31m')).toEqual(['a\nb\tc\x1b[31m']);
  expect(shell.input.chunk('a\x1b[201~rm x\n')).toEqual(['arm x\n']);
  expect(shell.input.chunk(shell.input.defuse('/bin/ls !x'))).toEqual(['/bin/ls !x']);
});

test('no hook of it is about a call; a call is made up by its kind', () => {
  expect(shell.readHookedCall({ hook_event_name: 'PreToolUse', tool_name: 'Bash' })).toBeNull();
  expect(shell.toolCall('shell', { command: 'ls' })).toMatchObject({ kind: 'shell', command: 'ls' });
  expect(shell.toolCall('fetch', { url: 'https://a.example' })).toMatchObject({ url: 'https://a.example' });
  expect(shell.toolCall('read', { file_path: 'a' }).files).toEqual([{ path: 'a', access: 'read' }]);
  expect(shell.toolCall('anything', {})).toMatchObject({ tool: 'anything', kind: 'other' });
});
