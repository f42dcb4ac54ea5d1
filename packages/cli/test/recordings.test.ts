import { castReset } from '@codepiper/daemon/recordings/cast.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CastReader } from '../src/recordings/cast-reader.ts';
import { readCommands } from '../src/recordings/keys.ts';
import { readPlace } from '../src/recordings/place.ts';
import { plainText } from '../src/recordings/plain-text.ts';
import { positionText } from '../src/recordings/text.ts';

const header = '{"version":2,"width":20,"height":5,"codepiper":{"from":12.5}}\n';
const line = (at: number, code: string, data: string) => `${JSON.stringify([at, code, data])}\n`;

/** The text in pieces of the sizes given, then the rest. */
async function* pieces(text: string, sizes: readonly number[] = []): AsyncGenerator<string> {
  let at = 0;
  for (const size of sizes) {
    yield text.slice(at, at + size);
    at += size;
  }
  yield text.slice(at);
}

async function textOf(cast: string): Promise<string> {
  let text = '';
  for await (const piece of plainText(pieces(cast))) text += piece;
  return text;
}

test.each([
  ['90', { seconds: 90 }],
  ['90.5s', { seconds: 90.5 }],
  ['12:34', { seconds: 754 }],
  ['90:00', { seconds: 5400 }],
  ['1:02:03.5', { seconds: 3723.5 }],
  ['turn 3', { turn: 3 }],
  ['Turn12', { turn: 12 }],
  ['2026-11-21T15:04+01:00', { time: '2026-11-21T14:04:00.000Z' }],
])('the place %s', (text, place) => {
  expect(readPlace(text)).toEqual(place);
});

test.each(['', 'soon', '1:60', '-1', 'turn 0', 'turn', '2026-11-21', '2026-13-01T00:00Z', '1e3'])(
  'no place: "%s"',
  (text) => {
    expect(() => readPlace(text)).toThrow(/--at is/);
  },
);

test('positions for people', () => {
  expect([0, 59.9, 60, 3599, 3600, 36_061].map(positionText)).toEqual([
    '0:00',
    '0:59',
    '1:00',
    '59:59',
    '1:00:00',
    '10:01:01',
  ]);
});

test('keys are commands, and reports of a mouse are none', () => {
  expect(readCommands(' .+-\x1b[C\x1bOD\x1b[Aq')).toEqual([
    'pause',
    'step',
    'faster',
    'slower',
    'forward',
    'back',
    'next',
    'quit',
  ]);
  expect(readCommands('\x1b[M q+\x1b[<35;10;20M\x1b[200~x')).toEqual([]);
});

test('a cast is read whatever its pieces', async () => {
  const cast = header + line(0, 'o', 'a\nb') + line(1.5, 'm', 'ü') + line(2, 'r', '10x4');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9)), async (sizes) => {
      const reader = new CastReader(pieces(cast, sizes));
      expect(await reader.header()).toEqual({ cols: 20, rows: 5 });
      const events = [await reader.next(), await reader.next(), await reader.next(), await reader.next()];
      expect(events).toEqual([
        { at: 12.5, code: 'o', data: 'a\nb' },
        { at: 14, code: 'm', data: 'ü' },
        { at: 14.5, code: 'r', data: '10x4' },
        null,
      ]);
    }),
  );
});

describe('a recording in words', () => {
  test('tells each line once, without control sequences, as it was in the end', async () => {
    expect(
      await textOf(
        header +
          line(0, 'o', '') +
          line(1, 'o', '\x1b[31mred\x1b[m\r\n10 %\r') +
          line(2, 'o', '90 %\r\ndone'),
      ),
    ).toBe('red\n90 %\ndone\n');
  });

  test('tells nothing again that is drawn once more for another size, and all behind a gap', async () => {
    const before = header + line(0, 'o', 'one\r\ntwo\r\n');
    const again = `${castReset}one\r\ntwo\r\n`;
    expect(
      await textOf(before + line(1, 'r', '30x6') + line(2, 'o', again) + line(3, 'o', 'three\r\n')),
    ).toBe('one\ntwo\nthree\n');
    expect(
      await textOf(
        before + line(1, 'm', 'gap') + line(1, 'o', `${castReset}missed\r\n`) + line(3, 'o', 'three\r\n'),
      ),
    ).toBe('one\ntwo\nmissed\nthree\n');
  });

  test('tells what was new on a full screen that stood still', async () => {
    const cast =
      header +
      line(0, 'o', '\x1b[?1049hfirst') +
      line(0.1, 'o', '\x1b[Hsecond') +
      line(5, 'o', '\r\nthird') +
      line(9, 'o', '\x1b[?1049lmain\r\n');
    expect(await textOf(cast)).toBe('second\nthird\nmain\n');
  });
});
