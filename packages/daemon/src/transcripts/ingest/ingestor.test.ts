import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IngestHouse, openIngest } from '../../../test/transcripts/ingest-house.ts';
import { type PlainLine, plainFormat } from '../../../test/transcripts/plain-format.ts';
import { openTranscriptsReader } from '../../db/transcripts/open.ts';
import { verifyTranscripts } from '../verify.ts';
import { Ingestor } from './ingestor.ts';
import type { FromIngest } from './messages.ts';

let temp: TempDir;
let house: IngestHouse;
let ingestor: Ingestor;
let path: string;
let heard: FromIngest[];

beforeEach(async () => {
  temp = await makeTempDir();
  path = join(temp.path, 'agent', '2026', '11', '21', 'c.jsonl');
  heard = [];
});
afterEach(async () => {
  await ingestor[Symbol.asyncDispose]();
  house[Symbol.dispose]();
  await temp[Symbol.asyncDispose]();
});

function start(formats: Readonly<Record<string, TranscriptFormat>>, sweepMs: number): void {
  house = openIngest(temp.path, formats);
  ingestor = new Ingestor({
    ...{ ingest: house.ingest, formats, sweepMs },
    env: { PLAIN_ROOT: join(temp.path, 'agent'), CODEX_HOME: join(temp.path, 'codex') },
    tell: (message) => heard.push(message),
  });
}

function write(to: string, value: PlainLine): void {
  mkdirSync(dirname(to), { recursive: true });
  appendFileSync(to, `${JSON.stringify(value)}\n`);
}

const previews = () =>
  house.rows<{ preview: string }>('SELECT preview FROM entries ORDER BY id').map((row) => row.preview);
const sees = (text: string) => waitFor(`the entry ${text}`, () => previews().includes(text));
/** By a connection of its own: the ingestor goes on meanwhile. */
async function differences() {
  const db = openTranscriptsReader(join(temp.path, 'transcripts.db'));
  try {
    return (await verifyTranscripts(db, { plain: plainFormat })).differences;
  } finally {
    db.close();
  }
}
const followed = { sessionId: 's', provider: 'plain', conversationId: null };
const never = 100_000_000;

/** File-system events alone, and the sweep alone: the one must do without the other. */
describe.each([
  ['by events', never],
  ['by looking again', 20],
])('files of sessions, %s', (way, sweepMs) => {
  it('are read as they come and grow, with those of sub-agents', async () => {
    start({ plain: plainFormat }, sweepMs);
    ingestor.follow({ ...followed, path });
    write(path, { entries: ['1'], text: 'first' });
    await sees('first');
    write(path, { entries: ['2'], text: 'second' });
    await sees('second');
    const child = join(path.replace('.jsonl', ''), 'subagents', 'agent-x.jsonl');
    write(child, { entries: ['3'], text: 'of the child' });
    await sees('of the child');
    write(child, { entries: ['4'], text: 'more of the child' });
    await sees('more of the child');
    expect(house.rows("SELECT count(*) AS count FROM session_conversations WHERE session_id = 's'")).toEqual([
      { count: 2 },
    ]);
  });

  it('are followed into the file that takes their place', async () => {
    start({ plain: plainFormat }, sweepMs);
    write(path, { entries: ['1'], text: 'first' });
    ingestor.follow({ ...followed, path });
    await sees('first');
    write(`${path}.new`, { entries: ['2'], text: 'second' });
    renameSync(`${path}.new`, path);
    await sees('second');
    write(path, { entries: ['3'], text: 'third' });
    await sees('third');
    expect(heard.filter((message) => message.type === 'committed').at(-1)).toMatchObject({
      sessionIds: ['s'],
    });
  });

  it('of others in the same directory are left alone', async () => {
    start({ plain: plainFormat }, sweepMs);
    ingestor.follow({ ...followed, path });
    write(path.replace('c.jsonl', 'd.jsonl'), { entries: ['1'], text: 'not ours' });
    write(path, { entries: ['2'], text: 'ours' });
    await sees('ours');
    expect(previews()).toEqual(['ours']);
  });

  // No event tells where.
  if (way === 'by looking again')
    it('are found by their conversation', async () => {
      start({ plain: plainFormat }, sweepMs);
      ingestor.follow({ ...followed, path: null, conversationId: 'c' });
      write(path, { entries: ['1'], text: 'first' });
      await sees('first');
    });

  it('are read once more when the session has ended', async () => {
    start({ plain: plainFormat }, never);
    write(path, { entries: ['1'], text: 'first' });
    ingestor.follow({ ...followed, path });
    await sees('first');
    write(path, { entries: ['2'], text: 'last' });
    write(join(path.replace('.jsonl', ''), 'agent-y.jsonl'), { entries: ['3'], text: 'of a late child' });
    ingestor.unfollow('s');
    await ingestor.idle();
    expect(previews().sort()).toEqual(['first', 'last', 'of a late child']);
    write(path, { entries: ['4'], text: 'of nobody' });
    ingestor.follow({ ...followed, sessionId: 't', path: join(temp.path, 'other.jsonl') });
    write(join(temp.path, 'other.jsonl'), { entries: ['5'], text: 'of another' });
    await sees('of another');
    expect(previews()).not.toContain('of nobody');
  });

  it('of sub-agents that have a conversation of their own are found by their parent', async () => {
    start(transcriptFormats, sweepMs);
    const { files } = generateTranscripts(1);
    const of = (line: string) =>
      files.find((file) => file.agent === 'codex' && (file.content.split('\n')[0] ?? '').includes(line));
    const child = of('"parent_thread_id":"');
    if (!child) throw new Error('there is no sub-agent among the files');
    const parentId = /"parent_thread_id":"([^"]+)"/.exec(child.content)?.[1] ?? '';
    const parent = files.find((file) => file.path.includes(parentId));
    if (!parent) throw new Error('the parent is not among the files');
    const place = (name: string) =>
      join(temp.path, 'codex', 'sessions', '2026', '11', '21', name.split('/').at(-1) ?? '');
    mkdirSync(dirname(place('x')), { recursive: true });
    writeFileSync(place(parent.path), parent.content);
    ingestor.follow({
      sessionId: 's',
      provider: 'codex',
      path: place(parent.path),
      conversationId: parentId,
    });
    await waitFor('the parent', () => previews().length > 0);
    // After midnight it lies in a new directory, which nobody watched when it began.
    const file = way === 'by events' ? place(child.path) : place(child.path).replace('/21/', '/22/');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, child.content);
    await waitFor('both conversations', () => {
      utimesSync(file, 1, 1);
      return house.rows("SELECT * FROM session_conversations WHERE session_id = 's'").length === 2;
    });
  });
});

