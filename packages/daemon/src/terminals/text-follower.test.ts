import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextFollower } from './text-follower.ts';

async function follow(pieces: readonly string[], size = { cols: 40, rows: 6 }): Promise<string[]> {
  const told: string[] = [];
  using follower = new TextFollower(size, (lines) => told.push(...lines));
  for (const piece of pieces) await follower.write(Buffer.from(piece));
  follower.end();
  return told;
}

describe('the text of a pane', () => {
  it('comes line by line, without colours and other control sequences', async () => {
    expect(await follow(['\x1b[1;31mred\x1b[0m and ', 'plain\r\n\x1b]0;title\x07next\r\n'])).toEqual([
      'red and plain',
      'next',
    ]);
  });

  it('tells a line that is rewritten in place once, as it was left', async () => {
    expect(await follow(['10 %\r', '50 %\r', '100 %\r\n', 'done\r\n'])).toEqual(['100 %', 'done']);
  });

  it('joins lines that the pane wrapped', async () => {
    const long = 'abcdefghij'.repeat(10);
    expect(await follow([`${long}\r\nshort\r\n`])).toEqual([long, 'short']);
  });

  it('tells what stands on the last line at the end', async () => {
    expect(await follow(['no line break'])).toEqual(['no line break']);
  });

  it('loses no line when more comes at once than the terminal remembers', async () => {
    const lines = Array.from({ length: 15_000 }, (_, i) => `${i % 10}`);
    expect(await follow([`${lines.join('\r\n')}\r\n`])).toEqual(lines);
  });

  it('tells the screen of a full-screen program, and of the next one only what is new', async () => {
    const told: string[] = [];
    using follower = new TextFollower({ cols: 40, rows: 6 }, (lines) => told.push(...lines));
    await follower.write(Buffer.from('\x1b[?1049h\x1b[Hheader\x1b[2;1Hone'));
    follower.end();
    await follower.write(Buffer.from('\x1b[2;1Htwo'));
    follower.end();
    expect(told).toEqual(['header', 'one', 'two']);
  });

  it('is the same however the bytes are cut', async () => {
    const line = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', 'ä', '你', '\x1b[31m', '\x1b[0m'),
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((text) => `${text}\r\n`).join(''));
          const whole: string[] = [];
          const cut: string[] = [];
          using first = new TextFollower({ cols: 80, rows: 6 }, (told) => whole.push(...told));
          using second = new TextFollower({ cols: 80, rows: 6 }, (told) => cut.push(...told));
          await first.write(bytes);
          for (let at = 0; at < bytes.length; ) {
            const size = cuts.next().value ?? 1;
            await second.write(bytes.subarray(at, at + size));
            at += size;
          }
          expect(cut).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });
});
