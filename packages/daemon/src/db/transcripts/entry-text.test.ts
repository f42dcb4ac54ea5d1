import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIngest } from '../../../test/transcripts/ingest-house.ts';
import { plainFormat } from '../../../test/transcripts/plain-format.ts';
import { type EntryPlace, entryTexts } from './entry-text.ts';
import { readerOf } from './open.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => temp[Symbol.asyncDispose]());

const places = 'SELECT * FROM entries ORDER BY id';

describe('the text of entries', () => {
  it('is what the whole file says at their places, for every entry of both agents', () => {
    using house = openIngest(temp.path, transcriptFormats);
    for (const { agent, path, content } of generateTranscripts(5, { conversations: 2 }).files) {
      const whole = join(temp.path, agent, path);
      mkdirSync(dirname(whole), { recursive: true });
      writeFileSync(whole, content);
      house.readAll([whole], agent);
    }
    const rows = house.rows<EntryPlace>(places);
    const texts = entryTexts({ db: readerOf(house.db), formats: transcriptFormats }, rows);
    expect(rows.length).toBeGreaterThan(100);
    expect(texts.filter((found) => found === null)).toEqual([]);
    // A reader that came there line by line says the same.
    const said = new Set<string>();
    for (const { path, provider } of house.rows<{ path: string; provider: 'codex' | 'claude-code' }>(
      'SELECT path, provider FROM files',
    )) {
      const reader = transcriptFormats[provider].createReader();
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        for (const item of reader.readLine(line).line.items) if (item.type === 'entry') said.add(item.text);
      }
    }
    expect(texts.filter((found) => !said.has(found?.text ?? ''))).toEqual([]);
  });

  it('comes from the kept copy when the agent took its file away, and is unknown without both', () => {
    const { path, rows, read, house } = oneFile();
    using _house = house;
    rmSync(path);
    expect(read()).toEqual(['one', 'two', 'two']);
    rmSync(join(temp.path, 'transcripts'), { recursive: true });
    expect(read()).toEqual([null, null, null]);
    expect(rows).toHaveLength(3);
  });

  it('is unknown where the file says something else by now', () => {
    const { path, read, house } = oneFile();
    using _house = house;
    rmSync(join(temp.path, 'transcripts'), { recursive: true });
    writeFileSync(path, readFileSync(path, 'utf8').replace('one', 'uno'));
    expect(read()).toEqual([null, 'two', 'two']);
    writeFileSync(path, '{');
    expect(read()).toEqual([null, null, null]);
  });

  it('is read from any number of files with a few of them open', () => {
    using house = openIngest(temp.path, { plain: plainFormat });
    const paths = Array.from({ length: 60 }, (_, i) => join(temp.path, 'agent', `c${i}.jsonl`));
    mkdirSync(join(temp.path, 'agent'));
    for (const path of paths) writeFileSync(path, `${JSON.stringify({ entries: [path], text: path })}\n`);
    house.readAll(paths);
    let most = 0;
    const counting: TranscriptFormat = {
      ...plainFormat,
      createReader(state) {
        most = Math.max(most, readdirSync('/dev/fd').length);
        return plainFormat.createReader(state);
      },
    };
    const before = readdirSync('/dev/fd').length;
    const rows = house.rows<EntryPlace>(places);
    const texts = entryTexts({ db: readerOf(house.db), formats: { plain: counting } }, [...rows, ...rows]);
    expect(texts.map((found) => found?.text)).toEqual([...paths, ...paths]);
    expect(most - before).toBeLessThan(40);
    expect(readdirSync('/dev/fd')).toHaveLength(before);
  });

  function oneFile() {
    const path = join(temp.path, 'agent', 'c.jsonl');
    mkdirSync(dirname(path));
    const house = openIngest(temp.path, { plain: plainFormat });
    writeFileSync(path, `${JSON.stringify({ entries: ['a'], text: 'one' })}\n`);
    appendFileSync(path, `${JSON.stringify({ entries: ['b', 'c'], text: 'two' })}\n`);
    house.readAll([path]);
    const rows = house.rows<EntryPlace>(places);
    const context = { db: readerOf(house.db), formats: { plain: plainFormat } };
    const read = () => entryTexts(context, rows).map((found) => found?.text ?? null);
    return { path, rows, read, house };
  }
});
