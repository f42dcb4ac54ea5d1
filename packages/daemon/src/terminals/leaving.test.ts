import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Leaving } from './leaving.ts';

const leaving = ['\x1b[?1049l', '\x1b[?47l', '\x1b[?1047l', '\x1b[?25;1049l', '\x1b[?1049;25l', '\x1bc'];
const staying = ['\x1b[?1049h', '\x1b[?104l', '\x1b[?25l', '[?1049l', '\x1b[1049l', '\x1b[?11047l', 'c'];

it.each(leaving)('finds %j wherever it is cut', (sequence) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...staying, 'text 漢字', ''),
      fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
      (before, cuts) => {
        const bytes = Buffer.from(before + sequence + before);
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const stream = new Leaving();
        const found = places.slice(1).filter((end, n) => stream.isIn(bytes.subarray(places[n], end)));
        expect(found).toHaveLength(1);
      },
    ),
  );
});

it.each(staying)('takes %j for nothing', (sequence) => {
  const stream = new Leaving();
  expect([...Buffer.from(sequence)].some((byte) => stream.isIn(Uint8Array.of(byte)))).toBe(false);
});
