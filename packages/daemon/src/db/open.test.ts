import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLedger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { asStorageError } from './errors.ts';
import { checkDatabaseFile } from './integrity.ts';
import { migrations } from './migrations/index.ts';
import { type OpenOptions, openDatabase } from './open.ts';

let temp: TempDir;
let path: string;
let now = Date.parse('2026-01-02T03:04:05.006Z');
const umask = process.umask();
const options: OpenOptions = { log: silentLog, clock: { now: () => now } };
const event = { sessionId: null, source: 'daemon', type: 't', payload: {} } as const;

/** The newest schema there is. */
const latest = Object.keys(migrations).at(-1);
const tables = [
  'approvals',
  'audit_checkpoints',
  'auth_account',
  'auth_attempts',
  'auth_devices',
  'auth_passkeys',
  'auth_recovery_codes',
  'auth_sessions',
  'daemon_settings',
  'decisions',
  'deliveries',
  'events',
  'notification_place',
  'notification_prefs',
  'notifications',
  'policies',
  'policy_set_members',
  'policy_sets',
  'push_messages',
  'push_subscriptions',
  'sessions',
  'trusted_directories',
];

/** The migrations, and one more. */
const next: OpenOptions = {
  ...options,
  migrations: {
    ...migrations,
    '9999-next': { up: (db) => db.schema.createTable('added').addColumn('id', 'text').execute() },
  },
};

beforeEach(async () => {
  temp = await makeTempDir();
  path = join(temp.path, 'codepiper.db');
});
afterEach(async () => {
  process.umask(umask);
  await temp[Symbol.asyncDispose]();
});
const mode = (file: string) => statSync(file).mode & 0o777;
const backups = () => readdirSync(temp.path).filter((name) => name.includes('.backup-'));

async function create(): Promise<void> {
  await using database = await openDatabase(path, options);
  await createLedger({ db: database.db, ...options }).record(async (_tx, emit) => emit(event));
}

