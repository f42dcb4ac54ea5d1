import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { canMount } from '@codepiper/testkit/faults/tiny-disk.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditHouse, openAuditHouse } from '../../test/audit-house.ts';
import { type IngestHouse, openIngest } from '../../test/transcripts/ingest-house.ts';
import { verifyTrail } from '../audit/verify.ts';
import { openTranscriptsDb } from '../db/transcripts/open.ts';
import { acquireLock } from '../platform/lock.ts';
import { finishMoves } from '../platform/moves.ts';
import { verifyTranscripts } from '../transcripts/verify.ts';
import { makeBackup } from './backup.ts';
import { type CheckTrail, checkBackup } from './check.ts';
import type { Manifest } from './manifest.ts';
import { restoreBackup } from './restore.ts';

const now = Date.parse('2026-11-21T12:00:00.000Z');
const conversationId = '11111111-2222-4333-8444-555555555555';
const checkTrail: CheckTrail = (files) => {
  const { entries, findings } = verifyTrail(files);
  return { entries, findings: findings.map(({ what }) => what) };
};

let temp: TempDir;
let house: AuditHouse;
let ingest: IngestHouse;
let agents: string;
let target: string;
beforeEach(async () => {
  temp = await makeTempDir();
  house = await openAuditHouse();
  ingest = openIngest(house.directory, transcriptFormats);
  agents = join(temp.path, 'agents');
  target = join(temp.path, 'backup');
  for (let i = 0; i < 5; i++) await house.add({ reason: `reason ${i}` });
  await house.audit.sign();
  await house.add();
  transcript('live.jsonl', ['Mend the parser', 'Thanks']);
  transcript('gone.jsonl', ['Only in the archive'], '2');
  unlinkSync(join(agents, 'gone.jsonl'));
  writeFileSync(join(house.directory, 'config.yaml'), 'log:\n  level: debug\n', { mode: 0o644 });
  writeFileSync(join(house.directory, 'auth.key'), 'the key of the account', { mode: 0o600 });
  mkdirSync(join(house.directory, 'sessions'));
  writeFileSync(join(house.directory, 'sessions/mark'), 'not a part of it');
});
afterEach(async () => {
  ingest[Symbol.dispose]();
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

function transcript(name: string, texts: readonly string[], session = '1'): void {
  mkdirSync(agents, { recursive: true });
  const lines = texts.map((text, i) =>
    JSON.stringify({
      ...{
        type: 'user',
        uuid: `${name}-${i}`,
        sessionId: session + conversationId.slice(1),
        cwd: '/home/ada/app',
      },
      ...{ timestamp: '2026-11-21T10:00:00.000Z', message: { role: 'user', content: text } },
    }),
  );
  writeFileSync(join(agents, name), `${lines.join('\n')}\n`);
  ingest.readAll([join(agents, name)], 'claude-code');
}

const backUp = (over: Partial<Parameters<typeof makeBackup>[0]> = {}) =>
  makeBackup({
    ...{ home: house.directory, database: house.database, target, version: '0.1.0', now, checkTrail },
    ...over,
  });
const restore = (home: string, over: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({ source: target, home, database: join(home, 'codepiper.db'), now, checkTrail, ...over });

function dump(path: string, sql: string): unknown[] {
  const sqlite = new Sqlite(path, { readonly: true });
  try {
    return sqlite.prepare(sql).all();
  } finally {
    sqlite.close();
  }
}
const trailOf = (home: string) => dump(join(home, 'codepiper.db'), 'SELECT * FROM decisions ORDER BY seq');
const entriesOf = (home: string) =>
  dump(join(home, 'transcripts.db'), 'SELECT id, preview FROM entries ORDER BY id');

/** Every plain file below a directory by its path, with its content. */
function content(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !/-shm$|\.lock$/.test(one.name))
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

describe('backup', () => {
  it('holds everything, for its owner only, in files of its own', async () => {
    const { manifest, trail, missing } = await backUp();
    expect({ trail, missing }).toEqual({ trail: { entries: 6, findings: [] }, missing: [] });
    expect(manifest).toMatchObject({
      codepiper: '0.1.0',
      createdAt: '2026-11-21T12:00:00.000Z',
      rows: {
        'codepiper.db': { decisions: 6, audit_checkpoints: 1 },
        'transcripts.db': { conversations: 2, entries: 3 },
      },
    });
    const names = manifest.files.map(({ path }) => path);
    expect(names).toEqual(
      expect.arrayContaining([
        'audit.key',
        'auth.key',
        'config.yaml',
        'codepiper.db.audit-checkpoints.jsonl',
      ]),
    );
    expect(names.filter((name) => name.startsWith('transcripts/'))).toHaveLength(2);
    expect(lstatSync(target).mode & 0o777).toBe(0o700);
    for (const name of [
      'codepiper.db',
      'transcripts.db',
      'config.yaml',
      'audit.key',
      'auth.key',
      'manifest.json',
    ]) {
      expect({ name, mode: lstatSync(join(target, name)).mode & 0o777 }).toEqual({ name, mode: 0o600 });
    }
    const live = names.find((name) => name.endsWith('live.jsonl')) ?? '';
    expect(lstatSync(join(target, live))).toMatchObject({ nlink: 1, mode: 0o100600 });
    expect(trailOf(target)).toEqual(trailOf(house.directory));
    expect(readdirSync(temp.path).sort()).toEqual(['agents', 'backup']);
  });

  it('is of one moment while others write', async () => {
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(process.argv[1]);
      db.exec('PRAGMA busy_timeout = 5000; CREATE TABLE a (n, t); CREATE TABLE b (n, t)');
      console.log('writing');
      process.stdin.resume().once('end', () => process.exit());
      let n = 0;
      const write = () => {
        db.exec('BEGIN IMMEDIATE');
        for (const table of ['a', 'b']) db.prepare('INSERT INTO ' + table + ' VALUES (?, ?)').run(n, 'x'.repeat(500));
        db.exec('COMMIT');
        n += 1;
        setImmediate(write);
      };
      write();`;
    const child = spawn(process.execPath, ['--no-warnings', '-e', script, house.database], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const seen: unknown[] = [];
      for (let i = 0; i < 5; i++) {
        const { manifest } = await backUp({ target: `${target}-${i}` });
        const { a, b } = manifest.rows['codepiper.db'] ?? {};
        expect(a).toBe(b);
        seen.push(a);
      }
      expect(new Set(seen).size).toBeGreaterThan(1);
    } finally {
      child.stdin.end();
      await ended;
    }
  });

  it('has no checkpoint that its database does not have, and none that is half written', async () => {
    await house.audit.sign();
    house.open.sqlite.exec('DELETE FROM audit_checkpoints WHERE seq = 6');
    appendFileSync(house.checkpoints, '{"seq":7,"ha');
    expect((await backUp()).trail).toEqual({ entries: 6, findings: [] });
    expect(
      readFileSync(join(target, 'codepiper.db.audit-checkpoints.jsonl'), 'utf8').trim().split('\n'),
    ).toHaveLength(1);
  });

  it('is made of a trail that is broken too, and says so', async () => {
    house.open.sqlite.exec('DROP TRIGGER decisions_never_change');
    house.open.sqlite.exec(`UPDATE decisions SET reason = 'nothing' WHERE seq = 2`);
    expect((await backUp()).trail?.findings[0]).toContain('does not fit its hash');
  });

  it('names transcripts that are not there', async () => {
    rmSync(join(house.directory, 'transcripts'), { recursive: true });
    expect((await backUp()).missing).toHaveLength(2);
  });

  it('takes no place that is taken, and goes into an empty directory', async () => {
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), 'x');
    await expect(backUp()).rejects.toThrow(/backup is there already/);
    expect(readdirSync(target)).toEqual(['mine']);
    rmSync(join(target, 'mine'));
    await backUp();
    expect(existsSync(join(target, 'manifest.json'))).toBe(true);
  });

  it('is not made of half a restore, nor of a database that is none', async () => {
    writeFileSync(join(house.directory, 'restore.json'), '{}');
    await expect(backUp()).rejects.toThrow(/restore of .* was interrupted/);
    rmSync(join(house.directory, 'restore.json'));
    writeFileSync(join(temp.path, 'none.db'), 'this is no database, however long it may be'.repeat(100));
    await expect(backUp({ database: join(temp.path, 'none.db') })).rejects.toThrow(
      /none.db cannot be copied/,
    );
    expect(readdirSync(temp.path).sort()).toEqual(['agents', 'none.db']);
  });

  it('is not made of a home that a restore puts in its place meanwhile', async () => {
    const checkAndReplace: CheckTrail = (files) => {
      cpSync(house.database, `${house.database}.new`);
      renameSync(`${house.database}.new`, house.database);
      return checkTrail(files);
    };
    await expect(backUp({ checkTrail: checkAndReplace })).rejects.toThrow(/was replaced by a restore/);
    expect(readdirSync(temp.path)).toEqual(['agents']);
  });

  it('leaves nothing when it fails, and takes away what a killed one left', async () => {
    mkdirSync(join(temp.path, '.backup.partial-99999999-0123abcd/transcripts'), { recursive: true });
    const failing = backUp({
      checkTrail: () => {
        throw new Error('the key is no key');
      },
    });
    await expect(failing).rejects.toThrow('the key is no key');
    expect(readdirSync(temp.path)).toEqual(['agents']);
    await expect(backUp({ database: join(temp.path, 'none.db') })).rejects.toThrow(/nothing to back up/);
  });

  it.runIf(canMount)('leaves nothing on a full disk', async () => {
    const disk = join(temp.path, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'codepiper-test', disk]);
    try {
      await expect(backUp({ target: join(disk, 'backup') })).rejects.toMatchObject({ code: 'storage_full' });
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('restore', () => {
  const intact = async (home: string) => {
    expect(trailOf(home)).toHaveLength(6);
    const files = { database: join(home, 'codepiper.db'), key: join(home, 'audit.key') };
    expect(verifyTrail(files).findings).toEqual([]);
    const db = openTranscriptsDb(join(home, 'transcripts.db'));
    try {
      const { differences, explained, entries } = await verifyTranscripts(db, transcriptFormats);
      expect({ differences, explained, entries }).toEqual({ differences: [], explained: [], entries: 3 });
    } finally {
      db.close();
    }
  };

  it.each(['the same', 'another'])('brings a home back that is gone, at %s place', async (place) => {
    const home = place === 'the same' ? house.directory : join(temp.path, 'other');
    const entries = entriesOf(house.directory);
    await backUp();
    ingest[Symbol.dispose]();
    await house.close();
    rmSync(house.directory, { recursive: true });
    expect(await restore(home)).toMatchObject({ before: null, finishedEarlier: false, problems: [] });
    await intact(home);
    expect(entriesOf(home)).toEqual(entries);
    expect(readFileSync(join(home, 'config.yaml'), 'utf8')).toContain('debug');
    expect(readFileSync(join(home, 'auth.key'), 'utf8')).toBe('the key of the account');
    expect(readdirSync(home).filter((name) => name.includes('restore'))).toEqual([]);
    for (const row of dump(join(home, 'transcripts.db'), 'SELECT archive_path FROM files') as {
      archive_path: string;
    }[]) {
      expect(row.archive_path.startsWith(`${home}/transcripts/`)).toBe(true);
    }
  });

  it("keeps the agents' own files where they are still the same, and copies where they are not", async () => {
    transcript('other.jsonl', ['Of another kind'], '3');
    await backUp();
    appendFileSync(join(agents, 'live.jsonl'), '{"type":"x"}\n');
    writeFileSync(join(agents, 'other.jsonl'), 'x'.repeat(1000));
    const home = join(temp.path, 'other');
    await restore(home);
    const rows = dump(
      join(home, 'transcripts.db'),
      'SELECT archive_path AS kept, archive_copied AS copied FROM files ORDER BY path',
    ) as { kept: string; copied: number }[];
    expect(rows.map(({ copied }) => copied)).toEqual([1, 0, 1]);
    const inodes = rows.map(({ kept }) => lstatSync(kept).ino);
    expect(inodes[1]).toBe(lstatSync(join(agents, 'live.jsonl')).ino);
    expect(inodes[2]).not.toBe(lstatSync(join(agents, 'other.jsonl')).ino);
    expect(readFileSync(rows[2]?.kept ?? '', 'utf8')).toContain('Of another kind');
  });

  it('says that it is half done, when it is', async () => {
    await backUp();
    const home = join(temp.path, 'other');
    mkdirSync(home);
    const list = {
      moves: [{ target: join(home, 'x/under-a-file'), staged: join(home, 'x'), aside: join(home, 'y') }],
      leftovers: [],
    };
    writeFileSync(join(home, 'x'), '');
    writeFileSync(join(home, 'restore.json'), JSON.stringify(list));
    await expect(restore(home)).rejects.toThrow(/is half done: .*restore\.json\. Mend the cause/);
  });

  it.runIf(canMount)('refuses, before it changes anything, to move aside what is mounted', async () => {
    await backUp();
    const home = join(temp.path, 'other');
    mkdirSync(join(home, 'transcripts'), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'codepiper-test', join(home, 'transcripts')]);
    try {
      await expect(restore(home)).rejects.toThrow(/transcripts is mounted there/);
      expect(readdirSync(home).sort()).toEqual(['codepiper.db.lock', 'daemon.lock', 'transcripts']);
      await expect(backUp({ target: join(home, 'transcripts') })).rejects.toThrow(/A disk is mounted at/);
    } finally {
      execFileSync('umount', [join(home, 'transcripts')]);
    }
  });

  it('reads on where a transcript stood, from its own place and from a copy', async () => {
    await backUp();
    // As on another disk: the kept files are others than they were.
    const elsewhere = join(temp.path, 'elsewhere');
    cpSync(target, elsewhere, { recursive: true });
    const home = join(temp.path, 'other');
    await restore(home, { source: elsewhere });
    appendFileSync(
      join(agents, 'live.jsonl'),
      `${JSON.stringify({ type: 'user', uuid: 'late', sessionId: conversationId, message: { role: 'user', content: 'On' } })}\n`,
    );
    using again = openIngest(home, transcriptFormats);
    const paths = again.rows<{ path: string }>('SELECT path FROM files').map(({ path }) => path);
    again.readAll(paths, 'claude-code');
    expect(entriesOf(home)).toHaveLength(4);
    expect((await verifyTranscripts(again.db, transcriptFormats)).differences).toEqual([]);
    // What goes on in the home does not reach the backup.
    expect((await checkBackup(elsewhere, { checkTrail })).problems).toEqual([]);
  });

  it('keeps what was there, and touches nothing else', async () => {
    await backUp();
    await house.add({ reason: 'later' });
    transcript('later.jsonl', ['Later'], '3');
    writeFileSync(join(house.directory, 'prices.yaml'), 'prices: []\n');
    ingest[Symbol.dispose]();
    await house.close();
    const { before } = await restore(house.directory);
    await intact(house.directory);
    expect(before).toBe(join(house.directory, 'before-restore-2026-11-21T12-00-00-000Z'));
    expect(trailOf(before ?? '')).toHaveLength(7);
    expect(entriesOf(before ?? '')).toHaveLength(4);
    expect(readdirSync(before ?? '')).toEqual(
      expect.arrayContaining(['prices.yaml', 'config.yaml', 'transcripts']),
    );
    expect(existsSync(join(house.directory, 'prices.yaml'))).toBe(false);
    expect(readFileSync(join(house.directory, 'sessions/mark'), 'utf8')).toBe('not a part of it');
  });

  it('puts a database where the configuration wants it', async () => {
    await backUp();
    const home = join(temp.path, 'other');
    const database = join(temp.path, 'data/pipe.db');
    await restore(home, { database });
    expect(existsSync(join(home, 'codepiper.db'))).toBe(false);
    expect(verifyTrail({ database, key: join(home, 'audit.key') })).toMatchObject({
      entries: 6,
      findings: [],
    });
    await restore(home, { database });
    expect(
      readdirSync(join(temp.path, 'data'))
        .filter((name) => /before-restore/.test(name))
        .sort(),
    ).toEqual([
      'pipe.db.audit-checkpoints.jsonl.before-restore-2026-11-21T12-00-00-000Z',
      'pipe.db.before-restore-2026-11-21T12-00-00-000Z',
    ]);
  });

  it.each(['daemon.lock', 'codepiper.db.lock'])('refuses while a daemon has %s', async (name) => {
    await backUp();
    const before = content(house.directory);
    using lock = acquireLock(join(house.directory, name));
    expect(lock).not.toBeNull();
    await expect(restore(house.directory)).rejects.toThrow(/in use by a running daemon.*daemon stop/);
    expect(content(house.directory)).toEqual(before);
  });

  it('finishes one that was killed, before it does its own', async () => {
    await backUp();
    const home = join(temp.path, 'other');
    await restore(home);
    // As if it had been killed behind its first rename.
    const aside = join(home, 'before-restore-x');
    mkdirSync(join(home, '.restore-0123abcd'));
    writeFileSync(join(home, '.restore-0123abcd/prices.yaml'), 'prices: []\n');
    const moves = [
      {
        target: join(home, 'prices.yaml'),
        staged: join(home, '.restore-0123abcd/prices.yaml'),
        aside: join(aside, 'prices.yaml'),
      },
    ];
    writeFileSync(
      join(home, 'restore.json'),
      JSON.stringify({ moves, leftovers: [join(home, '.restore-0123abcd')] }),
    );
    const { finishedEarlier, before } = await restore(home);
    expect(finishedEarlier).toBe(true);
    expect(readFileSync(join(before ?? '', 'prices.yaml'), 'utf8')).toBe('prices: []\n');
    expect(readdirSync(home).filter((name) => name.startsWith('.restore'))).toEqual([]);
  });

  it.each([
    ['begins to check', '', [7]],
    ['has begun to copy', '.restore-', [7, 6]],
    ['has its list', 'restore.json', [6]],
    ['has begun to move', 'before-restore-', [6]],
  ])('killed when it %s: the next start finds the old or the new', async (_, mark, entries) => {
    await backUp();
    await house.add({ reason: 'later' });
    ingest[Symbol.dispose]();
    await house.close();
    const home = join(temp.path, 'other');
    cpSync(house.directory, home, { recursive: true });
    const script = `
      import { restoreBackup } from ${JSON.stringify(join(import.meta.dirname, 'restore.ts'))};
      const [source, home] = process.argv.slice(1);
      const trail = { entries: 0, findings: [] };
      console.log('begins');
      await restoreBackup({ source, home, database: home + '/codepiper.db', now: 0, checkTrail: () => trail });`;
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--no-warnings', '--input-type=module', '-e', script, target, home],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    while (child.exitCode === null && !readdirSync(home).some((name) => name.startsWith(mark))) {
      await new Promise(setImmediate);
    }
    child.kill('SIGKILL');
    await ended;
    finishMoves(join(home, 'restore.json'));
    expect(entries).toContain(trailOf(home).length);
    const files = { database: join(home, 'codepiper.db'), key: join(home, 'audit.key') };
    expect(verifyTrail(files).findings).toEqual([]);
    expect(entriesOf(home)).toHaveLength(3);
  });
});

describe('what is not what it was', () => {
  let manifest: Manifest;
  beforeEach(async () => {
    ({ manifest } = await backUp());
  });
  const problems = async () => (await checkBackup(target, { checkTrail })).problems;
  const rewrite = (change: (manifest: Manifest) => void) => {
    const changed = structuredClone(manifest);
    change(changed);
    writeFileSync(join(target, 'manifest.json'), JSON.stringify(changed));
  };
  const rehash = (name: string) =>
    rewrite(({ files }) => {
      const file = files.find(({ path }) => path === name);
      const bytes = readFileSync(join(target, name));
      if (file)
        Object.assign(file, { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    });

  it('is found in every file, and not restored', async () => {
    expect(await problems()).toEqual([]);
    const home = join(temp.path, 'other');
    for (const { path } of manifest.files) {
      const bytes = readFileSync(join(target, path));
      const changed = Buffer.from(bytes);
      changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
      for (const act of [
        () => writeFileSync(join(target, path), changed),
        () => writeFileSync(join(target, path), bytes.subarray(1)),
        () => symlinkSync('/etc/hostname', join(target, path)),
        () => undefined,
      ]) {
        rmSync(join(target, path));
        act();
        expect((await problems())[0]).toContain(path);
        await expect(restore(home)).rejects.toThrow(/is not restored, nothing was changed: .*/);
        rmSync(join(target, path), { force: true });
        writeFileSync(join(target, path), bytes);
      }
    }
    expect(readdirSync(home).sort()).toEqual(['codepiper.db.lock', 'daemon.lock']);
    expect(await problems()).toEqual([]);
  });

  it.each([
    ['went on', (path: string) => appendFileSync(path, '{"type":"x"}\n')],
    ['was written anew in its place', (path: string) => writeFileSync(path, 'something else')],
    ['was cut off', (path: string) => truncateSync(path, 10)],
  ])('no transcript that %s', async (_, change) => {
    change(join(agents, 'live.jsonl'));
    expect(await problems()).toEqual([]);
    await restore(join(temp.path, 'other'));
    expect(entriesOf(join(temp.path, 'other'))).toHaveLength(3);
  });

  it('a link in the place of a directory', async () => {
    const elsewhere = join(temp.path, 'elsewhere');
    renameSync(join(target, 'transcripts'), elsewhere);
    symlinkSync(elsewhere, join(target, 'transcripts'));
    expect((await problems())[0]).toMatch(/^transcripts\/.* is not there$/);
  });

  it('a log of SQLite beside a database: it would be taken for a part of it', async () => {
    for (const name of ['codepiper.db-wal', 'transcripts.db-journal']) writeFileSync(join(target, name), '');
    expect(await problems()).toEqual([
      'codepiper.db-wal is no part of a backup: remove it',
      'transcripts.db-journal is no part of a backup: remove it',
    ]);
  });

  it('a list that is a pipe or a link', async () => {
    for (const act of [
      () => execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(target, 'manifest.json')]),
      () => symlinkSync('/dev/zero', join(target, 'manifest.json')),
    ]) {
      rmSync(join(target, 'manifest.json'));
      act();
      await expect(problems()).rejects.toThrow(/no plain file/);
    }
  });

  it('a database of a newer codepiper', async () => {
    for (const [name, sql] of [
      ['codepiper.db', `INSERT INTO kysely_migration VALUES ('9999-future', '2027')`],
      ['transcripts.db', 'PRAGMA user_version = 99'],
    ] as const) {
      const sqlite = new Sqlite(join(target, name));
      sqlite.exec(sql);
      sqlite.close();
      rehash(name);
      expect(await problems()).toEqual([
        expect.stringMatching(new RegExp(`^${name} was written by a newer codepiper`)),
      ]);
      await expect(restore(join(temp.path, 'other'))).rejects.toThrow(/newer codepiper/);
      rmSync(target, { recursive: true });
      ({ manifest } = await backUp());
    }
  });

  it('a database that is damaged, or has other rows', async () => {
    rewrite(({ rows }) => {
      const counts = rows['codepiper.db'];
      if (counts) counts.decisions = 7;
    });
    expect(await problems()).toEqual(['codepiper.db has 6 rows in decisions, not 7']);
    const path = join(target, 'codepiper.db');
    const bytes = readFileSync(path);
    bytes.fill(0xaa, 4096 * 3, 4096 * 5);
    writeFileSync(path, bytes);
    rehash('codepiper.db');
    await expect(restore(join(temp.path, 'other'))).rejects.toThrow();
  });

  it.each([
    [
      'a path that leads out',
      (m: Manifest) => m.files.push({ path: 'transcripts/../../x', size: 0, sha256: '0'.repeat(64) }),
      /damaged: files/,
    ],
    [
      'a file of others',
      (m: Manifest) => m.files.push({ path: 'daemon.lock', size: 0, sha256: '0'.repeat(64) }),
      /damaged: files/,
    ],
    ['a file twice', (m: Manifest) => m.files.push(...m.files.slice(0, 1)), /names a file twice/],
    [
      'a path from the root',
      (m: Manifest) => m.files.push({ path: '/etc/hostname', size: 0, sha256: '0'.repeat(64) }),
      /damaged: files/,
    ],
    ['a later form', (m: Manifest) => Object.assign(m, { version: 2 }), /newer codepiper/],
  ])('%s', async (_, change, says) => {
    rewrite(change);
    await expect(problems()).rejects.toThrow(says);
  });

  it('a list that keeps quiet about the rows of a database', async () => {
    rewrite((m) => {
      delete m.rows['transcripts.db'];
    });
    expect(await problems()).toEqual(['the rows of transcripts.db are not in the list']);
  });

  it('a list without the database, and no list at all', async () => {
    rewrite((m) => {
      m.files = m.files.filter(({ path }) => path !== 'codepiper.db');
    });
    expect((await problems())[0]).toContain('codepiper.db is not in the list');
    writeFileSync(join(target, 'manifest.json'), 'null');
    await expect(problems()).rejects.toThrow(/damaged/);
    rmSync(join(target, 'manifest.json'));
    await expect(problems()).rejects.toThrow(/is no backup/);
  });
});
