import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IngestHouse, openIngest } from '../../../test/transcripts/ingest-house.ts';
import { type PlainLine, plainFormat } from '../../../test/transcripts/plain-format.ts';
import { verifyTranscripts } from '../verify.ts';

const formats = { plain: plainFormat };
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

let temp: TempDir;
let path: string;
beforeEach(async () => {
  temp = await makeTempDir();
  mkdirSync(join(temp.path, 'agent'));
  path = join(temp.path, 'agent', 'c.jsonl');
});
afterEach(async () => temp[Symbol.asyncDispose]());

const line = (value: PlainLine) => `${JSON.stringify(value)}\n`;
const usage = (key: string, output: number, input = 1) => line({ usage: { key, input, output } });
const entry = (id: string | null, text = 'text') => line({ entries: [id], text });
const tokens = (house: IngestHouse) =>
  house.rows('SELECT key, input, output FROM responses ORDER BY key').map((row) => Object.values(row));
const file = (house: IngestHouse) => house.rows('SELECT * FROM files')[0];

async function expectSound(house: IngestHouse, kinds: Parameters<typeof verifyTranscripts>[1] = formats) {
  expect((await verifyTranscripts(house.db, kinds)).differences).toEqual([]);
}

describe('what generated transcripts hold', () => {
  it.each([1, 2, 3])('is stored to the token, in whatever order the files come (seed %i)', async (seed) => {
    const { files, truth } = generateTranscripts(seed);
    const orders = [files, [...files].reverse()];
    for (const [index, order] of orders.entries()) {
      const home = join(temp.path, `home-${index}`);
      mkdirSync(home);
      for (const { agent, path, content } of files) {
        const place = join(home, 'agents', agent, path);
        mkdirSync(dirname(place), { recursive: true });
        writeFileSync(place, content);
      }
      using house = openIngest(home, transcriptFormats);
      for (const { agent, path } of order) house.readAll([join(home, 'agents', agent, path)], agent);
      const stored = house.rows<Record<string, number>>(
        'SELECT key, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning FROM responses',
      );
      const expected = [...truth.responses.values()].map(({ tokens }) => tokens);
      const sum = (rows: readonly object[], name: string) =>
        rows.reduce((total, row) => total + Number((row as Record<string, number>)[name]), 0);
      expect(stored).toHaveLength(expected.length);
      for (const [column, name] of [
        ['output', 'output'],
        ['reasoning', 'reasoning'],
        ['input', 'input'],
        ['cache_read', 'cacheRead'],
        ['cache_write_5m', 'cacheWrite5m'],
        ['cache_write_1h', 'cacheWrite1h'],
      ] as const) {
        expect([column, sum(stored, column)]).toEqual([column, sum(expected, name)]);
      }
      const entries = house.rows<{ conversation: string; kind: string; count: number }>(
        `SELECT conversation_id AS conversation, kind, count(*) AS count FROM entries
         JOIN conversations ON conversations.id = conversation GROUP BY 1, 2`,
      );
      const counted: Record<string, Record<string, number>> = {};
      for (const { conversation, kind, count } of entries) {
        counted[conversation] = { ...counted[conversation], [kind]: count };
      }
      expect(counted).toEqual(Object.fromEntries(truth.entries));
      for (const { agent, path } of files) {
        const [row] = house.rows(
          'SELECT unknown_lines AS unknown, invalid_lines AS invalid FROM files WHERE path = ?',
          join(home, 'agents', agent, path),
        );
        expect([path, row]).toEqual([path, truth.junk.get(path) ?? { unknown: 0, invalid: 0 }]);
      }
      await expectSound(house, transcriptFormats);
    }
  });
});