describe('openDatabase', () => {
  it('makes the schema with the pragmas we rely on', async () => {
    await using database = await openDatabase(path, options);
    const found = await database.db.introspection.getTables();
    expect(found.map((table) => table.name)).toEqual(tables);
    const pragma = (name: string) => database.sqlite.pragma(name, { simple: true });
    expect([
      pragma('journal_mode'),
      pragma('synchronous'),
      pragma('foreign_keys'),
      pragma('busy_timeout'),
    ]).toEqual(['wal', 1, 1, 250]);
    expect(checkDatabaseFile(database.path)).toEqual([]);
    expect(backups()).toEqual([]);
  });

  it('opens in memory', async () => {
    await using database = await openDatabase(':memory:', options);
    expect(await database.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
  });

  it('keeps what is stored, and closes', async () => {
    await create();
    const database = await openDatabase(path, options);
    expect(await createLedger({ db: database.db, ...options }).lastId()).toBe(1);
    await database[Symbol.asyncDispose]();
    expect(database.sqlite.open).toBe(false);
    expect(readdirSync(temp.path)).toEqual(['codepiper.db']);
  });

  it.each([0o000, 0o077])('gives every file 0600 with umask %o', async (mask) => {
    process.umask(mask);
    await using database = await openDatabase(path, options);
    await createLedger({ db: database.db, ...options }).record(async (_tx, emit) => emit(event));
    expect(readdirSync(temp.path).map((name) => [name, mode(join(temp.path, name))])).toEqual([
      ['codepiper.db', 0o600],
      ['codepiper.db-shm', 0o600],
      ['codepiper.db-wal', 0o600],
    ]);
  });

  it('closes a file that others could read', async () => {
    await create();
    chmodSync(path, 0o644);
    await using _database = await openDatabase(path, options);
    expect(mode(path)).toBe(0o600);
  });

  it('holds the rules of the schema', async () => {
    await using database = await openDatabase(path, options);
    const insert = (id: string, name: string | null, removed: number | null) =>
      sql`INSERT INTO sessions (id, name, provider, cwd, status, evidence, created_at, updated_at, cols, rows, launch, conversation, removed_at)
          VALUES (${id}, ${name}, 'shell', '/', 'running', '{}', 0, 0, 80, 24, '{}', '{}', ${removed})`.execute(
        database.db,
      );
    await insert('a', 'x', null);
    await insert('b', null, null);
    await insert('c', null, null);
    await insert('d', 'x', 1);
    await expect(insert('e', 'x', null)).rejects.toThrow('UNIQUE');
    const deliver = (id: string, session: string, seq: number, key: string | null) =>
      sql`INSERT INTO deliveries (id, session_id, run, seq, kind, text, idempotency_key, created_at)
          VALUES (${id}, ${session}, 1, ${seq}, 'prompt', 't', ${key}, 0)`.execute(database.db);
    await deliver('1', 'a', 1, 'k');
    await deliver('2', 'a', 2, null);
    await deliver('3', 'a', 3, null);
    await deliver('4', 'b', 1, 'k');
    await expect(deliver('5', 'a', 4, 'k')).rejects.toThrow('UNIQUE');
    await expect(deliver('6', 'a', 1, null)).rejects.toThrow('UNIQUE');
    await expect(deliver('7', 'nobody', 1, null)).rejects.toThrow('FOREIGN KEY');
  });
});

describe('migrating', () => {
  it('backs the file up first, readable by its owner only', async () => {
    await create();
    process.umask(0o000);
    await using database = await openDatabase(path, next);
    expect(await sql`SELECT * FROM added`.execute(database.db)).toMatchObject({ rows: [] });
    expect(backups()).toEqual([`codepiper.db.backup-${latest}-2026-01-02T03-04-05-006Z`]);
    const copy = join(temp.path, backups()[0] ?? '');
    expect(mode(copy)).toBe(0o600);
    const old = new Sqlite(copy, { readonly: true });
    expect(old.prepare('SELECT count(*) FROM events').pluck().get()).toBe(1);
    expect(old.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'added'").pluck().get()).toBe(0);
    old.close();
  });

  it('keeps the newest three backups', async () => {
    await create();
    const original = readFileSync(path);
    for (let day = 0; day < 5; day += 1) {
      writeFileSync(path, original);
      now += 86_400_000;
      await (await openDatabase(path, next))[Symbol.asyncDispose]();
    }
    expect(backups().map((name) => name.slice(-24, -14))).toEqual(['2026-01-05', '2026-01-06', '2026-01-07']);
    now -= 5 * 86_400_000;
  });

  it('is undone as a whole when one step fails', async () => {
    await create();
    const failing: OpenOptions = {
      ...options,
      migrations: {
        ...next.migrations,
        '9999-next-broken': {
          async up(db) {
            await sql`DROP TABLE deliveries`.execute(db);
            throw new Error('broken on purpose');
          },
        },
      },
    };
    await expect(openDatabase(path, failing)).rejects.toThrow('broken on purpose');
    await using database = await openDatabase(path, options);
    const found = await database.db.introspection.getTables();
    expect(found.map((table) => table.name)).toEqual(tables);
  });

  it('takes the default of the policies along as a setting', async () => {
    const names = Object.entries(migrations).filter(([name]) => name < '0004');
    const old = await openDatabase(path, { ...options, migrations: Object.fromEntries(names) });
    await old[Symbol.asyncDispose]();
    const before = new Sqlite(path);
    before.exec("INSERT INTO policy_default (id, action) VALUES (1, 'deny')");
    before.close();
    await using database = await openDatabase(path, options);
    const { rows } = await sql`SELECT key, value FROM daemon_settings`.execute(database.db);
    expect(rows).toEqual([{ key: 'policies.default', value: '"deny"' }]);
  });

  it('refuses a database of another program and leaves the file as it is', async () => {
    const foreign = new Sqlite(path);
    foreign.exec('CREATE TABLE sessions (id TEXT)');
    foreign.close();
    const before = readFileSync(path);
    await expect(openDatabase(path, options)).rejects.toThrow(/belongs to another program.*CODEPIPER_HOME/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a newer schema and leaves the file as it is', async () => {
    await create();
    await (await openDatabase(path, next))[Symbol.asyncDispose]();
    const before = readFileSync(path);
    const opening = openDatabase(path, options);
    await expect(opening).rejects.toThrow(
      `The database ${path} was written by a newer codepiper (it has 9999-next`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['text', 'this is no database, whatever its name says'.repeat(100), 'is not a sound SQLite database'],
    ['a directory', null, 'cannot be opened'],
  ])('is refused in words: %s', async (_what, content, message) => {
    if (content === null) mkdirSync(path);
    else writeFileSync(path, content);
    await expect(openDatabase(path, options)).rejects.toThrow(message);
    await expect(openDatabase(path, options)).rejects.toThrow(path);
  });

  it('is refused in words: a directory that is missing', async () => {
    await expect(openDatabase(join(temp.path, 'none/db'), options)).rejects.toThrow(
      /cannot be opened.*directory/,
    );
  });

  it('shows damage', async () => {
    await create();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096 * 2, 4096 * 6);
    writeFileSync(path, bytes);
    const found = await openDatabase(path, options).then(
      async (database) => {
        await using _closing = database;
        return checkDatabaseFile(database.path);
      },
      (error: Error) => [error.message],
    );
    expect(found.length).toBeGreaterThan(0);
  });
});

describe('a full disk', () => {
  const big = { ...event, payload: { text: 'x'.repeat(200_000) } };

  it('fails with storage_full, changes nothing, and is over when there is space again', async () => {
    await using database = await openDatabase(path, options);
    const ledger = createLedger({ db: database.db, ...options });
    const heard: number[] = [];
    ledger.listen((events) => heard.push(...events.map((one) => one.id)));
    const pages = database.sqlite.pragma('page_count', { simple: true });
    database.sqlite.pragma(`max_page_count = ${Number(pages) + 4}`);
    const failing = ledger.record(async (tx, emit) => {
      await tx.insertInto('trusted_directories').values({ path: '/p', provider: 'p', at: 1 }).execute();
      emit(event);
      emit(big);
    });
    await expect(failing).rejects.toMatchObject({
      code: 'storage_full',
      message: expect.stringContaining('disk is full'),
    });
    expect(await ledger.lastId()).toBe(0);
    expect(await database.db.selectFrom('trusted_directories').selectAll().execute()).toEqual([]);
    database.sqlite.pragma('max_page_count = 1000000');
    await ledger.record(async (_tx, emit) => emit(big));
    expect(heard).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)('of a real file system', async () => {
    const disk = join(temp.path, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      await using database = await openDatabase(join(disk, 'db'), options);
      const ledger = createLedger({ db: database.db, ...options });
      let failure: unknown;
      for (let round = 0; round < 20 && failure === undefined; round += 1) {
        await ledger
          .record(async (_tx, emit) => emit(big))
          .catch((error: unknown) => {
            failure = error;
          });
      }
      expect(failure).toMatchObject({ code: 'storage_full' });
      const kept = await ledger.lastId();
      expect((await ledger.list({ limit: 1000 })).events).toHaveLength(kept);
      expect(checkDatabaseFile(database.path)).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=8m', disk]);
      await ledger.record(async (_tx, emit) => emit(big));
      expect((await ledger.list({ limit: 1000 })).events).toHaveLength(kept + 1);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'refuses to migrate without a backup',
    async () => {
      await create();
      const disk = join(temp.path, 'disk');
      mkdirSync(disk);
      // Room for the file, and not for a second one.
      const size = Math.ceil((statSync(path).size * 1.5) / 1024);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}k`, 'tmpfs', disk]);
      try {
        const there = join(disk, 'db');
        copyFileSync(path, there);
        const opening = openDatabase(there, next);
        await expect(opening).rejects.toMatchObject({ code: 'storage_full' });
        expect(readdirSync(disk).filter((name) => name.includes('backup'))).toEqual([]);
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
    },
  );
});

describe('a locked database', () => {
  it('fails with database_busy and works again when it is free', async () => {
    await using database = await openDatabase(path, options);
    const ledger = createLedger({ db: database.db, ...options });
    const other = new Sqlite(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(ledger.record(async (_tx, emit) => emit(event))).rejects.toMatchObject({
      code: 'database_busy',
    });
    other.exec('ROLLBACK');
    other.close();
    await ledger.record(async (_tx, emit) => emit(event));
    expect(await ledger.lastId()).toBe(1);
  });
});

it.each([
  ['SQLITE_FULL', 'storage_full'],
  ['SQLITE_IOERR_WRITE', 'storage_full'],
  ['ENOSPC', 'storage_full'],
  ['EDQUOT', 'storage_full'],
  ['EFBIG', 'storage_full'],
  ['SQLITE_BUSY_SNAPSHOT', 'database_busy'],
  ['SQLITE_LOCKED', 'database_busy'],
  ['SQLITE_CONSTRAINT_UNIQUE', undefined],
  ['ENOENT', undefined],
  [undefined, undefined],
])('an error %s is %s', (code, expected) => {
  expect(asStorageError(Object.assign(new Error('x'), { code }))?.code).toBe(expected);
});

it('the limit on watched files is no full disk, though it has the same name', () => {
  const failed = (syscall: string) => Object.assign(new Error('x'), { code: 'ENOSPC', syscall });
  expect(asStorageError(failed('watch'))).toBeNull();
  expect(asStorageError(failed('write'))?.code).toBe('storage_full');
});
