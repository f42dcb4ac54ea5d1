import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Objects that live for a while are what makes the room for young ones grow. */
const busy = `
const kept = [];
for (let n = 0; n < 1e6; n++) kept[n % 1e5] = { n, text: 'x' + n };
const space = require('node:v8').getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
process.stdout.write(String(space.space_size));
`;

function youngSpaceAfter(script: string): number {
  const args = ['--conditions=source', '--experimental-strip-types', '-e', script];
  return Number(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
}

test('the room for young objects stays small, which grows by itself', () => {
  const memory = JSON.stringify(join(import.meta.dirname, 'memory.ts'));
  const small = youngSpaceAfter(`require(${memory}).keepYoungSpaceSmall();${busy}`);
  expect(small).toBeGreaterThan(0);
  expect(youngSpaceAfter(busy)).toBeGreaterThan(4 * small);
});
