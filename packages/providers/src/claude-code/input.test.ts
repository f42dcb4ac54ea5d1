import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claudeCode } from './claude-code.ts';

const { input } = claudeCode;
const typed = (text: string) => input.chunk(input.defuse(text));

describe('chunk', () => {
  test('keeps below what Claude takes for a paste, and loses nothing', () => {
    const line = fc.string({ minLength: 0, maxLength: 900 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
        const text = lines.join('\n').replace(/^\s*\//, 'x');
        const chunks = input.chunk(text);
        expect(chunks.join('')).toBe(text);
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(700);
          expect(chunk.split('\n').length).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  test('a megabyte goes in one paste instead of thousands', () => {
    expect(input.chunk('x'.repeat(1_000_000))).toHaveLength(1);
    expect(input.chunk('x\n'.repeat(20_000))).toHaveLength(1);
    expect(input.chunk('x'.repeat(50_000)).length).toBeGreaterThan(50);
  });

  test('leaves out what would end the paste or ask for a second Enter', () => {
    expect(input.chunk('a\x1b[201~b\u200bc\ufeffd\u202ee\tf\r\ng')).toEqual(['abcde    f\ng']);
    expect(input.chunk('👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 می‌خواهم')).toEqual(['👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 می‌خواهم']);
  });
});

describe('defuse', () => {
  test('what may be a command is pasted as content, where it cannot be run', () => {
    for (const text of ['/compact', '/help me', '  /exit', '\n/clear\nnow', '/', '/plugin:command x']) {
      const chunks = typed(text);
      expect(chunks).toHaveLength(1);
      expect(chunks[0]?.split('\n').length).toBeGreaterThan(4);
      expect(
        input.matches(text, `\n\n<pasted_content id="c8f3">\n${chunks[0]}\n</pasted_content id="c8f3">\n`),
      ).toBe(true);
    }
  });

  test('a path, a shell mark and a last backslash need no more than a space', () => {
    expect(typed('/usr/bin/env is here')).toEqual([' /usr/bin/env is here']);
    expect(typed('!ls')).toEqual([' !ls']);
    expect(typed('a\\')).toEqual(['a\\ ']);
  });

  test('ordinary text stays as it is', () => {
    for (const text of [
      'hello',
      '# note',
      '@file is it',
      'a@b.c',
      'see @file.',
      '@',
      '& x',
      '?',
      'see /help',
    ])
      expect(typed(text)).toEqual([text]);
  });

  test.each([
    ['explain @src/a.ts', 'explain @"src/a.ts" '],
    ['@file', '@"file" '],
    ['explain\n@src/a.ts \n', 'explain\n@"src/a.ts" '],
    ['what is @"/a b/c.png"', 'what is @"/a b/c.png" '],
    ['/usr/bin/x or @y', ' /usr/bin/x or @"y" '],
  ])('a file named at the very end is left no completions to choose from: %j', (text, expected) => {
    expect(typed(text).join('')).toBe(expected);
    expect(input.matches(text, expected.trim())).toBe(true);
  });

  test('a command that is meant as one is not held back', () => {
    expect(input.chunk('/compact')).toEqual(['/compact']);
  });
});

describe('matches', () => {
  test('text that came wrapped as pasted content', () => {
    const seen = '\n\n<pasted_content id="c8f3">\n1\n2\n3\n4\n5 pasted lines\n</pasted_content id="c8f3">\n';
    expect(input.matches('1\n2\n3\n4\n5 pasted lines', seen)).toBe(true);
    expect(input.matches('1\n2\n3', seen)).toBe(true);
    expect(input.matches('5 other lines', seen)).toBe(false);
  });

  test('text whose characters Claude composed', () => {
    expect(input.matches('e\u0301 \u200bx', 'é x')).toBe(true);
  });
});

describe('images', () => {
  const path = '/h o/sessions/0f8f0000-0000-4000-8000-000000000001/images/a-1.png';
  const image = input.mention(path);

  test('are pasted by themselves, and are not taken in at once', () => {
    const chunks = typed(`What is it? ${image} ${image}`);
    expect(chunks).toEqual(['What is it? ', `'${path}'`, ' ', `'${path}'`, ' ']);
    expect(chunks.map((chunk) => input.settling?.isSlow(chunk))).toEqual([false, true, false, true, false]);
    expect(input.settling?.isSlow("'/home/ada/a.png'")).toBe(false);
    expect(typed(input.mention(path.replace('h o', 'h')))[0]).toBe(path.replace('h o', 'h'));
    expect(input.settling?.isSlow(path.replace('h o', 'h'))).toBe(true);
  });

  test('keep a text that may be a command from being one', () => {
    const chunks = typed(`/compact does this: ${image}`);
    expect(chunks).toEqual([`'${path}'`, ' /compact does this: ']);
    expect(input.matches(`/compact does this: ${image}`, '[Image #1] /compact does this:')).toBe(true);
  });

  test('are found again in the prompt', () => {
    expect(input.matches(`${image} ${image}`, '[Image #3] [Image #4]')).toBe(true);
    expect(input.matches(image, 'something else')).toBe(false);
    expect(input.matches(`What is it? ${image} ${image}`, 'What is it? [Image #1] [Image #2]')).toBe(true);
    expect(input.matches(`What is it? ${image}`, 'What is that? [Image #1]')).toBe(false);
  });

  test('are counted in the composer alone, however it is wrapped', () => {
    const rule = '─'.repeat(60);
    const screen = (composer: string) =>
      `❯ before [Image #1]\n  ⎿  [Image #1]\n● echo\n\n${rule}\n❯ ${composer}\n${rule}\n  ⏸ manual mode on [Image #9]\n`;
    const count = (composer: string) => input.settling?.countTaken(screen(composer));
    expect(count('and this')).toBe(0);
    expect(count('and [Image #2] and a long line with [Image\n  #3] in it')).toBe(2);
    expect(input.settling?.countTaken('')).toBe(0);
  });
});