describe('lines', () => {
  it('wait for their ends', async () => {
    using house = openIngest(temp.path, formats);
    const whole = Buffer.from(entry('a', 'größer 🙂') + usage('r', 5));
    for (let length = 1; length <= whole.length; length += 1) {
      appendFileSync(path, whole.subarray(length - 1, length));
      house.readAll([path]);
      expect(file(house)?.lines).toBe(whole.subarray(0, length).toString('latin1').split('\n').length - 1);
    }
    expect(house.rows('SELECT preview FROM entries')).toEqual([{ preview: 'größer 🙂' }]);
    expect(tokens(house)).toEqual([['r', 1, 5]]);
    await expectSound(house);
  });

  it('may be far longer than what is read at once, or too long to be read at all', async () => {
    using house = openIngest(temp.path, formats, {
      limits: { usageStep: 64, contentStep: 64, maxLine: 100_000 },
    });
    const long = 'ö'.repeat(20_000);
    writeFileSync(path, entry('a', long) + entry('b', 'x'.repeat(200_000)) + entry('c') + usage('r', 1));
    house.readAll([path]);
    expect(house.rows('SELECT preview FROM entries')).toEqual([
      { preview: 'ö'.repeat(200) },
      { preview: 'text' },
    ]);
    expect(file(house)).toMatchObject({ lines: 4, invalid_lines: 1 });
    expect(house.rows('SELECT sample FROM problems')).toMatchObject([
      { sample: expect.stringContaining('a line of 200') },
    ]);
    expect(tokens(house)).toEqual([['r', 1, 1]]);
  });

  it('that nobody understands are counted, the first of them kept', () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, `${'{"type":"new"}\n'.repeat(30)}${'no json\n'.repeat(30)}${entry('a')}`);
    house.readAll([path]);
    expect(file(house)).toMatchObject({ lines: 61, unknown_lines: 30, invalid_lines: 30 });
    expect(house.rows('SELECT kind, count(*) AS count FROM problems GROUP BY kind')).toEqual([
      { kind: 'unknown', count: 20 },
    ]);
    expect(house.rows('SELECT kind FROM entries')).toHaveLength(1);
  });

  it('of ten megabytes in a file of two hundred are read in pieces', { timeout: 60_000 }, async () => {
    using house = openIngest(temp.path, formats);
    const descriptor = openSync(path, 'a');
    const big = entry('big', 'x'.repeat(10_000_000));
    const filler = entry(null, 'y'.repeat(1_000_000));
    appendFileSync(descriptor, big);
    for (let count = 0; count < 190; count += 1) appendFileSync(descriptor, filler);
    appendFileSync(descriptor, usage('r', 7));
    closeSync(descriptor);
    const before = process.memoryUsage().rss;
    house.readAll([path]);
    expect(file(house)).toMatchObject({ lines: 192, content_offset: statSync(path).size });
    expect(tokens(house)).toEqual([['r', 1, 7]]);
    expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
  });
});

describe('a response told several times', () => {
  it('counts once, with its fullest usage, over all files', () => {
    using house = openIngest(temp.path, formats);
    const other = join(temp.path, 'agent', 'd.jsonl');
    writeFileSync(path, usage('r', 1) + usage('r', 9) + usage('r', 3) + usage('s', 4));
    writeFileSync(other, usage('r', 5) + usage('s', 6));
    house.readAll([other, path]);
    expect(tokens(house)).toEqual([
      ['r', 1, 9],
      ['s', 1, 6],
    ]);
  });

  it('belongs to the conversation that was there first, whichever is read first', () => {
    const other = join(temp.path, 'agent', 'd.jsonl');
    writeFileSync(path, usage('r', 5));
    // The time of a file's birth cannot be set; one that is older must be made earlier.
    const born = statSync(path).birthtimeMs;
    do writeFileSync(`${other}.new`, usage('r', 5));
    while (statSync(`${other}.new`).birthtimeMs === born && rmSync(`${other}.new`) === undefined);
    renameSync(`${other}.new`, other);
    for (const order of [
      [path, other],
      [other, path],
    ]) {
      const home = join(temp.path, `home-${order[0] === path}`);
      mkdirSync(home);
      using house = openIngest(home, formats);
      house.readAll(order);
      expect(
        house.rows(
          'SELECT conversation_id FROM responses JOIN conversations ON conversations.id = conversation',
        ),
      ).toEqual([{ conversation_id: 'c' }]);
    }
  });
});

