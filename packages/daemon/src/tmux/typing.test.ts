import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TypeRequest } from './tmux.ts';
import { joinGuards, typedAtOnce, typingLines } from './typing.ts';

const request: TypeRequest = {
  paneId: '%3',
  chunks: ['hello'],
  bracketed: false,
  enter: true,
  mark: 'd-1',
  guards: [],
};

describe('typing lines', () => {
  it('are one for a text of ordinary size, with the mark behind the pastes', () => {
    const lines = typingLines({ ...request, chunks: ['a', '', 'b'.repeat(20_000)] }, null, 'buf', 'rd');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.chunksDone).toBe(3);
    expect(lines[0]?.line).toMatch(/"a".*pasteb.*"b+".*pasteb.*"\\015".*pasteb.*@codepiper_typed "d-1"/);
  });

  it('carry the progress in the mark when there are several, and Enter only in the last', () => {
    const chunks = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const lines = typingLines({ ...request, chunks }, null, 'buf', 'rd');
    expect(lines.length).toBeGreaterThan(1);
    lines.forEach(({ line, chunksDone }, index) => {
      const isLast = index === lines.length - 1;
      expect(line).toContain(`@codepiper_typed "${isLast ? 'd-1' : `d-1:${chunksDone}`}"`);
      expect(line.includes('"\\015"')).toBe(isLast);
      expect(line).toContain(`"line ${chunksDone - 1}"`);
    });
    expect(lines.at(-1)?.chunksDone).toBe(chunks.length);
  });

  it('keep the screen before anything is pasted, once', () => {
    const chunks = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const keepScreen = { history: 200, styles: false, joinWrapped: true };
    const [first, ...rest] = typingLines({ ...request, chunks, keepScreen }, null, 'buf', 'rd');
    expect(first?.line).toMatch(/\{ capture-pane -b buf-screen-3 -t %3 +-J -S -200 ; setb .*"line 0"/);
    expect(rest.length).toBeGreaterThan(0);
    for (const { line } of rest) expect(line).not.toContain('capture-pane');
  });

  it('never hold a line break, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        const texts = chunks.map((chunk) => chunk.replaceAll('\0', ''));
        for (const { line } of typingLines({ ...request, chunks: texts }, 'x', 'buf', 'rd')) {
          expect(line).not.toMatch(/[\n\r]/);
        }
      }),
    );
  });
});

describe('bytes typed at once', () => {
  it('go in a line where one can hold them, else by a file', () => {
    const kind = (text: string | Uint8Array, bracketed = false) =>
      Object.keys(typedAtOnce(Buffer.from(text as string), bracketed))[0];
    expect(kind('é')).toBe('text');
    expect(kind('\0')).toBe('file');
    expect(kind(Uint8Array.of(0x1b, 0x5b, 0x4d, 0xff))).toBe('file');
    expect(kind('x'.repeat(20_000))).toBe('file');
    expect(kind('x'.repeat(20_000), true)).toBe('file');
  });

  it('never end the brackets of a paste', () => {
    const typed = typedAtOnce(Buffer.from('a\u001b[20\u001b[201~1~b'), true);
    expect(typed).toEqual({ text: 'ab' });
  });
});

describe('guards', () => {
  it('match where any of them does', () => {
    expect(joinGuards([])).toBeNull();
    expect(joinGuards(['a|b', '^c'])).toBe('(a|b)|(^c)');
  });
});
