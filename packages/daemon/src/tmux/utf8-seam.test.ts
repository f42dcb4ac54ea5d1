import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seamOf, tailOf } from './utf8-seam.ts';

it('the beginning of a cut character is known from the bytes before the cut', () => {
  const text = fc.array(fc.constantFrom('a', '\n', 'é', '─', '你', '😀'), { minLength: 3 });
  fc.assert(
    fc.property(
      text,
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (parts, place, sizes) => {
        const bytes = Buffer.from(parts.join(''));
        const cut = place % (bytes.length + 1);
        let tail: Uint8Array = new Uint8Array();
        for (let at = 0, turn = 0; at < cut; turn++) {
          const end = Math.min(cut, at + (sizes[turn % sizes.length] ?? 1));
          tail = tailOf(tail, bytes.subarray(at, end));
          at = end;
        }
        // It does not hold what it was read with.
        if (cut > 0) expect(tail.buffer.byteLength).toBe(tail.length);
        const seam = seamOf(tail);
        if (cut === 0) {
          expect(seam).toBe('unknown');
          return;
        }
        const whole = bytes
          .subarray(0, cut)
          .toString('utf8')
          .replace(/\ufffd+$/, '');
        expect([...seam]).toEqual([...bytes.subarray(Buffer.byteLength(whole), cut)]);
      },
    ),
  );
});

it('nothing is known from bytes that only go on, unless there are more than a character has', () => {
  expect(seamOf(Uint8Array.of(0x98, 0x80))).toBe('unknown');
  expect(seamOf(Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toEqual(new Uint8Array());
});
