import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differences } from '../../../test/screen/equal.ts';
import { Random } from '../../../test/screen/random-output.ts';
import { play, restored, splitPlay, tally, textOf } from '../../../test/screen/round-trip.ts';
import type { PaneRow } from '../../tmux/pane-rows.ts';
import type { PaneState } from '../../tmux/pane-state.ts';
import { lookAt } from './row.ts';
import { Screen } from './screen.ts';

const encoder = new TextEncoder();
/** Some two seconds of them; the long run is `scripts/soak --screens 20000`. */
const usual = 600;
const states = Number(process.env.CODEPIPER_SCREEN_STATES ?? usual);
const firstSeed = Number(process.env.CODEPIPER_SCREEN_SEED ?? 1);
const recordings = join(import.meta.dirname, '../../../test/screen/recordings');

function printed(text: string, size = { cols: 20, rows: 5 }): Screen {
  const screen = new Screen({ ...size, scrollback: 100 });
  screen.write(encoder.encode(text));
  return screen;
}

test('random states come back whole, and go on alike', { timeout: 600_000 }, () => {
  const counts = tally(firstSeed, states);
  if (states > usual) process.stdout.write(`${JSON.stringify(counts)}\n`);
  expect(counts.wrong).toEqual([]);
  // Most of the rest are halves of wide characters, which random insertions make far more often than programs.
  expect(counts.exact / states).toBeGreaterThan(0.96);
});

test.each(readdirSync(recordings))('a snapshot anywhere in the recording of %s is exact', (name) => {
  const bytes = readFileSync(join(recordings, name));
  const size = { cols: 80, rows: 24 };
  const random = new Random(7);
  using screen = new Screen({ ...size, scrollback: 200 });
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(bytes.length, at + random.int(1, 700));
    screen.write(bytes.subarray(at, end));
    using copy = restored(screen.snapshot({ lines: 200 }));
    expect(differences(screen.core, copy.core)).toEqual([]);
    copy.write(bytes.subarray(end, end + 2000));
    using original = new Screen({ ...size, scrollback: 200 });
    original.write(bytes.subarray(0, end + 2000));
    expect(differences(original.core, copy.core)).toEqual([]);
    at = end;
  }
});

test('any split of the bytes gives the same screen, also across a snapshot', () => {
  for (let seed = 1; seed <= 150; seed++)
    expect({ seed, found: splitPlay(seed) }).toEqual({ seed, found: [] });
});

test('a snapshot holds the newest lines of history, as many as were asked for', () => {
  using screen = printed(Array.from({ length: 30 }, (_, line) => `line ${line}\r\n`).join(''));
  using copy = restored(screen.snapshot({ lines: 3 }));
  expect(textOf(copy)).toEqual([
    'line 23',
    'line 24',
    'line 25',
    'line 26',
    'line 27',
    'line 28',
    'line 29',
    '',
  ]);
});

test('a snapshot in the middle of a sequence ends in it', () => {
  for (const text of ['a\x1b[3', 'a\x1b]8;;http', 'a\x1bP$q', 'a\xe6\x97', 'a\x1b]2;t\xe6', 'a\xc2\x9b3']) {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    using screen = new Screen({ cols: 10, rows: 2, scrollback: 0 });
    screen.write(bytes);
    const { data } = screen.snapshot({ lines: 0 });
    expect(data.slice(-(bytes.length - 1))).toEqual(bytes.slice(1));
  }
});

test('a string that never ends is not carried in snapshots, and its end is still its end', () => {
  using screen = printed(`a\x1b]52;c;${'A'.repeat(300_000)}`);
  const snapshot = screen.snapshot({ lines: 0 });
  expect(snapshot.data.length).toBeLessThan(100);
  using copy = restored(snapshot);
  copy.write(encoder.encode('AAA\x07b'));
  expect(textOf(copy)[0]).toBe('ab');
});

test('erasing above from the last cell, which the emulator fails at, erases', () => {
  using screen = printed('one\x1b[5;20Hx\x1b[1J');
  expect(textOf(screen)).toEqual(['', '', '', '', '']);
});

const row = (text: string, wrapped = false): PaneRow => ({ text, wrapped });
const pane: PaneState = {
  cols: 10,
  rows: 3,
  title: 'title',
  cursor: { x: 10, y: 1 },
  modes: {
    cursorVisible: false,
    cursorShape: 'bar',
    cursorBlinks: false,
    insert: true,
    origin: true,
    wraparound: true,
    applicationCursorKeys: true,
    applicationKeypad: true,
    mouse: 'drag',
    mouseEncoding: 'sgr',
    bracketedPaste: true,
    synchronizedOutput: null,
  },
  region: { top: 0, bottom: 1 },
  tabs: [0, 3],
  history: [row('\x1b[44mold', false), row('abcdefghij', true)],
  historySize: 2,
  main: [row('kl\x1b[m'), row('0123456789'), row('日本')],
  alternate: null,
  pending: encoder.encode('\x1b[3'),
};

