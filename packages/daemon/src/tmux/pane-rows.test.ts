import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRows } from './pane-rows.ts';

const read = (rows: readonly string[]): string[] => {
  const text = rows.map((row) => `${row}\n`).join('');
  return readRows({ rows: text, joined: text }).map((row) => row.text);
};

/** Sequences, and whether a space shows after them: by a line, by a background; undefined where they leave it. */
const sequences: readonly (readonly [string, boolean?, boolean?])[] = [
  ['\x1b[m', false, false],
  ['\x1b[0;1m', false, false],
  ['\x1b[31m'],
  ['\x1b[38;2;4;48;7m'],
  ['\x1b[1;4m', true],
  ['\x1b[7m', true],
  ['\x1b[48;5;0m', undefined, true],
  ['\x1b[0;102m', false, true],
  ['\x1b[49m', undefined, false],
  ['\x1b]8;;https://x/m\x1b\\'],
];

describe('the rows of a capture', () => {
  it('keep the spaces at their ends that can be seen, whichever row set the pen', () => {
    const piece = fc.oneof(fc.constantFrom(...sequences), fc.constantFrom('a', 'm[4m', ' ', '  ', '你'));
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 6 }), { maxLength: 8 }), (rows) => {
        const pen = { lined: false, background: false };
        const expected = rows.map((pieces) => {
          for (const each of pieces) {
            if (typeof each === 'string') continue;
            pen.lined = each[1] ?? pen.lined;
            pen.background = each[2] ?? pen.background;
          }
          const text = textOf(pieces);
          return pen.lined || pen.background ? text : text.replace(/ +$/, '');
        });
        expect(read(rows.map(textOf))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('have line drawing and overlines as everybody writes them, from one row to the next', () => {
    expect(read(['\x0elq\x1b[1mk x', 'x\x0fq\x0eq\x0f'])).toEqual(['┌─\x1b[1m┐ │', '│q─']);
    expect(read(['\x1b[5:3ma\x1b[1;5:3;4mb;5:3;'])).toEqual(['\x1b[53ma\x1b[1;53;4mb;5:3;']);
  });

  it('go on so too where they were told without the spaces at their ends', () => {
    const told = { rows: 'one\ntwo 34\n5\n\nsix\n7\n', joined: 'one   \ntwo 345  \n  \nsix   7\n' };
    expect(readRows(told, false).map(({ text, wrapped }) => [text, wrapped])).toEqual([
      ['one', false],
      ['two 34', true],
      ['5', false],
      ['', false],
      ['six   ', true],
      ['7', false],
    ]);
  });

  it('go on in the next where the joined ones have no line break', () => {
    const rows = 'one  \n\x1b[31mtwo\nthree\n';
    const found = readRows({ rows, joined: 'one  two\nthree\n' });
    expect(found.map(({ wrapped }) => wrapped)).toEqual([true, false, false]);
    expect(found.map(({ text }) => text)).toEqual(['one  ', '\x1b[31mtwo', 'three']);
  });
});

function textOf(pieces: readonly (string | readonly [string, boolean?, boolean?])[]): string {
  return pieces.map((each) => (typeof each === 'string' ? each : each[0])).join('');
}
