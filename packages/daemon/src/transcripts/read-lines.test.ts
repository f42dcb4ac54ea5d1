import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readLines } from './read-lines.ts';

it('gives the lines as they stand in the file, those too that lie on two blocks', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'file');
  const length = fc.oneof(fc.nat(3), fc.integer({ min: (1 << 20) - 3, max: (1 << 20) + 3 }), fc.nat(3 << 20));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 4 }), fc.nat(9), (lengths, rest) => {
      const longest = 2 << 20;
      const lines = lengths.map((size, index) => String(index).repeat(size));
      writeFileSync(path, lines.map((line) => `${line}\n`).join('') + 'x'.repeat(rest));
      const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
      const descriptor = openSync(path, 'r');
      try {
        for (const end of [size, size + rest]) {
          let offset = 0;
          const read = [...readLines(descriptor, end, longest)].map((line) => [line.offset, line.length]);
          expect(read).toEqual(
            lines.map((line) => {
              const begin = offset;
              offset += line.length + 1;
              return [begin, line.length];
            }),
          );
          let index = 0;
          for (const { bytes } of readLines(descriptor, end, longest)) {
            const line = lines[index] ?? '';
            expect(bytes?.toString() === line || (bytes === null && line.length >= longest)).toBe(true);
            index += 1;
          }
        }
      } finally {
        closeSync(descriptor);
      }
    }),
    { numRuns: 40 },
  );
});
