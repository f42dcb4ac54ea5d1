import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedaction } from '../audit/redaction.ts';
import { diffOf, summarize } from './describe.ts';

let work: TempDir;
beforeEach(async () => {
  work = await makeTempDir();
});
afterEach(() => work[Symbol.asyncDispose]());

const call = (change: Partial<ToolCall>): ToolCall => ({
  tool: 'Bash',
  kind: 'shell',
  input: {},
  command: null,
  files: [],
  url: null,
  mcp: null,
  ...change,
});
const edit = (input: Record<string, unknown>, tool = 'Edit'): ToolCall =>
  call({
    tool,
    kind: tool === 'Write' ? 'write' : 'edit',
    input,
    files: [{ path: String(input.file_path), access: 'write' }],
  });
const file = (name: string) => join(work.path, name);

describe('the change as a diff', () => {
  it('of Edit, against the file as it is', async () => {
    await writeFile(file('a.ts'), 'one\ntwo\nthree\n');
    const diff = await diffOf(
      edit({ file_path: file('a.ts'), old_string: 'two', new_string: '2 $& $1' }),
      work.path,
    );
    expect(diff).toContain('--- a.ts\n+++ a.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+2 $& $1\n three\n');
  });

  it.each([
    [true, 'x\nx\n'],
    [false, 'x\na\n'],
  ])('of Edit with replace_all %s', async (all, after) => {
    await writeFile(file('a'), 'a\na\n');
    const diff = await diffOf(
      edit({ file_path: file('a'), old_string: 'a', new_string: 'x', replace_all: all }),
      work.path,
    );
    expect(diff?.match(/^\+x$/gm)).toHaveLength(after.split('x').length - 1);
  });

  it('of MultiEdit, one edit after the other', async () => {
    await writeFile(file('a'), 'a\n');
    const edits = [
      { old_string: 'a', new_string: 'b' },
      { old_string: 'b', new_string: 'c' },
    ];
    expect(await diffOf(edit({ file_path: file('a'), edits }, 'MultiEdit'), work.path)).toContain('-a\n+c\n');
  });

  it('of Write, for a new file and one that is there', async () => {
    const write = (name: string) =>
      diffOf(edit({ file_path: file(name), content: 'new\n' }, 'Write'), work.path);
    expect(await write('fresh')).toContain('--- /dev/null\n+++ fresh\n@@ -0,0 +1,1 @@\n+new\n');
    await writeFile(file('old'), 'old\n');
    expect(await write('old')).toContain('-old\n+new\n');
  });

  it('of apply_patch is its patch', async () => {
    const command = '*** Begin Patch\n*** Update File: a\n-x\n+y\n*** End Patch';
    expect(await diffOf(call({ tool: 'apply_patch', kind: 'edit', input: { command } }), work.path)).toBe(
      command,
    );
  });

  it('is none where the edit would fail, the file is too large, or nothing is changed', async () => {
    await writeFile(file('a'), 'a');
    await writeFile(file('big'), 'x'.repeat(1_048_577));
    expect(
      await diffOf(edit({ file_path: file('a'), old_string: 'z', new_string: 'y' }), work.path),
    ).toBeNull();
    expect(
      await diffOf(edit({ file_path: file('no'), old_string: 'z', new_string: 'y' }), work.path),
    ).toBeNull();
    expect(await diffOf(call({ command: 'ls' }), work.path)).toBeNull();
    await expect(
      diffOf(edit({ file_path: file('big'), content: 'x' }, 'Write'), work.path),
    ).rejects.toThrow();
  });

  it('does not wait for what is no plain file', async () => {
    await mkdir(file('folder'));
    await symlink('/dev/zero', file('endless'));
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', file('pipe')]);
    for (const name of ['folder', 'endless', 'pipe']) {
      await expect(
        diffOf(edit({ file_path: file(name), content: 'x' }, 'Write'), work.path),
      ).rejects.toThrow();
    }
  });
});

describe('the summary', () => {
  const { input: redact } = createRedaction(() => 'f'.repeat(16));
  const line = (change: Partial<ToolCall>, more: Partial<Parameters<typeof summarize>[1]> = {}) =>
    summarize(call(change), { kind: 'tool', questions: [], cwd: '/work', diff: null, ...more }, redact);
  const question = { question: 'Which?', header: null, options: [], multiSelect: false };

  it.each([
    [line({ command: 'npm test' }), 'npm test'],
    [line({ command: '\ncat <<EOF\nhello\nEOF' }), 'cat <<EOF …'],
    [line({ kind: 'fetch', url: 'https://example.org' }), 'fetch https://example.org'],
    [line({ kind: 'mcp', mcp: { server: 'github', name: 'create_issue' } }), 'github/create_issue'],
    [
      line(
        { kind: 'edit', files: [{ path: '/work/src/a.ts', access: 'write' }] },
        { diff: '--- a\n+++ a\n@@\n-x\n+y\n+z\n' },
      ),
      'edit src/a.ts (+2 −1)',
    ],
    [line({ kind: 'write', files: [{ path: '/etc/hosts', access: 'write' }] }), 'write /etc/hosts'],
    [line({}, { kind: 'question', questions: [question, question] }), 'Which? / Which?'],
    [line({ input: { plan: '# Plan\n1. do' } }, { kind: 'plan' }), 'plan: # Plan …'],
    [line({ tool: 'Weird', kind: 'other', input: { a: 1 } }), 'Weird {"a":1}'],
  ])('%s', (summary, expected) => {
    expect(summary).toBe(expected);
  });

  it('has no half of a secret at its end, and none that only its name tells', () => {
    const token = `ghp_${'a1'.repeat(20)}`;
    expect(line({ command: `${'x'.repeat(185)} ${token}` })).not.toContain('ghp_');
    const input = { env: { PLACE: 'my-own-words' }, password: 12345678 };
    expect(line({ tool: 'Weird', kind: 'other', input })).not.toMatch(/my-own-words|12345678/);
  });

  it('is one line and no novel', () => {
    const long = line({ command: `echo ${'x\t'.repeat(500)}` });
    expect(long).toHaveLength(200);
    expect(long).not.toMatch(/\s{2}|\t/);
  });
});
