import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@codepiper/daemon/db/open.ts';
import { silentLog } from '@codepiper/daemon/log/log.ts';
import { acquireLock } from '@codepiper/daemon/platform/lock.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type RunOptions } from './harness.ts';

let temp: TempDir;
let home: string;
beforeEach(async () => {
  temp = await makeTempDir();
  home = join(temp.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  await using _made = await openDatabase(join(home, 'codepiper.db'), {
    log: silentLog,
    clock: { now: () => 0 },
  });
});
afterEach(() => temp[Symbol.asyncDispose]());

const run = (line: string, options: RunOptions = {}) =>
  cli(line.split(' '), { cwd: temp.path, ...options, env: { CODEPIPER_HOME: home, ...options.env } });

describe('backup', () => {
  it('goes to the home by default, named by the time, without a daemon', async () => {
    const { code, out } = await run('backup');
    expect(code).toBe(0);
    const directory = join(home, 'backups/2026-11-21T12-00-00-000Z');
    expect(out.split('\n')[0]).toBe(directory);
    expect(out).toContain('0 sessions, 0 events');
    expect(readdirSync(directory).sort()).toEqual(['codepiper.db', 'manifest.json']);
  });

  it('goes where it is told, and tells programs what is in it', async () => {
    const { code, out, err } = await run('backup monday --json', { isTTY: { stderr: true } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      directory: join(temp.path, 'monday'),
      createdAt: '2026-11-21T12:00:00.000Z',
      files: 1,
      rows: { 'codepiper.db': { sessions: 0 } },
      audit: { entries: 0, findings: [] },
      missing: [],
    });
    expect((await run('backup monday')).err).toMatch(/monday is there already/);
  });

  it('finds a database elsewhere, and says when there is none', async () => {
    const env = { CODEPIPER_DB_PATH: join(temp.path, 'none.db') };
    expect(await run('backup a', { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('none.db'),
    });
    writeFileSync(join(home, 'config.yaml'), `database:\n  path: ':memory:'\n`);
    expect((await run('backup a', { env: { CODEPIPER_DB_PATH: ':memory:' } })).code).toBe(2);
  });
});

describe('restore', () => {
  beforeEach(async () => {
    expect((await run('backup monday')).code).toBe(0);
  });

  it('checks', async () => {
    expect(await run('restore monday --check')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^whole\n/),
    });
    writeFileSync(join(temp.path, 'monday/codepiper.db'), 'x');
    const { code, out } = await run('restore monday --check --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      whole: false,
      problems: [expect.stringContaining('codepiper.db has 1 bytes')],
    });
    expect(await run('restore monday')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing was changed'),
    });
  });

  it('puts things back, and says where the others are', async () => {
    const { code, out } = await run('restore monday');
    expect(code).toBe(0);
    expect(out).toContain(`What was there before: ${home}/before-restore-2026-11-21T12-00-00-000Z`);
    expect(out).toContain('Start the daemon');
    rmSync(home, { recursive: true });
    expect(JSON.parse((await run('restore monday --json')).out)).toMatchObject({
      restored: home,
      before: null,
      liveSessions: 0,
    });
    expect(existsSync(join(home, 'codepiper.db'))).toBe(true);
  });

  it('takes the place of the database from the configuration that comes with the backup', async () => {
    const database = join(temp.path, 'data/pipe.db');
    const env = { CODEPIPER_DB_PATH: database };
    expect((await run('restore monday', { env })).code).toBe(0);
    expect(existsSync(database)).toBe(true);
  });

  it('refuses while a daemon runs', async () => {
    using _lock = acquireLock(join(home, 'daemon.lock'));
    expect(await run('restore monday')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/running daemon.*daemon stop/),
    });
  });
});

it('doctor says when a restore was interrupted', async () => {
  expect((await run('doctor')).out).not.toContain('restore');
  writeFileSync(join(home, 'restore.json'), '{"moves":[],"leftovers":[]}');
  const { code, out } = await run('doctor');
  expect(code).toBe(1);
  expect(out).toMatch(/fail {2}restore: a restore was interrupted/);
});
