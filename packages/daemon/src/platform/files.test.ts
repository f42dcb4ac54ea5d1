import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePrivateDirectory, readTextFile, writePrivateFile } from './files.ts';

let temp: TempDir;
const umask = process.umask();
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  process.umask(umask);
  await temp[Symbol.asyncDispose]();
});
const mode = (path: string) => lstatSync(path).mode & 0o777;

describe.each([0o000, 0o022, 0o077, 0o277])('with umask %o', (mask) => {
  it('gives the same modes', () => {
    process.umask(mask);
    const directory = join(temp.path, 'a/b');
    ensurePrivateDirectory(join(temp.path, 'a'));
    ensurePrivateDirectory(directory);
    writePrivateFile(join(directory, 'f'), 'x');
    writePrivateFile(join(directory, 'p'), 'x', 0o700);
    expect([mode(directory), mode(join(directory, 'f')), mode(join(directory, 'p'))]).toEqual([
      0o700, 0o600, 0o700,
    ]);
  });
});

describe('ensurePrivateDirectory', () => {
  it('closes an existing directory to others', () => {
    chmodSync(temp.path, 0o755);
    ensurePrivateDirectory(temp.path);
    expect(mode(temp.path)).toBe(0o700);
  });

  it('refuses a link, with or without a slash, and a file', () => {
    mkdirSync(join(temp.path, 'real'));
    symlinkSync(join(temp.path, 'real'), join(temp.path, 'link'));
    writeFileSync(join(temp.path, 'file'), '');
    expect(() => ensurePrivateDirectory(join(temp.path, 'link'))).toThrow('is a link');
    expect(() => ensurePrivateDirectory(`${join(temp.path, 'link')}/`)).toThrow('is a link');
    expect(() => ensurePrivateDirectory(join(temp.path, 'file'))).toThrow();
  });

  it('refuses the directory of another user', () => {
    // Root may give files away; others meet a directory that is root's.
    const path = process.getuid?.() === 0 ? givenAway(temp.path) : '/usr';
    expect(() => ensurePrivateDirectory(path)).toThrow(/belongs to another user \(uid \d+\)/);
  });
});

function givenAway(parent: string): string {
  const path = join(parent, 'theirs');
  mkdirSync(path);
  chownSync(path, 65_534, 65_534);
  return path;
}

describe('writePrivateFile', () => {
  it('replaces the content and leaves nothing else behind', () => {
    const path = join(temp.path, 'f');
    writeFileSync(path, 'old', { mode: 0o644 });
    writePrivateFile(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(mode(path)).toBe(0o600);
    expect(readdirSync(temp.path)).toEqual(['f']);
  });

  it('cleans up when it cannot put the file in place', () => {
    const path = join(temp.path, 'taken');
    mkdirSync(join(path, 'full'), { recursive: true });
    expect(() => writePrivateFile(path, 'x')).toThrow();
    expect(readdirSync(temp.path)).toEqual(['taken']);
  });
});

describe('readTextFile', () => {
  it('reads text, and null where there is none', () => {
    writeFileSync(join(temp.path, 'f'), 'ä');
    expect(readTextFile(join(temp.path, 'f'))).toBe('ä');
    expect(readTextFile(join(temp.path, 'none'))).toBeNull();
    expect(readTextFile(join(temp.path, 'f/below'))).toBeNull();
    expect(() => readTextFile(temp.path)).toThrow('EISDIR');
  });
});