describe('bringing in', () => {
  it('reads newer files first, usage before content, what is followed before all', async () => {
    start({ plain: plainFormat }, never);
    for (const name of ['a', 'b']) {
      for (let count = 0; count < 3; count += 1) {
        write(join(temp.path, 'agent', `${name}.jsonl`), {
          entries: [`${name}${count}`],
          text: name,
          usage: { key: `${name}${count}`, input: 1, output: 1 },
        });
      }
    }
    write(path, { entries: ['live'], text: 'live' });
    const importing = ingestor.import(1, null, null);
    ingestor.follow({ ...followed, path });
    await importing;
    await ingestor.idle();
    expect(previews()[0]).toBe('live');
    expect(heard.at(-1)).toMatchObject({ type: 'imported', id: 1, files: 3 });
  });

  it('goes round what cannot be read, and says so once', async () => {
    start({ plain: plainFormat }, never);
    write(path, { entries: ['1'], text: 'first' });
    symlinkSync('loop', join(temp.path, 'loop'));
    await ingestor.import(1, null, [
      join(temp.path, 'loop'),
      join(temp.path, 'nowhere'),
      join(temp.path, 'agent'),
    ]);
    await ingestor.import(2, null, [join(temp.path, 'loop')]);
    await ingestor.idle();
    expect(previews()).toEqual(['first']);
    expect(heard.filter((message) => message.type === 'problem')).toMatchObject([{ code: 'ELOOP' }]);
    expect(heard.filter((message) => message.type === 'imported')).toHaveLength(2);
  });

  it('tries again what could not be stored', async () => {
    start({ plain: plainFormat }, 20);
    write(path, { entries: ['1'], text: 'first' });
    const pages = Number(house.db.pragma('page_count', { simple: true }));
    house.db.pragma(`max_page_count = ${pages}`);
    for (let count = 0; count < 400; count += 1)
      write(path, { entries: [`x${count}`], text: 'x'.repeat(200) });
    await ingestor.import(1, null, null);
    await waitFor('the problem', () => heard.some((message) => message.type === 'problem'));
    expect(heard.find((message) => message.type === 'problem')).toMatchObject({ code: 'SQLITE_FULL' });
    house.db.pragma('max_page_count = 1000000');
    await waitFor('all entries', () => previews().length === 401);
  });

  it('stores all of a batch or nothing of it, and its sums with it, when the disk is full', async () => {
    start({ plain: plainFormat }, 20);
    const files = Array.from({ length: 40 }, (_, number) => join(temp.path, 'agent', `c${number}.jsonl`));
    for (const [number, file] of files.entries()) {
      for (let line = 0; line < 50; line += 1) {
        const key = `${number}-${line}`;
        write(file, { entries: [key], text: 'word '.repeat(40), usage: { key, input: 1, output: 2 } });
      }
    }
    const pages = Number(house.db.pragma('page_count', { simple: true }));
    house.db.pragma(`max_page_count = ${pages + 60}`);
    await ingestor.import(1, null, null);
    await waitFor('the problem', () => heard.some((message) => message.type === 'problem'));
    expect(await differences()).toEqual([]);
    house.db.pragma('max_page_count = 1000000');
    await waitFor('all entries', () => previews().length === 2000);
    await ingestor.idle();
    expect(
      house.rows('SELECT sum(responses) AS responses, sum(output) AS output FROM usage_quarters'),
    ).toEqual([{ responses: 2000, output: 4000 }]);
    expect(await differences()).toEqual([]);
  });

  it('does not read what was said before it knows what all of it cost', async () => {
    start({ plain: plainFormat }, never);
    for (let number = 0; number < 100; number += 1) {
      const usage = { key: `r${number}`, input: 1, output: 1 };
      write(join(temp.path, 'agent', `c${number}.jsonl`), { entries: [`e${number}`], text: 'said', usage });
    }
    const responsesAt: number[] = [];
    const { store } = house.ingest;
    const addEntry = store.addEntry.bind(store);
    store.addEntry = (...told) => {
      const [row] = house.rows<{ n: number }>('SELECT count(*) AS n FROM responses');
      responsesAt.push(row?.n ?? 0);
      return addEntry(...told);
    };
    await ingestor.import(1, null, null);
    await ingestor.idle();
    expect(responsesAt).toHaveLength(100);
    expect(Math.min(...responsesAt)).toBe(100);
  });
});

