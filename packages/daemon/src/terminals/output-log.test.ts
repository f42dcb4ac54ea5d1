import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputLog } from './output-log.ts';
import type { StreamPiece } from './viewer.ts';

/** One entry per place. */
type Place = number | { cols: number; rows: number };

function placesOf(pieces: readonly StreamPiece[]): Place[] {
  return pieces.flatMap((piece): Place[] =>
    piece.type === 'bytes' ? [...piece.bytes] : [{ cols: piece.cols, rows: piece.rows }],
  );
}

function readAll(log: OutputLog, from = log.begin): Place[] {
  const pieces = log.read(log.epoch, from, Number.POSITIVE_INFINITY);
  if (pieces === 'gone') throw new Error(`place ${from} is gone`);
  return placesOf(pieces);
}

const bytes = fc.uint8Array({ minLength: 0, maxLength: 90 });
const step = fc.oneof(
  { weight: 6, arbitrary: bytes.map((value) => ({ do: 'append' as const, value })) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(300), fc.nat(99)).map((value) => ({ do: 'resize' as const, value })),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 5, arbitrary: fc.tuple(fc.nat(), fc.nat(70)).map((value) => ({ do: 'read' as const, value })) },
);

describe('the log of a stream', () => {
  it('has the newest places as they were written, whatever was written and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const log = new OutputLog(7, capacity);
        let all: Place[] = [];
        let epoch = 7;
        for (const action of steps) {
          if (action.do === 'append') {
            log.append(action.value);
            all.push(...action.value);
          } else if (action.do === 'resize') {
            const [cols, rows] = action.value;
            log.resize(cols, rows);
            all.push({ cols, rows });
          } else if (action.do === 'restart') {
            expect(log.read(epoch, log.end, 1)).toEqual([]);
            log.restart();
            expect(log.read(epoch, 0, 1)).toBe('gone');
            all = [];
            epoch++;
          } else {
            const [place, most] = action.value;
            const from = place % (all.length + 2);
            const pieces = log.read(epoch, from, most);
            if (from < all.length - capacity || from > all.length) {
              expect(pieces).toBe('gone');
              continue;
            }
            if (pieces === 'gone') throw new Error(`${from} of ${all.length} is gone`);
            expect(placesOf(pieces)).toEqual(all.slice(from, from + most));
            let seq = from;
            for (const piece of pieces) {
              expect(piece.seq).toBe(seq);
              seq += piece.type === 'bytes' ? piece.bytes.length : 1;
            }
          }
          expect([log.epoch, log.end]).toEqual([epoch, all.length]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives a reader that comes and goes everything once, or says that it is too late', () => {
    const drop = fc.record({ most: fc.integer({ min: 1, max: 40 }), sleeps: fc.nat(4) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.array(drop, { minLength: 1, maxLength: 20 }),
        (steps, drops) => {
          const log = new OutputLog(1, 200);
          const written: Place[] = [];
          let seen: Place[] = [];
          let at = 0;
          let turn = 0;
          let asleep = 0;
          for (const action of steps) {
            if (action.do === 'append') {
              log.append(action.value);
              written.push(...action.value);
            } else if (action.do === 'resize') {
              const [cols, rows] = action.value;
              log.resize(cols, rows);
              written.push({ cols, rows });
            }
            if (asleep-- > 0) continue;
            const { most, sleeps } = drops[turn++ % drops.length] ?? { most: 1, sleeps: 0 };
            asleep = sleeps;
            const pieces = log.read(1, at, most);
            if (pieces === 'gone') {
              expect(at).toBeLessThan(log.begin);
              // A picture of the terminal as it is takes the place of what was missed.
              at = log.end;
              seen = written.slice();
            } else {
              seen.push(...placesOf(pieces));
              at = seen.length;
            }
            expect(seen).toEqual(written.slice(0, at));
          }
        },
      ),
    );
  });

  it('grows as it is needed and no further', () => {
    const log = new OutputLog(1);
    const whole = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 9)) & 0xff);
    for (let from = 0; from < whole.length; from += 77_777) log.append(whole.subarray(from, from + 77_777));
    expect([log.begin, log.end]).toEqual([3_000_000 - (1 << 20), 3_000_000]);
    expect(Buffer.from(readAll(log) as number[]).equals(whole.subarray(log.begin))).toBe(true);
    log.append(whole);
    expect(log.end - log.begin).toBe(1 << 20);
    expect(Buffer.from(readAll(log) as number[]).equals(whole.subarray(whole.length - (1 << 20)))).toBe(true);
  });

  it('keeps so many resizes', () => {
    const log = new OutputLog(1);
    log.append(Uint8Array.of(1, 2, 3));
    for (let cols = 0; cols < 5_000; cols++) log.resize(cols, 1);
    const kept = readAll(log);
    expect(kept).toHaveLength(1_000);
    expect(kept.at(-1)).toEqual({ cols: 4_999, rows: 1 });
    expect(log.read(1, 0, 1)).toBe('gone');
  });
});
