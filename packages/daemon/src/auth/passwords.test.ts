import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPasswordHasher } from './passwords.ts';

const quick = { memoryCost: 64, timeCost: 1 };

it('stores argon2id with 64 MB and three passes', async () => {
  const hasher = createPasswordHasher();
  const stored = await hasher.hash('a good long password');
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  expect(await hasher.verify(stored, 'a good long password')).toBe(true);
  expect(await hasher.verify(stored, 'a good long passwore')).toBe(false);
});

it('takes the same letters however they are composed, and no others', async () => {
  const hasher = createPasswordHasher(quick);
  const stored = await hasher.hash('z\u00fcrich z\u00fcrich');
  expect(await hasher.verify(stored, 'zu\u0308rich zu\u0308rich')).toBe(true);
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 256, unit: 'binary' }), fc.string(), async (password, other) => {
      const hash = await hasher.hash(password);
      expect(await hasher.verify(hash, password)).toBe(true);
      fc.pre(password.normalize('NFC') !== other.normalize('NFC'));
      expect(await hasher.verify(hash, other)).toBe(false);
    }),
    { numRuns: 30 },
  );
});

it('does as much work for nobody, whose password nothing is', async () => {
  const hasher = createPasswordHasher(quick);
  expect(await hasher.verify(null, '')).toBe(false);
  expect(await hasher.verify(null, 'anything')).toBe(false);
});

it('lets a crowd wait, and turns away who comes when too many do', async () => {
  const hasher = createPasswordHasher(quick);
  const stored = await hasher.hash('x');
  let refused = 0;
  let done = 0;
  const crowd = Array.from({ length: 40 }, () =>
    hasher.verify(stored, 'x').then(
      () => {
        done++;
      },
      (error: { code: string }) => {
        expect(error.code).toBe('too_many_attempts');
        refused++;
      },
    ),
  );
  await waitFor('those that are turned away', () => refused === 40 - 18);
  await Promise.all(crowd);
  expect(done).toBe(18);
  // The places are free again.
  expect(await hasher.verify(stored, 'x')).toBe(true);
});
