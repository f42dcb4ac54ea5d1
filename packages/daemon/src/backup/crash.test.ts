import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AuditHouse, openAuditHouse } from '../../test/audit-house.ts';
import { openIngest } from '../../test/transcripts/ingest-house.ts';
import { verifyTrail } from '../audit/verify.ts';
import { finishMoves } from '../platform/moves.ts';
import { makeBackup } from './backup.ts';
import { checkBackup } from './check.ts';
import { restoreBackup } from './restore.ts';

/** A process that dies before its n-th change to the file system: from then on it changes nothing, tidying up included. */
const life = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const names = [
    ...(['mkdirSync', 'renameSync', 'rmSync', 'rmdirSync', 'copyFileSync', 'linkSync'] as const),
    ...(['chmodSync', 'fchmodSync', 'writeFileSync', 'openSync'] as const),
  ];
  const changes = (name: string, args: unknown[]) =>
    name !== 'openSync' || ![undefined, 'r'].includes(args[1] as string);
  const wrapped = names.map((name) => {
    const real = fs[name] as (...args: unknown[]) => unknown;
    const mortal = (...args: unknown[]) => {
      if (!changes(name, args)) return real(...args);
      if (life.left <= 0) throw new Error('killed');
      life.left -= 1;
      return real(...args);
    };
    return [name, mortal];
  });
  return { ...fs, ...Object.fromEntries(wrapped) };
});

const checkTrail = (files: { database: string; key: string }) => {
  const { entries, findings } = verifyTrail(files);
  return { entries, findings: findings.map(({ what }) => what) };
};

let temp: TempDir;
let house: AuditHouse;
let target: string;
beforeEach(async () => {
  life.left = Number.POSITIVE_INFINITY;
  temp = await makeTempDir();
  house = await openAuditHouse();
  target = join(temp.path, 'kept/backup');
  await house.add({ reason: 'then' });
  await house.audit.sign();
  using ingest = openIngest(house.directory, transcriptFormats);
  mkdirSync(join(temp.path, 'agents'));
  for (const name of ['here', 'gone']) {
    const path = join(temp.path, 'agents', `${name}.jsonl`);
    const said = { role: 'user', content: 'Mend the parser' };
    const more = { sessionId: '11111111-2222-4333-8444-555555555555', timestamp: '2026-11-21T10:00:00.000Z' };
    writeFileSync(
      path,
      `${JSON.stringify({ type: 'user', uuid: name, cwd: '/home/ada', message: said, ...more })}\n`,
    );
    ingest.readAll([path], 'claude-code');
  }
  unlinkSync(join(temp.path, 'agents/gone.jsonl'));
  writeFileSync(join(house.directory, 'config.yaml'), 'then\n');
});
afterEach(async () => {
  life.left = Number.POSITIVE_INFINITY;
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** Runs it again and again, each time with one change more before it is killed, until it is not killed any more. */
async function killEverywhere(
  prepare: (step: number) => () => Promise<unknown>,
  look: (step: number) => unknown,
) {
  for (let step = 0; ; step += 1) {
    const run = prepare(step);
    life.left = step;
    const died = await run().then(
      () => false,
      () => true,
    );
    life.left = Number.POSITIVE_INFINITY;
    await look(step);
    if (!died) return step;
  }
}

it('a backup that is killed at any step is whole, or not there', { timeout: 60_000 }, async () => {
  const place = (step: number) => join(temp.path, `kept-${step}`, 'backup');
  const make = (to: string) =>
    makeBackup({
      home: house.directory,
      database: house.database,
      target: to,
      version: '1',
      now: 0,
      checkTrail,
    });
  let whole = 0;
  const steps = await killEverywhere(
    (step) => () => make(place(step)),
    async (step) => {
      if (!existsSync(place(step))) return;
      expect((await checkBackup(place(step), { checkTrail })).problems).toEqual([]);
      whole += 1;
    },
  );
  expect(steps).toBeGreaterThan(15);
  expect(whole).toBe(1);
});

it('a restore that is killed at any step leaves the old home or the new one', {
  timeout: 120_000,
}, async () => {
  await makeBackup({
    home: house.directory,
    database: house.database,
    target,
    version: '1',
    now: 0,
    checkTrail,
  });
  await house.add({ reason: 'now' });
  writeFileSync(join(house.directory, 'config.yaml'), 'now\n');
  writeFileSync(join(house.directory, 'prices.yaml'), 'prices: []\n');
  await house.close();
  const homeOf = (step: number) => join(temp.path, `home-${step}`);
  const restore = (home: string) =>
    restoreBackup({ source: target, home, database: join(home, 'codepiper.db'), now: 0, checkTrail });
  const count = (path: string, table: string) => {
    using sqlite = new Disposable(path);
    return sqlite.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  };
  const stateOf = (home: string) => ({
    decisions: count(join(home, 'codepiper.db'), 'decisions'),
    config: readFileSync(join(home, 'config.yaml'), 'utf8'),
    prices: existsSync(join(home, 'prices.yaml')),
  });
  const old = { decisions: 2, config: 'now\n', prices: true };
  const before = { decisions: 1, config: 'then\n', prices: false };
  const seen = { old: 0, before: 0 };
  const steps = await killEverywhere(
    (step) => {
      cpSync(house.directory, homeOf(step), { recursive: true });
      return () => restore(homeOf(step));
    },
    async (step) => {
      const home = homeOf(step);
      // As the daemon does when it starts.
      finishMoves(join(home, 'restore.json'));
      const state = stateOf(home);
      expect([old, before]).toContainEqual(state);
      seen[state.decisions === 2 ? 'old' : 'before'] += 1;
      const files = { database: join(home, 'codepiper.db'), key: join(home, 'audit.key') };
      expect(verifyTrail(files).findings).toEqual([]);
      expect(count(join(home, 'transcripts.db'), 'entries')).toBe(2);
      expect(
        readdirSync(join(home, 'transcripts'), { recursive: true }).filter((name) =>
          String(name).endsWith('.jsonl'),
        ),
      ).toHaveLength(2);
      if (step % 5 > 0) return;
      await restore(home);
      expect(stateOf(home)).toEqual(before);
      expect(readdirSync(home).filter((name) => /^\.restore|^restore/.test(name))).toEqual([]);
    },
  );
  expect(steps).toBeGreaterThan(25);
  expect(Math.min(seen.old, seen.before)).toBeGreaterThan(5);
});

class Disposable {
  readonly db: Sqlite.Database;
  constructor(path: string) {
    this.db = new Sqlite(path, { readonly: true });
  }
  [Symbol.dispose](): void {
    this.db.close();
  }
}