describe('a file', () => {
  it('that is rewritten far behind its beginning is read anew', async () => {
    using house = openIngest(temp.path, formats);
    const start = entry('start', 'x'.repeat(10_000));
    writeFileSync(path, start + entry('old') + usage('r', 5));
    house.readAll([path]);
    truncateSync(path, start.length);
    appendFileSync(path, entry('new') + usage('s', 5) + entry('more', 'y'.repeat(500)));
    house.readAll([path]);
    expect(house.rows('SELECT preview FROM entries')).toHaveLength(3);
    // The response was made, though nothing tells of it any more.
    expect(tokens(house)).toEqual([
      ['r', 1, 5],
      ['s', 1, 5],
    ]);
    const verified = await verifyTranscripts(house.db, formats);
    expect(verified.differences).toEqual([]);
    expect(verified.explained).toMatchObject([{ about: 'response r' }]);
  });

  it('that the agent cleans away is read to its end and kept', async () => {
    using house = openIngest(temp.path, formats, { limits: { usageStep: 64, contentStep: 64 } });
    writeFileSync(path, entry('a') + entry('b') + usage('r', 5));
    const id = house.ingest.register(path, 'plain');
    if (typeof id === 'string') throw new Error(id);
    house.ingest.step(id, 'content');
    rmSync(path);
    while (house.ingest.step(id, 'content').bytes > 0);
    while (house.ingest.step(id, 'usage').bytes > 0);
    expect(file(house)).toMatchObject({ lines: 3, gone: 1 });
    expect(readFileSync(String(file(house)?.archive_path), 'utf8')).toContain('"a"');
    await expectSound(house);
  });

  it('that takes the place of another does not take its content away', async () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a') + usage('r', 5));
    house.readAll([path]);
    writeFileSync(`${path}.new`, entry('a') + entry('b') + usage('s', 6));
    appendFileSync(path, entry('last'));
    renameSync(`${path}.new`, path);
    house.readAll([path]);
    expect(house.rows('SELECT preview FROM entries')).toHaveLength(3);
    expect(tokens(house)).toHaveLength(2);
    expect(house.rows('SELECT path, gone FROM files ORDER BY id')).toEqual([
      { path: expect.stringContaining('/transcripts/plain/1/'), gone: 1 },
      { path, gone: 0 },
    ]);
    await expectSound(house);
  });

  it('is one file under two names', () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a'));
    house.readAll([path]);
    renameSync(path, join(temp.path, 'agent', 'e.jsonl'));
    house.readAll([join(temp.path, 'agent', 'e.jsonl')]);
    const [archived] = house.rows<{ archive_path: string }>('SELECT archive_path FROM files');
    house.readAll([archived?.archive_path ?? '']);
    expect(house.rows('SELECT path FROM files')).toEqual([{ path: join(temp.path, 'agent', 'e.jsonl') }]);
  });

  it('with a time from before or after all others changes nothing', async () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a') + usage('r', 5));
    utimesSync(path, 4_000_000_000, 4_000_000_000);
    house.readAll([path]);
    appendFileSync(path, entry('b'));
    utimesSync(path, 0, 0);
    house.readAll([path]);
    expect(file(house)?.lines).toBe(3);
    await expectSound(house);
  });
});

