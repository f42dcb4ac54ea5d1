import { describe, expect, it } from 'vitest';
import { cellWidth } from './cell-width.ts';

/** Columns a text takes at the start of a line, the way an emulator adds them up. */
function columns(text: string): number {
  let before = 0;
  let sum = 0;
  for (const character of text) {
    const info = cellWidth.charProperties(character.codePointAt(0) ?? 0, before);
    const cells = (info >> 1) & 3;
    sum += info & 1 ? cells - ((before >> 1) & 3) : cells;
    before = info;
  }
  return sum;
}

describe('the width of', () => {
  // Where the cursor of tmux 3.3a stood behind each.
  it.each([
    ['ASCII', 'abc', 3],
    ['a letter with an accent of its own', 'e\u0301', 1],
    ['Chinese', '漢字', 4],
    ['Hangul in letters', '\u1112\u1161\u11ab', 2],
    ['an emoji', '😀', 2],
    ['a family', '👨‍👩‍👧‍👦', 2],
    ['a skin tone', '👍🏽', 4],
    ['a person at work with a skin tone', '👩🏽‍💻', 4],
    ['a flag', '🇩🇪', 2],
    ['a flag of joined emoji', '🏳️‍🌈', 1],
    ['a heart that is asked to be an emoji', '❤️', 1],
    ['an emoji joined to a letter', 'a\u200d👍', 1],
    ['a letter behind a joiner', 'a\u200db', 2],
    ['Devanagari', 'नि', 2],
    ['what an icon font has', '\ue0b0', 1],
    ['rare Chinese', '𠀀', 2],
  ])('%s', (_what, text, expected) => {
    expect(columns(text)).toBe(expected);
  });

  it('a mark with nothing before it is nothing', () => {
    expect(cellWidth.charProperties(0x301, 0)).toBe(0);
  });
});
