import { expect, it } from 'vitest';
import { rulesText } from './rules-text.ts';

it('writes rules as the documentation does', () => {
  const text = rulesText([
    { action: 'allow', tool: 'shell', args: { command: ['pnpm test*', 'pnpm lint*'] } },
    { action: 'deny', tool: ['write', 'edit'], args: { path: '!~/**' }, reason: 'Stay: here.' },
  ]);
  expect(text).toBe(`- action: allow
  tool: shell
  args:
    command: ["pnpm test*", "pnpm lint*"]
- action: deny
  tool: ["write", "edit"]
  args:
    path: "!~/**"
  reason: "Stay: here."
`);
});

it('puts into quotes what YAML would take for something else', () => {
  expect(rulesText([{ action: 'ask', tool: 'null', session: 'yes', cwd: '~', reason: 'a #b' }])).toBe(
    '- action: ask\n  tool: "null"\n  cwd: "~"\n  session: "yes"\n  reason: "a #b"\n',
  );
});
