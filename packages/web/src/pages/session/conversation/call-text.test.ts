import { expect, it } from 'vitest';
import { callSummary, changesIn, diffOfPatch } from './call-text.ts';

const call = (text: string, path: string | null = '/w/a.ts') => ({ path, text });

it('says a call in one line', () => {
  expect(callSummary(call('file_path: /w/src/a.ts', '/w/src/a.ts'), '/w')).toBe('src/a.ts');
  expect(callSummary(call('x', '/elsewhere/a.ts'), '/w')).toBe('/elsewhere/a.ts');
  expect(callSummary(call('\nnpm test\nnpm run lint', null), '/w')).toBe('npm test');
  expect(callSummary(call('', null), '/w')).toBe('');
});

it.each([
  ['file_path: /w/a.ts\nold_string: one\ntwo\nnew_string: three\n', 'one\ntwo', 'three\n'],
  ['replace_all: false\nfile_path: /w/a.ts\nold_string: one\nnew_string: ', 'one', ''],
  ['old_string: a: b\nnew_string: content\nreplace_all: true', 'a: b', 'content'],
])('reads an edit: %j', (text, before, after) => {
  expect(changesIn(call(text))).toEqual([{ path: '/w/a.ts', before, after }]);
});

it('reads a file that is written, and several edits of one', () => {
  expect(changesIn(call('file_path: /w/new.md\ncontent: # A\n\ntext\n'))).toEqual([
    { path: '/w/new.md', before: '', after: '# A\n\ntext\n' },
  ]);
  const edits = JSON.stringify([{ old_string: 'a', new_string: 'b' }, { old_string: 1 }, null]);
  expect(changesIn(call(`file_path: /w/a.ts\nedits: ${edits}`))).toEqual([
    { path: '/w/a.ts', before: 'a', after: 'b' },
  ]);
  expect(changesIn(call('file_path: /w/a.ts\nedits: [cut'))).toEqual([]);
});

it('takes nothing else for a change', () => {
  expect(changesIn(call('file_path: /w/a.ts\nlimit: 3'))).toEqual([]);
  expect(changesIn(call('content: of something without a file', null))).toEqual([]);
  expect(diffOfPatch('echo hello')).toBe(null);
});

it('reads a patch of Codex', () => {
  const patch = [
    'input: *** Begin Patch',
    '*** Update File: src/a.ts',
    '@@ function a() {',
    ' same',
    '-old',
    '+new',
    '*** Add File: b.md',
    '+# B',
    '*** End Patch',
    'what follows',
  ];
  expect(diffOfPatch(patch.join('\n'))?.split('\n')).toEqual([
    'diff src/a.ts',
    '@@ -1 +1 @@ function a() {',
    ' same',
    '-old',
    '+new',
    'diff b.md',
    '@@ -1 +1 @@',
    '+# B',
  ]);
});
