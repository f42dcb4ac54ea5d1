import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { sitDown } from '../src/person.ts';

const seat = { cwd: tmpdir(), env: { PATH: process.env.PATH, PS1: '$ ' } };

test('a person types into a program, reads the screen and sees it end', async () => {
  await using person = sitDown(['bash', '--norc'], { ...seat, cols: 60, rows: 10 });
  person.type('echo $((6*7)); stty size');
  person.press('enter');
  expect(await person.waitForText(/^42$/m)).toMatch(/^10 60$/m);
  person.resize(80, 20);
  person.type('stty size');
  person.press('enter');
  await person.waitForText(/^20 80$/m);
  person.type('exit 3');
  person.press('enter');
  expect(await person.exit).toEqual({ code: 3, signal: undefined });
});

test('programs get answers to what they ask the terminal', async () => {
  await using person = sitDown(['bash', '--norc'], seat);
  person.type(String.raw`printf '\e[6n'; IFS= read -rsd R at; printf 'cursor %q\n' "$at"`);
  person.press('enter');
  await person.waitForText(/cursor \$'\\E\[\d+;\d+'/);
});

test('a screen that never comes is shown in the failure', async () => {
  await using person = sitDown(['bash', '-c', 'echo only this; sleep 60'], seat);
  await person.waitForText(/only this/);
  await expect(person.waitForText(/something else/, { timeout: 1 })).rejects.toThrow('the screen\nonly this');
});

test('leaving ends a program that ignores the hang-up', async () => {
  const person = sitDown(['bash', '-c', 'trap "" HUP; echo deaf; while :; do sleep 1; done'], seat);
  await person.waitForText(/deaf/);
  await person[Symbol.asyncDispose]();
  expect((await person.exit).signal).toBe(9);
});