test('a screen starts over from what tmux tells', () => {
  using screen = printed('something else');
  screen.restore(pane);
  expect([screen.cols, screen.rows]).toEqual([10, 3]);
  // Of the history only the line that goes on into the screen is in the emulator.
  expect(textOf(screen)).toEqual(['abcdefghij', 'kl', '0123456789', '日本']);
  using copy = restored(screen.snapshot({ lines: 100 }));
  expect(textOf(copy)).toEqual(['old', 'abcdefghij', 'kl', '0123456789', '日本']);
  const modes = '\x1b[?1h\x1b[?66h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[6 q\x1b[4h';
  const lines = '\x1b[44mold\x1b[m\r\n\x1b[44mabcdefghijkl\x1b[m\r\n0123456789\r\n日本\x1b[m';
  const tabs = '\x1b[3g\r\x1bH\x1b[4G\x1bH\r';
  using twin = printed(`\x1b]2;title\x07${tabs}${lines}\x1b[1;2r\x1b[?6h${modes}`, { cols: 10, rows: 3 });
  twin.core.buffers.active.x = 10;
  twin.core.buffers.active.y = 1;
  twin.write(pane.pending);
  expect(differences(copy.core, twin.core)).toEqual([]);
});

test('history is in snapshots as tmux told it, above what was printed since', () => {
  const history = [
    row('plain'),
    row('\x1b[44mblue'),
    row('more blue, to the edge'.slice(0, 10), true),
    row('and \x1b[1mbold'),
    row('日本日本日', true),
    row('本'),
    row('abcdefghi', true),
    row('日 alone'),
    row('too short', true),
    row('\x1b[0;38;2;1;2;3;48;5;9;4mall\x1b[49m'),
    row('wider than the pane'),
    row('\x1b[mlast'),
  ];
  using screen = printed('');
  screen.restore({
    ...pane,
    history,
    historySize: 12,
    main: [row('now'), row(''), row('')],
    pending: new Uint8Array(),
  });
  screen.write(encoder.encode('\x1b[?6l\x1b[r\x1b[4l\x1b[3;1Hone\r\ntwo'));
  using copy = restored(screen.snapshot({ lines: 100 }));
  const texts = [
    ...['plain', 'blue', 'more blue,', 'and bold', '日本日本日', '本', 'abcdefghi', '日 alone', 'too short'],
    ...['all', 'wider thae', 'last', 'now', '', 'one', 'two'],
  ];
  expect(textOf(copy)).toEqual(texts);
  const { lines } = copy.core.buffers.normal;
  const wrapped = texts.filter((_, index) => lines.get(index)?.isWrapped);
  expect(wrapped).toEqual(['and bold', '本', '日 alone']);
  const look = (line: number, col: number) => {
    const cell = lines.get(line);
    return cell && lookAt(cell, col);
  };
  using twin = printed('\x1b[44mblue\x1b[1mbold\x1b[0;38;2;1;2;3;48;5;9;4mall\x1b[49mx');
  const [first] = [twin.core.buffers.normal.lines.get(0)];
  if (!first) return expect.unreachable();
  const [none, blue] = [lookAt(first, 19), lookAt(first, 0)];
  expect([look(0, 0), look(1, 3), look(2, 9), look(3, 0)]).toEqual([none, blue, blue, blue]);
  expect([look(1, 4), look(3, 8), look(4, 9)]).toEqual([none, none, lookAt(first, 4)]);
  expect([look(9, 0), look(9, 4), look(10, 0), look(11, 0)]).toEqual([
    lookAt(first, 8),
    none,
    lookAt(first, 11),
    none,
  ]);
  // Fewer of them begin with the pen they had, and count what was printed since.
  using few = restored(screen.snapshot({ lines: 12 }));
  expect(textOf(few)).toEqual(texts.slice(1));
  const line = few.core.buffers.normal.lines.get(1);
  expect(line && lookAt(line, 9)).toEqual(blue);
  for (const clearing of ['\x1b[3J', '\x1bc']) {
    screen.write(encoder.encode(clearing));
    expect(textOf(restored(screen.snapshot({ lines: 100 }))).length).toBe(3);
  }
});

test('the main screen is behind an alternate one that tmux tells of', () => {
  using screen = printed('');
  const alternate = { screen: [row('vim'), row(''), row('~')], savedCursor: { x: 2, y: 1 } };
  screen.restore({ ...pane, cursor: { x: 0, y: 0 }, alternate, pending: new Uint8Array() });
  expect(textOf(screen)).toEqual(['vim', '', '~']);
  screen.write(encoder.encode('\x1b[4l\x1b[?6l\x1b[?1049lX'));
  expect(textOf(screen)).toEqual(['abcdefghij', 'kl', '01X3456789', '日本']);
  using copy = restored(screen.snapshot({ lines: 1 }));
  expect(textOf(copy)).toEqual(['abcdefghij', 'kl', '01X3456789', '日本']);
});

test('a resize lays out anew what wraps', () => {
  using screen = printed('0123456789abcdefghij', { cols: 10, rows: 3 });
  play(screen, [{ bytes: encoder.encode('\r\n') }, { cols: 20, rows: 3 }]);
  expect(textOf(screen)[0]).toBe('0123456789abcdefghij');
});

test('a line that wraps at the bottom goes on in an empty one, as in tmux', () => {
  using screen = printed('\x1b[2;1H\x1b[44m0123456789ab', { cols: 10, rows: 2 });
  const line = screen.core.buffers.normal.lines.get(screen.core.buffers.normal.ybase + 1);
  if (!line) return expect.unreachable();
  expect(lookAt(line, 1)).not.toEqual(lookAt(line, 2));
  expect(lookAt(line, 2)).toEqual(lookAt(line, 9));
  using copy = restored(screen.snapshot({ lines: 10 }));
  expect(textOf(copy)).toEqual(textOf(screen));
});
