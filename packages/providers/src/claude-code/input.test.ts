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
    for (const text of ['hello', '# note', '@file', '& x', '?', 'see /help'])
      expect(typed(text)).toEqual([text]);
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
