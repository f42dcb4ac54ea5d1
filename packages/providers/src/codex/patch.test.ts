import { expect, it } from 'vitest';
import { patchedFiles } from './patch.ts';

it.each([
  ['*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch', ['a.txt']],
  ['  *** Update File:   a b.txt  \n*** Move to: c.txt', ['a b.txt', 'c.txt']],
  ['*** Delete File: ../x\r\n*** Delete File: ../x', ['../x']],
  // What Rust trims and JavaScript does not, and the other way round.
  ['\u0085*** Add File: \u0085/etc/x\u0085', ['/etc/x']],
  ['*** Add File: \ufeff/etc/x', ['\ufeff/etc/x']],
  ['\ufeff*** Add File: /etc/x', []],
  // What JavaScript takes for the end of a line.
  ['*** Add File: a\u2028b', ['a\u2028b']],
  ['*** Add File: ok\r/../../etc/x', ['ok\r/../../etc/x']],
  ['*** Add File:   ', []],
  ['+*** Add File: x', []],
])('%j names %j', (patch, files) => {
  expect(patchedFiles(patch)).toEqual(files);
});

it('is done at once with a line of nothing but space', () => {
  expect(patchedFiles(`*** Add File:${' '.repeat(1_000_000)}x${' '.repeat(1_000_000)}`)).toEqual(['x']);
});
