import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LocalInput, LocalKeys } from './local-keys.ts';

/** What is found, as text; typed pieces that follow each other are one. */
function read(pieces: readonly string[]): string[] {
  const keys = new LocalKeys();
  const found = pieces.flatMap((piece) => keys.feed(Buffer.from(piece, 'latin1')));
  return told([...found, ...keys.flush()]);
}

function told(inputs: readonly LocalInput[]): string[] {
  const lines: string[] = [];
  for (const input of inputs) {
    const text = 'bytes' in input ? Buffer.from(input.bytes).toString('latin1') : '';
    const last = lines.at(-1);
    if (input.type === 'typed' && last?.startsWith('typed:')) lines[lines.length - 1] = last + text;
    else lines.push('bytes' in input ? `${input.type}:${text}` : input.type);
  }
  return lines;
}

describe('keys of the local terminal', () => {
  test('are typed as they are', () => {
    expect(read(['ls \x1b[A\r\x1bOP\xc3\xa4\x03'])).toEqual(['typed:ls \x1b[A\r\x1bOP\xc3\xa4\x03']);
  });

  test('Ctrl+B d detaches, Ctrl+B t takes the size, Ctrl+B twice is one', () => {
    expect(read(['a\x02db'])).toEqual(['typed:a', 'detach', 'typed:b']);
    expect(read(['\x02', 'D'])).toEqual(['detach']);
    expect(read(['\x02t'])).toEqual(['take']);
    expect(read(['\x02\x02d'])).toEqual(['typed:\x02d']);
  });

  test.each(['x', '\x1b[1;5D', '\x1bOA', '\x1bx', '\xe2\x82\xac', '\r'])(
    'Ctrl+B before %j is nothing',
    (key) => {
      expect(read([`\x02${key}on`])).toEqual(['typed:on']);
    },
  );

  test('a paste is whole, and no key in it is ours', () => {
    expect(read(['a\x1b[200~one\x02d\x1b', '[20', '1~b'])).toEqual(
      ['typed:a', 'pasted:one\x02d\x1b', 'typed:b'].map((line) => line.replace('d\x1b', 'd')),
    );
  });

  test('Escape alone is held for what may follow, and typed when nothing does', () => {
    const keys = new LocalKeys();
    expect(told(keys.feed(Buffer.from('a\x1b')))).toEqual(['typed:a']);
    expect(keys.isHolding).toBe(true);
    expect(told(keys.flush())).toEqual(['typed:\x1b']);
    expect(keys.isHolding).toBe(false);
    expect(keys.flush()).toEqual([]);
  });

  test('any split gives the same', () => {
    const part = fc.constantFrom(
      '\x02',
      'd',
      't',
      'x',
      '\x1b',
      '[',
      '200~',
      '201~',
      '\x1b[200~',
      '\x1b[201~',
      '\x1b[A',
      '\xe2\x82\xac',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 20 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
        (parts, lengths) => {
          const text = parts.join('');
          const pieces: string[] = [];
          for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1) {
            pieces.push(text.slice(at, at + (lengths.next().value ?? 1)));
          }
          // A character that is cut, or a sequence behind Ctrl+B, is one key however it comes.
          expect(read(pieces)).toEqual(read([text]));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('what is not ours is neither lost nor doubled', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii' }), { maxLength: 8 }), (pieces) => {
        const text = pieces.join('').replaceAll('\x02', '');
        fc.pre(!text.includes('\x1b[200~'));
        expect(read(pieces.map((piece) => piece.replaceAll('\x02', '')))).toEqual(
          text === '' ? [] : [`typed:${text}`],
        );
      }),
    );
  });
});
