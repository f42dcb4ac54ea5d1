import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthKey, loadAuthKey } from './auth-key.ts';

let temp: TempDir;
let key: AuthKey;
beforeAll(async () => {
  temp = await makeTempDir();
  key = loadAuthKey(join(temp.path, 'key'));
});
afterAll(() => temp[Symbol.asyncDispose]());

it('is made once, for its owner alone', () => {
  const path = join(temp.path, 'key');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  const again = loadAuthKey(path);
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(again.decrypt(key.encrypt('a secret', 'x'), 'x')).toBe('a secret');
  expect(again.hash('a', 'x')).toBe(key.hash('a', 'x'));
});

it('gives back what it encrypted, never the same twice, to nobody else and for nothing else', () => {
  const other = loadAuthKey(join(temp.path, 'other'));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sealed = key.encrypt(text, 'x');
      expect(key.decrypt(sealed, 'x')).toBe(text);
      expect(key.encrypt(text, 'x')).not.toBe(sealed);
      expect(key.decrypt(sealed, 'y')).toBeNull();
      expect(other.decrypt(sealed, 'x')).toBeNull();
    }),
  );
  expect(other.hash('a', 'x')).not.toBe(key.hash('a', 'x'));
  expect(key.hash('a', 'y')).not.toBe(key.hash('a', 'x'));
});

it('notices every change of what it encrypted', () => {
  const sealed = Buffer.from(key.encrypt('a secret', 'x'), 'base64');
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(key.decrypt(changed.toString('base64'), 'x')).toBeNull();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(key.decrypt(text, 'x')).toBeNull();
    }),
  );
});

it.each(['', 'short', 'x'.repeat(100)])('a file with %j is none, and stays as it is', (text) => {
  const path = join(temp.path, 'broken');
  writeFileSync(path, text);
  expect(() => loadAuthKey(path)).toThrow(`${path} holds no key of the account`);
  expect(readFileSync(path, 'utf8')).toBe(text);
});