describe('a directory that cannot be read', () => {
  it('is read as soon as it can be', async () => {
    start({ plain: plainFormat }, 20);
    const directory = dirname(path);
    mkdirSync(dirname(directory), { recursive: true });
    symlinkSync(directory, directory);
    ingestor.follow({ ...followed, path });
    await ingestor.import(1, null, [directory]);
    expect(heard).toContainEqual(
      expect.objectContaining({ type: 'problem', path: directory, code: 'ELOOP' }),
    );
    rmSync(directory);
    write(path, { entries: ['1'], text: 'first' });
    await sees('first');
    write(path, { entries: ['2'], text: 'second' });
    await sees('second');
  });

  it('in the middle of a file loses nothing of it', async () => {
    start({ plain: plainFormat }, 20);
    write(path, { entries: ['1'], text: 'first' });
    ingestor.follow({ ...followed, path });
    await sees('first');
    const directory = dirname(path);
    renameSync(directory, `${directory}-away`);
    symlinkSync(directory, directory);
    write(path.replace(directory, `${directory}-away`), { entries: ['2'], text: 'second' });
    await waitFor('the problem', () => heard.some((message) => message.type === 'problem'));
    rmSync(directory);
    renameSync(`${directory}-away`, directory);
    await sees('second');
    expect(previews()).toEqual(['first', 'second']);
  });
});

it('new directories are looked for where agents file by date, and only there', async () => {
  const asked = { dated: 0, plain: 0 };
  const counting = (name: keyof typeof asked): TranscriptFormat => ({
    ...plainFormat,
    isFiledByDate: name === 'dated',
    roots: (env) => {
      asked[name] += 1;
      return plainFormat.roots(env);
    },
  });
  start({ plain: counting('plain'), dated: counting('dated') }, 20);
  ingestor.follow({ ...followed, path });
  ingestor.follow({
    ...followed,
    sessionId: 't',
    provider: 'dated',
    path: path.replace('c.jsonl', 'd.jsonl'),
  });
  await waitFor('some looks', () => asked.dated >= 3);
  expect(asked.plain).toBe(0);
});

it('a clock that jumps back changes nothing', async () => {
  start({ plain: plainFormat }, 20);
  write(path, { entries: ['1'], text: 'first', at: 2_000_000, usage: { key: 'a', input: 1, output: 1 } });
  ingestor.follow({ ...followed, path });
  await sees('first');
  write(path, { entries: ['2'], text: 'second', at: 1000, usage: { key: 'b', input: 1, output: 1 } });
  utimesSync(path, 1, 1);
  await sees('second');
  write(path, { entries: ['3'], text: 'third', at: -5, usage: { key: 'c', input: 1, output: 1 } });
  utimesSync(path, 1, 1);
  await sees('third');
  await ingestor.idle();
  expect(house.rows('SELECT started_at, last_at FROM conversations')).toEqual([
    { started_at: -5, last_at: 2_000_000 },
  ]);
  expect(await differences()).toEqual([]);
});
