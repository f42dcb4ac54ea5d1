import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishMoves, type Move, makeMoves } from './moves.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(() => temp[Symbol.asyncDispose]());

const at = (name: string) => join(temp.path, name);
const put = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
};

/** Every file with its text. */
function tree(): Record<string, string> {
  const found = readdirSync(temp.path, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  return Object.fromEntries(
    found
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((path) => [path.slice(temp.path.length + 1), readFileSync(path, 'utf8')]),
  );
}

/** One takes another's place, one a free place, one gives its place up, a directory takes another's, one is not there. */
function prepare(): Move[] {
  put('db', 'old db');
  put('db-wal', 'old wal');
  put('kept/a', 'old a');
  put('.new/db', 'new db');
  put('.new/key', 'new key');
  put('.new/kept/b', 'new b');
  return ['db-wal', 'db', 'key', 'kept', 'config'].map((name) => ({
    target: at(name),
    staged: existsSync(at(`.new/${name}`)) ? at(`.new/${name}`) : null,
    aside: at(`old/${name}`),
  }));
}

const result = {
  db: 'new db',
  'kept/b': 'new b',
  key: 'new key',
  'old/db': 'old db',
  'old/db-wal': 'old wal',
  'old/kept/a': 'old a',
};

it('puts new in the place of old, and keeps the old', () => {
  makeMoves(at('journal'), prepare(), [at('.new')]);
  expect(tree()).toEqual(result);
  expect(existsSync(at('.new'))).toBe(false);
  expect(finishMoves(at('journal'))).toBe(false);
});

describe('a process that was killed', () => {
  const renames = ({ target, staged, aside }: Move): [string, string][] => [
    ...(existsSync(target) ? [[target, aside] as [string, string]] : []),
    ...(staged === null ? [] : [[staged, target] as [string, string]]),
  ];

  it.each([0, 1, 2, 3, 4, 5, 6])('after %i renames: the next one makes the rest', (done) => {
    const moves = prepare();
    writeFileSync(at('journal'), JSON.stringify({ moves, leftovers: [at('.new')] }));
    mkdirSync(at('old'));
    const all = moves.flatMap(renames);
    expect(all).toHaveLength(6);
    for (const [from, to] of all.slice(0, done)) renameSync(from, to);
    expect(finishMoves(at('journal'))).toBe(true);
    expect(tree()).toEqual(result);
  });

  it('before the list was there: nothing has happened', () => {
    prepare();
    const before = tree();
    expect(finishMoves(at('journal'))).toBe(false);
    expect(tree()).toEqual(before);
  });
});

it('does not guess what a damaged list means', () => {
  prepare();
  put('journal', '{"moves":[{');
  const before = tree();
  expect(() => finishMoves(at('journal'))).toThrow(/journal is not the list/);
  expect(tree()).toEqual(before);
});
