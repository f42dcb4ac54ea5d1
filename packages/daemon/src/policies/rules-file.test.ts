import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { RulesFile } from './rules-file.ts';

let temp: TempDir;
let path: string;
const open: RulesFile[] = [];
beforeEach(async () => {
  temp = await makeTempDir();
  path = join(temp.path, 'rules.yaml');
});
afterEach(async () => {
  for (const file of open.splice(0)) file[Symbol.dispose]();
  await temp[Symbol.asyncDispose]();
});

function load(pollMs?: number): RulesFile {
  const file = new RulesFile({ path, log: silentLog, ...(pollMs === undefined ? {} : { pollMs }) });
  open.push(file);
  return file;
}
const named = (...names: string[]) =>
  `policies:\n${names.map((name) => `  - { name: ${name}, rules: [{ action: deny }] }\n`).join('')}`;

it('makes policies that hold everywhere, in the order of the file', async () => {
  await writeFile(path, named('b', 'a'));
  const file = load();
  expect(file.problem).toBeNull();
  expect(file.policies).toMatchObject([
    { id: 'file:b', name: 'b', scope: 'global', source: 'file', priority: 0, sessionId: null },
    { id: 'file:a', name: 'a' },
  ]);
  const [first, second] = file.policies ?? [];
  expect(Date.parse(first?.createdAt ?? '')).toBeLessThan(Date.parse(second?.createdAt ?? ''));
});

it.each([
  ['a missing file', null, /rules\.yaml cannot be read: .*ENOENT/],
  [
    'a typo',
    'policies:\n  - { name: a, ruels: [] }',
    /rules\.yaml:2:.*unknown key "ruels"; did you mean "rules"/,
  ],
  ['broken YAML', 'policies: [', /rules\.yaml:1:\d+: broken YAML/],
  ['two of a name', named('a', 'a'), /two policies have the id "a"/],
  ['a session', 'name: a\nscope: session\nrules: [{ action: deny }]', /has scope session/],
  ['what is no UTF-8', Uint8Array.of(0xff, 0xfe), /it is not UTF-8/],
])('has no rules and a problem for %s', async (_, text, problem) => {
  if (text !== null) await writeFile(path, text);
  const file = load();
  expect(file.policies).toBeNull();
  expect(file.problem).toMatch(problem);
});

it('keeps the last good rules when the file breaks or goes, and takes it up again', async () => {
  await writeFile(path, named('a'));
  const file = load();
  await writeFile(path, 'policies: [');
  expect(file.read()).toBe(false);
  expect(file.policies).toMatchObject([{ name: 'a' }]);
  expect(file.problem).toMatch(/broken YAML/);
  await rm(path);
  expect(file.read()).toBe(false);
  expect(file.policies).toMatchObject([{ name: 'a' }]);
  await writeFile(path, named('b'));
  expect(file.read()).toBe(true);
  expect(file.policies).toMatchObject([{ name: 'b' }]);
  expect(file.problem).toBeNull();
});

it.each([
  ['the notice of the file system', 3_600_000],
  ['looking from time to time', 20],
])('learns of a change by %s', async (_, pollMs) => {
  await writeFile(path, named('a'));
  const file = load(pollMs);
  const seen: unknown[] = [];
  file.follow(() => seen.push(file.policies?.map(({ name }) => name)));
  await writeFile(path, named('b'));
  await waitFor('the change', () => seen.length === 1);
  // As editors do.
  await writeFile(`${path}.new`, named('c', 'd'));
  await rename(`${path}.new`, path);
  await waitFor('the new file', () => seen.length === 2);
  expect(seen).toEqual([['b'], ['c', 'd']]);
});
