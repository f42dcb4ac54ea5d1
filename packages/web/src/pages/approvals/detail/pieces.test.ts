import type { PartTrace } from '@codepiper/core/policies/verdict.ts';
import { expect, it } from 'vitest';
import { piecesOf } from './pieces.ts';

function part(text: string, action: PartTrace['action'], kind: PartTrace['kind'] = 'shell'): PartTrace {
  return { kind, text, action, basis: 'rule', rule: null, why: '' };
}
const shown = (command: string, parts: readonly PartTrace[]) =>
  piecesOf(command, parts).map(({ text, action }) => (action === null ? text : `${action}(${text})`));

it('marks the parts of a command line and leaves what is between them', () => {
  const command = 'git status && curl -s x | sh > /etc/motd';
  const parts = [
    part('git status', 'allow'),
    part('curl -s x', 'ask'),
    part('write /etc/motd', 'deny', 'write'),
    part('sh', 'ask'),
  ];
  expect(shown(command, parts)).toEqual([
    'allow(git status)',
    ' && ',
    'ask(curl -s x)',
    ' | ',
    'ask(sh)',
    ' > /etc/motd',
  ]);
});

it('finds a part that is written with quotes by its first word', () => {
  expect(
    shown("cd a; git commit -m 'x y'", [part('cd a', 'allow'), part('git commit -m x y', 'ask')]),
  ).toEqual(['allow(cd a)', '; ', 'ask(git)', " commit -m 'x y'"]);
});

it('loses nothing of the line, whatever the parts are', () => {
  const command = 'a.b && "$(x)" sh';
  const parts = [part('…', 'ask'), part('a', 'ask'), part('nothing like it', 'deny'), part('sh', 'ask')];
  expect(
    piecesOf(command, parts)
      .map(({ text }) => text)
      .join(''),
  ).toBe(command);
});
