import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/risky/auth.md'), 'utf8');

/** Rows of the table of threats: what is feared, and the test against it. */
const rows = [...page.matchAll(/^\| (.+?) +\| .+ \| `([\w./-]+)`: (.+?) +\|$/gm)].map(
  ([, threat = '', file = '', title = '']) => ({ threat, file, title }),
);

test('the threats are read', () => {
  const table = page.split('## Threats')[1]?.split('\n## ')[0] ?? '';
  expect(rows.length).toBe(table.split('\n').filter((line) => line.startsWith('| ')).length - 2);
  expect(rows.length).toBeGreaterThan(30);
});

test.each(rows)('$threat', ({ file, title }) => {
  const source = readFileSync(resolve(root, 'packages/daemon/src', file), 'utf8');
  expect(source).toContain(title);
});
