import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTranscriptsDb } from '../../db/transcripts/open.ts';
import { verifyTranscripts } from '../verify.ts';
import { Archive } from './archive.ts';
import { openOrReplace } from './damaged.ts';
import { Ingest } from './ingest.ts';
import { Ingestor } from './ingestor.ts';
import type { FromIngest } from './messages.ts';
import { archivedTranscripts } from './restore.ts';

let temp: TempDir;
let home: string;
let agents: string;
beforeEach(async () => {
  temp = await makeTempDir();
  home = join(temp.path, 'home');
  agents = join(temp.path, 'agents');
  mkdirSync(home);
  for (const { agent, path, content } of generateTranscripts(3, { conversations: 2 }).files) {
    const whole = join(agents, agent, path);
    mkdirSync(join(whole, '..'), { recursive: true });
    writeFileSync(whole, content);
  }
});
afterEach(() => temp[Symbol.asyncDispose]());

/** As the thread does it. */
function open() {
  const moved: string[] = [];
  const told: FromIngest[] = [];
  const errors: Error[] = [];
  const db = openOrReplace(
    join(home, 'transcripts.db'),
    () => 1_790_000_000_000,
    (to) => moved.push(to),
  );
  const archive = new Archive(join(home, 'transcripts'));
  const ingest = new Ingest({ db, formats: transcriptFormats, archive, clock: { now: () => 1_000_000 } });
  const ingestor = new Ingestor({
    ...{ ingest, formats: transcriptFormats, env: {}, sweepMs: 20, tell: (message) => told.push(message) },
    damaged: (error) => errors.push(error),
  });
  if (!ingest.store.isRestored) {
    ingestor.restore(archivedTranscripts(archive, transcriptFormats));
    ingest.store.setRestored();
  }
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  return {
    ...{ db, ingest, ingestor, moved, told, errors, count },
    [Symbol.asyncDispose]: async () => {
      await ingestor[Symbol.asyncDispose]();
      db.close();
    },
  };
}

async function importAll() {
  await using house = open();
  for (const agent of ['claude-code', 'codex'] as const) {
    await house.ingestor.import(1, agent, [join(agents, agent)]);
  }
  await house.ingestor.idle();
  const { count } = house;
  return { files: count('files'), entries: count('entries'), responses: count('responses') };
}

describe('a damaged database', () => {
  it.each([
    [
      'is no database at all',
      (path: string) => writeFileSync(path, 'not a database, whatever it was before'),
    ],
    ['has a damaged first page', (path: string) => overwrite(path, 100, 3000)],
    [
      'is a directory',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ])('that %s is moved aside, and everything read again', async (_, damage) => {
    const before = await importAll();
    expect(before.files).toBeGreaterThan(4);
    damage(join(home, 'transcripts.db'));
    await using house = open();
    expect(house.moved).toEqual([join(home, 'transcripts.db.damaged-2026-09-21T14-13-20.000Z')]);
    expect(readdirSync(home)).toContain('transcripts.db.damaged-2026-09-21T14-13-20.000Z');
    await house.ingestor.idle();
    const { count } = house;
    const after = { files: count('files'), entries: count('entries'), responses: count('responses') };
    expect(after).toEqual(before);
    expect((await verifyTranscripts(house.db, transcriptFormats)).differences).toEqual([]);
  });

  it('is made anew from the archive where the files are gone, and follows those that are not', async () => {
    const before = await importAll();
    const [first = ''] = readdirSync(agents, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.jsonl') && path.includes('codex'))
      .map((path) => join(agents, path));
    cpSync(first, join(temp.path, 'kept'));
    rmSync(join(agents, 'claude-code'), { recursive: true });
    writeFileSync(join(home, 'transcripts.db'), 'broken');
    await using house = open();
    await house.ingestor.idle();
    const { count } = house;
    expect({ files: count('files'), entries: count('entries'), responses: count('responses') }).toEqual(
      before,
    );
    // A session that is over is still found by the path its agent told.
    const gone = house.db
      .prepare(`SELECT archive_path FROM files WHERE path = archive_path LIMIT 1`)
      .pluck()
      .get() as string;
    const place = gone.slice(join(home, 'transcripts', 'claude-code', '1').length);
    house.ingestor.follow({ sessionId: 's', provider: 'claude-code', path: place, conversationId: null });
    expect(count('session_conversations')).toBe(1);
    const size = count('entries');
    appendFileSync(first, readFileSync(join(temp.path, 'kept')));
    await house.ingestor.import(2, 'codex', [join(agents, 'codex')]);
    await house.ingestor.idle();
    expect(count('entries')).toBeGreaterThanOrEqual(size);
    expect((await verifyTranscripts(house.db, transcriptFormats)).differences).toEqual([]);
  });

  it('is noticed when the damage lies deep inside', async () => {
    await importAll();
    const path = join(home, 'transcripts.db');
    const db = openTranscriptsDb(path);
    const page = Number(db.pragma('page_size', { simple: true }));
    const root = db
      .prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'entries'`)
      .pluck()
      .get() as number;
    db.close();
    overwrite(path, (root - 1) * page, page);
    const added = join(agents, 'claude-code', 'x', '11111111-1111-4111-8111-111111111111.jsonl');
    mkdirSync(join(added, '..'), { recursive: true });
    const message = { role: 'user', content: 'hello' };
    writeFileSync(
      added,
      `${JSON.stringify({ type: 'user', uuid: 'u', sessionId: 's', cwd: '/', message })}\n`,
    );
    await using house = open();
    expect(house.moved).toEqual([]);
    await house.ingestor.import(1, 'claude-code', [join(agents, 'claude-code')]);
    await house.ingestor.idle();
    expect(house.errors.map((error) => (error as { code?: unknown }).code)).toContain('SQLITE_CORRUPT');
  });

  it('written by a newer codepiper is none: it stays', () => {
    const path = join(home, 'transcripts.db');
    const db = openTranscriptsDb(path);
    db.pragma('user_version = 999');
    db.close();
    expect(() => open()).toThrow(/newer codepiper/);
    expect(readdirSync(home).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});

function overwrite(path: string, from: number, length: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, from, from + length);
  writeFileSync(path, bytes);
}
