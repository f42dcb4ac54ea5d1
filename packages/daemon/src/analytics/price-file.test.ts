import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, test } from 'vitest';
import { parsePrices, readPriceFile } from './price-file.ts';

const none = { prices: [], aliases: {} };

test('prices are read from YAML, and there may be no file', async () => {
  await using directory = await makeTempDir();
  const path = join(directory.path, 'prices.yaml');
  expect(readPriceFile(path)).toEqual(none);
  writeFileSync(path, '# nothing yet\n');
  expect(readPriceFile(path)).toEqual(none);
  writeFileSync(
    path,
    `prices:
  - models: [my-model]
    from: 2026-11-01
    rates: { input: 1.5, output: 6, cacheRead: 0 }
aliases: { corp/best: claude-opus-5-5 }
`,
  );
  expect(readPriceFile(path)).toEqual({
    prices: [
      {
        models: ['my-model'],
        from: '2026-11-01',
        rates: { input: 1.5, output: 6, cacheRead: 0, cacheWrite5m: null, cacheWrite1h: null },
      },
    ],
    aliases: { 'corp/best': 'claude-opus-5-5' },
  });
});

test.each([
  ['prices: [', 'broken YAML'],
  ['prices: 5', 'p.yaml.prices'],
  ['prices: [{ models: [a], rate: { input: 1, output: 1 } }]', 'did you mean "rates"?'],
  ['prices: [{ models: [a], rates: { input: 1 } }]', 'p.yaml.prices.0.rates.output: is missing'],
  ['prices: [{ models: [a], rates: { input: "1", output: 1 } }]', 'p.yaml.prices.0.rates.input'],
  ['[]', 'p.yaml'],
])('%s is refused', (text, message) => {
  expect(() => parsePrices(text, 'p.yaml')).toThrow(message);
});

test('a file that cannot be read is said to be so', async () => {
  await using directory = await makeTempDir();
  expect(() => readPriceFile(directory.path)).toThrow('cannot be read');
});
