import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { asReplacedError } from './replaced.ts';

it('knows by the error of Node that a part of the program is gone, and nothing else for it', () => {
  const load = () => createRequire(import.meta.url)('./openapi-DCq1x9.cjs');
  let thrown: unknown;
  try {
    load();
  } catch (error) {
    thrown = error;
  }
  expect(asReplacedError(thrown)).toMatchObject({
    code: 'program_replaced',
    message: expect.stringContaining('codepiper daemon restart'),
  });
  expect(asReplacedError(Object.assign(new Error('no such file'), { code: 'ENOENT' }))).toBeNull();
  expect(asReplacedError('MODULE_NOT_FOUND')).toBeNull();
});