describe.runIf(isRoot)('on a small disk', () => {
  let disk: string;
  beforeEach(() => {
    disk = join(temp.path, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  });
  afterEach(() => execFileSync('umount', ['-l', disk]));

  it('nothing is lost or doubled when the disk is full in the middle', async () => {
    const lines = Array.from({ length: 6000 }, (_, n) => entry(`e${n}`, 'x'.repeat(150)) + usage(`r${n}`, n));
    writeFileSync(path, lines.join(''));
    const archive = join(temp.path, 'archive');
    let failure: unknown;
    {
      using house = openIngest(disk, formats, {
        archive,
        limits: { usageStep: 20_000, contentStep: 20_000 },
      });
      try {
        house.readAll([path]);
      } catch (error) {
        failure = error;
      }
      expect(failure).toMatchObject({ code: 'SQLITE_FULL' });
      await expectSound(house);
    }
    execFileSync('mount', ['-o', 'remount,size=32m', disk]);
    using house = openIngest(disk, formats, { archive });
    house.readAll([path]);
    expect(file(house)).toMatchObject({ lines: 12_000 });
    expect(tokens(house)).toHaveLength(6000);
    await expectSound(house);
  });

  it('an archive that cannot link copies, and the copy grows with the file', async () => {
    using house = openIngest(temp.path, formats, { archive: join(disk, 'archive') });
    writeFileSync(path, entry('a') + usage('r', 5));
    house.readAll([path]);
    appendFileSync(path, entry('b'));
    house.readAll([path]);
    const kept = String(file(house)?.archive_path);
    expect(readFileSync(kept)).toEqual(readFileSync(path));
    // Rewritten in its place: the copy has what was there.
    const descriptor = openSync(path, 'r+');
    ftruncateSync(descriptor);
    closeSync(descriptor);
    appendFileSync(path, entry('other'));
    house.readAll([path]);
    rmSync(path);
    house.readAll([path]);
    expect(house.rows('SELECT preview FROM entries')).toHaveLength(3);
    expect(readdirSync(join(disk, 'archive', 'plain')).sort()).toEqual(['1', '2']);
    const verified = await verifyTranscripts(house.db, formats);
    expect([verified.differences, verified.explained]).toEqual([[], []]);
  });
});

describe('verify', () => {
  const stored = async (change: string) => {
    using house = openIngest(temp.path, formats);
    const call = (result: boolean) =>
      line({ entries: [`c${result}`], at: 1, call: { id: 'c', result, path: '/f' } });
    writeFileSync(
      path,
      [entry('a'), entry('b'), usage('r', 5), usage('s', 5), call(false), call(true)].join(''),
    );
    house.readAll([path]);
    house.db.exec(change);
    return (await verifyTranscripts(house.db, formats)).differences.map((one) => one.message);
  };

  it.each([
    ['a lost response', "DELETE FROM responses WHERE key = 'r'", 'it is in a file'],
    ['a made-up response', "UPDATE responses SET key = 'x' WHERE key = 'r'", 'no file tells of it'],
    ['a wrong token', "UPDATE responses SET input = 2 WHERE key = 'r'", 'input 2'],
    ['a lost entry', 'DELETE FROM entries WHERE id = 1', 'an entry is not in the database'],
    ['an entry at the wrong place', 'UPDATE entries SET line_offset = 1 WHERE id = 1', 'no line tells of'],
    ['a wrong count', 'UPDATE files SET lines = 3', 'the database says 3'],
    ['an entry search cannot find', 'DELETE FROM entries_fts WHERE rowid = 2', '1 entries are not in it'],
    [
      'words of no entry',
      "INSERT INTO entries_fts (rowid, words) VALUES (99, 'ghost')",
      'words of 1 entries there are not',
    ],
    [
      'other words than were said',
      "DELETE FROM entries_fts WHERE rowid = 2; INSERT INTO entries_fts (rowid, words, marks) VALUES (2, 'else', 'c1')",
      'does not have the words of entry 2',
    ],
    [
      'a sum in the wrong quarter',
      'UPDATE usage_quarters SET bucket = 900000',
      '1 rows that ought to be there',
    ],
    ['a run that took longer', 'UPDATE tool_runs SET duration_ms = 9', '1 rows that ought to be there'],
    [
      'a copy of nothing',
      'INSERT INTO tool_run_copies SELECT * FROM tool_runs',
      '1 rows that ought to be there',
    ],
    ['a wrong week', 'UPDATE tool_weeks SET runs = 2', '1 rows that ought to be there'],
    ['a read that was not', 'UPDATE file_reads SET calls = 2', '1 rows that ought to be there'],
    ['a message that is not counted', 'DELETE FROM messages', '2 rows that ought to be there'],
    ['a message at another time', 'UPDATE messages SET at = 5', '0 rows that ought to be there are not, 2'],
    [
      'a wrong number of messages',
      'UPDATE message_quarters SET answers = 9',
      '1 rows that ought to be there',
    ],
  ])('finds %s', async (_, change, message) => {
    expect(await stored(change)).toContainEqual(expect.stringContaining(message));
  });
});

describe('the search index', () => {
  const found = (house: IngestHouse, query: string) =>
    house
      .rows<{ rowid: number }>('SELECT rowid FROM entries_fts WHERE entries_fts MATCH ?', query)
      .map((row) => row.rowid);
  const call = (id: string, result: boolean, text: string) =>
    line({ entries: [id], text, call: { id: 'call-1', result } });

  it('has the words of entries as soon as it has the entries, and the tool of a result', () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(
      path,
      entry('a', 'where is parseConfig?') + call('b', false, 'grep -rn x') + call('c', true, 'none'),
    );
    house.readAll([path]);
    expect(found(house, 'words : "parse config"')).toEqual([1]);
    expect(found(house, 'names : parseconfig')).toEqual([1]);
    expect(found(house, 'marks : tbash')).toEqual([2, 3]);
    expect(found(house, 'marks : "c1 pplain kanswer"')).toEqual([1]);
  });

  it('has of a copy in another conversation its words too, and of the same entry again nothing', () => {
    using house = openIngest(temp.path, formats);
    const other = path.replace('c.jsonl', 'd.jsonl');
    writeFileSync(path, entry('a', 'hello') + entry('a', 'hello'));
    writeFileSync(other, entry('a', 'hello'));
    house.readAll([path, other]);
    expect(found(house, 'words : hello')).toHaveLength(2);
    expect(house.rows('SELECT id FROM entries')).toHaveLength(2);
  });

  it('has no entry by the id of one that is no more', () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a', 'first') + entry('b', 'second'));
    house.readAll([path]);
    const [before] = house.rows<{ last: number }>('SELECT max(id) AS last FROM entries');
    writeFileSync(path, entry('c', 'third'));
    house.readAll([path]);
    const ids = house.rows<{ id: number }>('SELECT id FROM entries').map(({ id }) => id);
    expect(ids).toHaveLength(1);
    expect(Math.min(...ids)).toBeGreaterThan(before?.last ?? 0);
  });

  it('loses what is no more', async () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a', 'hello') + entry('b', 'world'));
    house.readAll([path]);
    truncateSync(path);
    appendFileSync(path, entry('c', 'anew'));
    house.readAll([path]);
    expect(found(house, 'words : hello OR words : world')).toEqual([]);
    expect(found(house, 'words : anew')).toHaveLength(1);
    await expectSound(house);
  });

  it('has of a very long text the beginning', async () => {
    using house = openIngest(temp.path, formats);
    writeFileSync(path, entry('a', `first ${'filler '.repeat(100_000)} last`));
    house.readAll([path]);
    expect(found(house, 'words : first')).toEqual([1]);
    expect(found(house, 'words : last')).toEqual([]);
    await expectSound(house);
  });
});
