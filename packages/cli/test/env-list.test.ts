import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, test } from 'vitest';
import { parseEnvFile, readVariables } from '../src/env-list.ts';

test.each([
  ['A=1', [['A', '1']]],
  [
    '# note\n\nexport A = x y  # why\r\nB=',
    [
      ['A', 'x y'],
      ['B', ''],
    ],
  ],
  [`A="a\\nb \\"c\\" \\$d #e"`, [['A', 'a\nb "c" $d #e']]],
  [`A='a\\n # b' # note`, [['A', 'a\\n # b']]],
  ['A=b#c', [['A', 'b#c']]],
  ['\ufeffA=1=2', [['A', '1=2']]],
])('%j', (text, pairs) => {
  expect(parseEnvFile(text, 'f')).toEqual(pairs);
});

test.each([
  ['A', 'f:1 is not KEY=VALUE'],
  ['\n1A=x', 'f:2: "1A"'],
  ['A="x', 'not closed'],
  [`A='x'y`, 'not closed'],
])('%j is refused with its line', (text, message) => {
  expect(() => parseEnvFile(text, 'f')).toThrow(message);
});

test('--env wins over files, later files over earlier ones', async () => {
  await using directory = await makeTempDir();
  await writeFile(join(directory.path, 'a'), 'A=1\nB=1\nC=1\n');
  await writeFile(join(directory.path, 'b'), 'B=2\nC=2\n');
  expect(readVariables(['C=3=x'], ['a', 'b'], directory.path)).toEqual({ A: '1', B: '2', C: '3=x' });
  expect(() => readVariables([], ['none'], directory.path)).toThrow('there is no such file');
  await writeFile(join(directory.path, 'c'), Buffer.from([0x41, 0x3d, 0xff]));
  expect(() => readVariables([], ['c'], directory.path)).toThrow('not UTF-8');
});
