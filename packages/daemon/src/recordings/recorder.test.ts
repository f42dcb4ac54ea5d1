import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { castOf, playInto, RecordedTerminal, readCast, shown } from '../../test/recording-house.ts';
import { RecordingFolder } from './folder.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What programs print, with characters of every length and sequences of several bytes. */
const output = fc.array(
  fc.oneof(
    fc.constantFrom('a', 'Ünï', '漢字', '€', '🙂', ' ', '"\\', '\r\n', '\t', '\x00', '\u2028', '\ufeff'),
    fc.constantFrom('\x1b[2J\x1b[H', '\x1b[38;5;99m', '\x1b[1;4m', '\x1b[m', '\x1b[2;3H', '\x1b[K'),
    fc.constantFrom(
      '\x1b[?1049h',
      '\x1b[?1049l',
      '\x1b]0;title\x07',
      '\x1b[2;3r',
      '\x1b[r',
      '\x1b7',
      '\x1b8',
    ),
  ),
  { minLength: 1, maxLength: 30 },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('print' as const), bytes: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'key' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'rest' as const }) },
);

test('a recording has every character, however its bytes were divided and segments begun', async () => {
  await using temp = await makeTempDir();
  let run = 0;
  fc.assert(
    fc.property(output, fc.array(step, { minLength: 1, maxLength: 40 }), (parts, steps) => {
      using terminal = new RecordedTerminal(join(temp.path, `r${++run}`));
      terminal.picture('gap');
      const whole = bytes(parts.join(''));
      let at = 0;
      for (const next of [...steps, { do: 'print' as const, bytes: whole.length }]) {
        terminal.at += 7;
        if (next.do === 'key') terminal.picture('key');
        else if (next.do === 'rest') terminal.rest();
        else {
          terminal.print(whole.subarray(at, at + next.bytes));
          at += next.bytes;
        }
      }
      const { events } = readCast(terminal.cast(0));
      const printed = events.slice(1).filter(([, code]) => code === 'o');
      expect(printed.map(([, , data]) => data).join('')).toBe(parts.join(''));
    }),
    { numRuns: 150 },
  );
});

test('what rests keeps no more than the beginning of a character', async () => {
  await using temp = await makeTempDir();
  using terminal = new RecordedTerminal(join(temp.path, 'r'));
  terminal.picture('gap');
  const [first = 0, ...rest] = bytes('€');
  terminal.print(Uint8Array.from([first]));
  terminal.print(Uint8Array.from([...rest, ...bytes('x'.repeat(60_000)), first]));
  const begun = terminal.recorder.rest()?.begun;
  expect(begun).toEqual(Uint8Array.from([first]));
  expect(begun?.buffer.byteLength).toBe(1);
});

