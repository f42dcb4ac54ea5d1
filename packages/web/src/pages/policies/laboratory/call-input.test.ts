import { expect, it } from 'vitest';
import { inputOf } from './call-input.ts';

it('takes a text for the one argument that matters, and JSON as it is', () => {
  expect(inputOf('shell', 'git push')).toEqual({ command: 'git push' });
  expect(inputOf('Read', '/etc/passwd')).toEqual({ file_path: '/etc/passwd' });
  expect(inputOf('shell', '{ "command": "ls" }')).toEqual({ command: 'ls' });
  expect(inputOf('mcp__board__list', '')).toEqual({});
  expect(inputOf('mcp__board__list', '{"a": 1}')).toEqual({ a: 1 });
});

it('takes a command that begins with a brace for a command', () => {
  expect(inputOf('shell', '{ ls; } > x')).toEqual({ command: '{ ls; } > x' });
});

it('says what is no input', () => {
  expect(inputOf('mcp__board__list', '[1]')).toBeInstanceOf(Error);
  expect(inputOf('mcp__board__list', 'x')).toBeInstanceOf(Error);
});
