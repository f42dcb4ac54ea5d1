import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findProgram, packageVersion } from './programs.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const at = (...parts: string[]) => join(temp.path, ...parts);
const program = (path: string, mode = 0o755) => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
};

it('finds the first program of the name on a PATH, and passes over what cannot be run', () => {
  program(at('a', 'tool'), 0o644);
  mkdirSync(at('b', 'tool'), { recursive: true });
  program(at('c', 'tool'));
  const path = ['relative', at('missing'), at('a'), at('b'), at('c')].join(':');
  expect(findProgram('tool', path)).toBe(at('c', 'tool'));
  expect(findProgram('other', path)).toBeNull();
  expect(findProgram('tool', undefined)).toBeNull();
});

it('takes a path as it is', () => {
  program(at('tool'));
  expect(findProgram(at('tool'), '')).toBe(at('tool'));
  expect(findProgram(at('none'), '')).toBeNull();
});

it('reads the version from the package a link leads to, without the platform behind it', () => {
  program(at('lib', '@vendor', 'agent-linux-x64', 'vendor', 'bin', 'agent'));
  const manifest = { name: '@vendor/agent-linux-x64', version: '1.2.3-linux-x64' };
  writeFileSync(at('lib', '@vendor', 'agent-linux-x64', 'package.json'), JSON.stringify(manifest));
  mkdirSync(at('bin'));
  symlinkSync(at('lib', '@vendor', 'agent-linux-x64', 'vendor', 'bin', 'agent'), at('bin', 'agent'));
  expect(packageVersion(at('bin', 'agent'), '@vendor/agent')).toBe('1.2.3');
  expect(packageVersion(at('bin', 'agent'), '@other/agent')).toBeNull();
});

it('reads the version from a path that names it, as the own installer of an agent leaves it', () => {
  program(at('share', 'versions', '2.1.329'));
  symlinkSync(at('share', 'versions', '2.1.329'), at('agent'));
  expect(packageVersion(at('agent'), '@vendor/agent')).toBe('2.1.329');
});