test('from any moment on it begins with the screen of then, and goes on to that of every later moment', async () => {
  await using temp = await makeTempDir();
  let run = 0;
  const change = fc.oneof(
    step,
    fc.constant({ do: 'gap' as const }),
    fc.record({
      do: fc.constant('resize' as const),
      cols: fc.integer({ min: 5, max: 40 }),
      rows: fc.integer({ min: 2, max: 9 }),
    }),
  );
  fc.assert(
    fc.property(output, fc.array(change, { minLength: 1, maxLength: 25 }), (parts, changes) => {
      using terminal = new RecordedTerminal(join(temp.path, `r${++run}`));
      const begin = terminal.at;
      terminal.picture('gap');
      const whole = bytes(parts.join(''));
      const moments: { at: number; shown: ReturnType<typeof shown> }[] = [];
      let at = 0;
      for (const next of changes) {
        terminal.at += 7;
        if (next.do === 'key') terminal.picture('key');
        else if (next.do === 'rest') terminal.rest();
        else if (next.do === 'resize') terminal.resize(next.cols, next.rows);
        else if (next.do === 'gap') {
          terminal.missed(bytes('\x1b[m missed '));
          terminal.picture('gap');
        } else {
          // Whole characters: a screen in the middle of one has begun it, and text cannot say so.
          const taken = whole.subarray(at, at + next.bytes);
          at += next.bytes;
          terminal.print(bytes(Buffer.from(taken).toString()));
        }
        moments.push({ at: terminal.at, shown: shown(terminal.screen) });
      }
      for (const [index, from] of moments.entries()) {
        const cast = readCast(terminal.cast(from.at));
        const start = begin + cast.header.codepiper.from * 1000;
        expect(start).toBe(Math.min(from.at, terminal.recorder.until));
        for (const later of moments.slice(index)) {
          using screen = playInto(cast, (later.at - start) / 1000);
          expect(shown(screen)).toEqual(later.shown);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('bytes that are no UTF-8 are replaced, and what follows is whole', async () => {
  await using temp = await makeTempDir();
  using terminal = new RecordedTerminal(temp.path);
  terminal.picture('gap');
  terminal.print(Buffer.from([0x61, 0xff, 0xc3]));
  terminal.print(Buffer.from([0x28, 0xe2, 0x82]));
  terminal.print(Buffer.from([0xac]));
  const { events } = readCast(terminal.cast(0));
  expect(
    events
      .slice(1)
      .map(([, , data]) => data)
      .join(''),
  ).toBe('a\ufffd\ufffd(€');
});

test('a file that was cut off anywhere is read as far as it goes, and recording goes on behind it', async () => {
  await using temp = await makeTempDir();
  const terminal = new RecordedTerminal(temp.path);
  terminal.picture('gap');
  for (let n = 0; n < 20; n++) {
    terminal.at += 1000;
    terminal.print(bytes(`line ${n} 漢\r\n`));
  }
  // As a daemon that is killed leaves it: nothing is closed.
  const file = join(temp.path, '1.cast');
  const index = readFileSync(join(temp.path, 'index.jsonl'));
  const whole = readFileSync(file);
  const header = whole.indexOf('\n');
  for (const size of [
    whole.length,
    whole.length - 1,
    whole.length - 30,
    header + 200,
    header + 1,
    header,
    3,
    0,
  ]) {
    await using copy = await makeTempDir();
    writeFileSync(join(copy.path, '1.cast'), whole.subarray(0, size));
    writeFileSync(join(copy.path, 'index.jsonl'), index);
    appendFileSync(join(copy.path, 'index.jsonl'), '{"type":"mar');
    const lines = whole.subarray(0, size).toString().split('\n').length - 2;
    const reopened = new RecordingFolder(copy.path);
    expect(reopened.segments).toHaveLength(lines < 0 ? 0 : 1);
    using next = new RecordedTerminal(copy.path);
    next.at = terminal.at + 60_000;
    next.picture('gap');
    next.at += 1;
    next.print(bytes('after'));
    const { events } = readCast(next.cast(0));
    expect(events.filter(([, , data]) => /^line \d+ 漢\r\n$/.test(data))).toHaveLength(
      Math.max(0, lines - 1),
    );
    expect(events.at(-1)?.[2]).toBe('after');
    expect(events.some(([, code, data]) => code === 'm' && data === 'gap')).toBe(lines >= 0);
  }
  terminal[Symbol.dispose]();
});

test('without its index a recording is the same but for markers', async () => {
  await using temp = await makeTempDir();
  using terminal = new RecordedTerminal(temp.path);
  const begin = terminal.at;
  terminal.picture('gap');
  terminal.print(bytes('one'));
  terminal.at += 5000;
  terminal.picture('key');
  terminal.print(bytes('two'));
  terminal.recorder[Symbol.dispose]();
  const before = terminal.cast(begin);
  writeFileSync(join(temp.path, 'index.jsonl'), 'garbage\n');
  const reopened = new RecordingFolder(temp.path);
  expect(reopened.startedAt).toBe(begin);
  expect(castOf(reopened, begin)).toBe(before);
});

test('the oldest segments go for the size, their markers with them; turns are counted on', async () => {
  await using temp = await makeTempDir();
  const maxBytes = 8_000;
  using terminal = new RecordedTerminal(temp.path, { maxBytes });
  const begin = terminal.at;
  const noise = () => Buffer.from(Array.from({ length: 1500 }, () => 32 + Math.floor(Math.random() * 90)));
  for (let n = 0; n < 20; n++) {
    terminal.picture(n === 0 ? 'gap' : 'key');
    terminal.mark('turn', 'turn');
    terminal.print(noise());
    terminal.at += 1000;
  }
  terminal.recorder[Symbol.dispose]();
  const { folder } = terminal;
  expect(folder.bytes).toBeLessThanOrEqual(maxBytes);
  expect(folder.segments.length).toBeGreaterThan(2);
  expect(folder.startedAt).toBe(begin);
  const reopened = new RecordingFolder(temp.path);
  expect(reopened.segments).toEqual(folder.segments);
  expect(reopened.markers.at(0)?.at).toBe(reopened.segments[0]?.at);
  expect(reopened.markers.at(-1)?.turn).toBe(20);
  // Asked for what is gone, it begins with what is left.
  const { header } = readCast(terminal.cast(0));
  expect(header.codepiper.from).toBe(((folder.segments[0]?.at ?? 0) - begin) / 1000);
});

test('only its owner can read it', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'recording');
  using terminal = new RecordedTerminal(path);
  terminal.picture('gap');
  terminal.picture('key');
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readdirSync(path).sort()).toEqual(['1.cast.gz', '2.cast', 'index.jsonl']);
  for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
});

test('both versions say the same, and times never go back', async () => {
  await using temp = await makeTempDir();
  using terminal = new RecordedTerminal(temp.path);
  const begin = terminal.at;
  terminal.picture('gap');
  for (const later of [3, 1000, -5000, 1, 333, 0, -1]) {
    terminal.at += later;
    terminal.print(bytes(`at ${terminal.at}`));
  }
  terminal.mark('tool', 'Bash "ls"');
  const [two, three] = [readCast(terminal.cast(begin)), readCast(terminal.cast(begin, 3))];
  expect(two.header).toMatchObject({ version: 2, width: 20, height: 4, timestamp: 1_700_000_000 });
  expect(three.header).toMatchObject({ version: 3, term: { cols: 20, rows: 4 }, timestamp: 1_700_000_000 });
  let sum = 0;
  const absolute = three.events.map(([interval, code, data]) => {
    expect(interval).toBeGreaterThanOrEqual(0);
    sum += Math.round(interval * 1000);
    return [sum / 1000, code, data];
  });
  expect(absolute).toEqual(two.events);
  expect(two.events.at(-1)).toEqual([1.003, 'm', 'Bash "ls"']);
});
