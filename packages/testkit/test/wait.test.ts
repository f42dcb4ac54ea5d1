import { expect, test } from 'vitest';
import { waitFor } from '../src/wait.ts';

test('the first truthy value is returned, errors before it are "not yet"', async () => {
  const answers = [() => undefined, () => Promise.reject(new Error('no')), () => 'here'];
  const value = await waitFor('an answer', () => answers.shift()?.(), { interval: 1 });
  expect(value).toBe('here');
});

test.each([
  [() => 0, 'last seen: 0'],
  [() => Promise.reject(new Error('the pane is gone')), 'last seen: the pane is gone'],
])('a failure names what was awaited and the last thing seen', async (probe, last) => {
  await expect(waitFor('the echo', probe, { timeout: 1, interval: 1 })).rejects.toThrow(
    new RegExp(`^Waited \\d+ ms for the echo; ${last}$`),
  );
});
