import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuditHouse, anEntry, openAuditHouse } from '../../test/audit-house.ts';
import { AuditService } from './audit.service.ts';
import { AuditStore } from './audit.store.ts';
import type { DecisionTable } from './audit.table.ts';
import { loadAuditKey } from './audit-key.ts';
import { entryHash, hashedColumns } from './chain.ts';
import { CheckpointFile, checkpointPath } from './checkpoints.ts';
import { verifyTrail } from './verify.ts';

/** A trail of 24 entries with checkpoints at 8, 16 and 24, as files to copy. */
const size = 24;
let pattern: AuditHouse;
beforeAll(async () => {
  pattern = await openAuditHouse();
  for (let i = 1; i <= size; i++) {
    await pattern.add({
      reason: `reason ${i}`,
      callId: `call-${i}`,
      latencyUs: i,
      approvalId: `a${i}`,
      who: 'cli',
    });
    if (i % 8 === 0) await pattern.audit.sign();
  }
  await pattern.close();
});
afterAll(() => pattern[Symbol.asyncDispose]());

let temp: TempDir;
let count = 0;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(() => temp[Symbol.asyncDispose]());

interface Copy {
  patienceMs: number;
  database: string;
  key: string;
  checkpoints: string;
}

function copy(): Copy {
  const database = join(temp.path, `${count++}.db`);
  copyFileSync(pattern.database, database);
  copyFileSync(pattern.checkpoints, checkpointPath(database));
  return { patienceMs: 0, database, key: pattern.key, checkpoints: checkpointPath(database) };
}

/** What somebody does who has the file and knows SQLite. */
function tamper(files: Copy, work: (sqlite: Sqlite.Database) => void): Copy {
  const sqlite = new Sqlite(files.database);
  try {
    sqlite.exec('DROP TRIGGER decisions_never_change; DROP TRIGGER decisions_never_go');
    work(sqlite);
  } finally {
    sqlite.close();
  }
  return files;
}

/** Gives every entry from a place on the hash it would have: the chain is whole again. */
function rehash(sqlite: Sqlite.Database): void {
  let before = '0'.repeat(64);
  for (const row of sqlite.prepare('SELECT * FROM decisions ORDER BY seq').all() as DecisionTable[]) {
    before = entryHash(before, row);
    sqlite.prepare('UPDATE decisions SET hash = ? WHERE seq = ?').run(before, row.seq);
  }
}

const lines = (files: Copy) => readFileSync(files.checkpoints, 'utf8').trimEnd().split('\n');
const writeLines = (files: Copy, kept: readonly string[]) =>
  writeFileSync(files.checkpoints, kept.map((line) => `${line}\n`).join(''));

describe('a trail nobody touched', () => {
  it('is intact', () => {
    const { last, ...report } = verifyTrail(copy());
    expect(report).toMatchObject({
      entries: size,
      checkpoints: 3,
      signedUpTo: size,
      findings: [],
      findingCount: 0,
    });
    expect(last?.seq).toBe(size);
    const expected = { seq: size, hash: last?.hash ?? '' };
    expect(verifyTrail({ ...copy(), expected }).findings).toEqual([]);
  });

  it('is intact while it is written, whatever the moment', async () => {
    await using house = await openAuditHouse();
    let isDone = false;
    const writing = (async () => {
      for (let i = 0; i < 300; i++) {
        await house.add();
        if (i % 7 === 0) await house.audit.sign();
        if (i % 10 === 0) await new Promise(setImmediate);
      }
      isDone = true;
    })();
    let looks = 0;
    while (!isDone) {
      expect(verifyTrail(house).findings).toEqual([]);
      looks++;
      await new Promise(setImmediate);
    }
    await writing;
    expect(looks).toBeGreaterThan(5);
  });

  it('is intact when it is empty', async () => {
    await using house = await openAuditHouse();
    await house.close();
    expect(verifyTrail(house)).toMatchObject({ entries: 0, first: null, last: null, findings: [] });
  });
});

describe('what is found', () => {
  const cases: [what: string, first: number | null, work: (sqlite: Sqlite.Database) => void][] = [
    ['the first entry removed', 1, (db) => db.exec('DELETE FROM decisions WHERE seq = 1')],
    ['one in the middle removed', 11, (db) => db.exec('DELETE FROM decisions WHERE seq = 11')],
    ['the last removed', 24, (db) => db.exec('DELETE FROM decisions WHERE seq = 24')],
    [
      'the tail removed with its checkpoints',
      20,
      (db) => db.exec('DELETE FROM decisions WHERE seq >= 20; DELETE FROM audit_checkpoints WHERE seq >= 20'),
    ],
    ['everything removed', 1, (db) => db.exec('DELETE FROM decisions; DELETE FROM audit_checkpoints')],
    [
      'two swapped',
      5,
      (db) =>
        db.exec(
          'UPDATE decisions SET seq = 1000 WHERE seq = 5; UPDATE decisions SET seq = 5 WHERE seq = 6; UPDATE decisions SET seq = 6 WHERE seq = 1000',
        ),
    ],
    [
      'one removed, the rest moved up and hashed anew',
      8,
      (db) => {
        db.exec('DELETE FROM decisions WHERE seq = 3');
        for (let seq = 4; seq <= size; seq++)
          db.exec(`UPDATE decisions SET seq = ${seq - 1} WHERE seq = ${seq}`);
        rehash(db);
      },
    ],
    [
      'one edited and all hashed anew',
      16,
      (db) => {
        db.exec(`UPDATE decisions SET decision = 'allow' WHERE seq = 13`);
        rehash(db);
      },
    ],
    [
      'one added before the first',
      0,
      (db) =>
        db.exec(
          `INSERT INTO decisions SELECT 0, at, session_id, session_name, provider, decision, "by", who, tool, tool_kind, call_id, input_hash, input, cwd, rule, reason, parts, approval_id, latency_us, hash FROM decisions WHERE seq = 1`,
        ),
    ],
    [
      'one added at the end with a wrong hash',
      25,
      (db) =>
        db.exec(
          `INSERT INTO decisions SELECT 25, at, session_id, session_name, provider, 'allow', "by", who, tool, tool_kind, call_id, input_hash, input, cwd, rule, reason, parts, approval_id, latency_us, hash FROM decisions WHERE seq = 24`,
        ),
    ],
    ['a checkpoint moved', 15, (db) => db.exec('UPDATE audit_checkpoints SET seq = 15 WHERE seq = 16')],
    [
      'a checkpoint of another time',
      16,
      (db) => db.exec('UPDATE audit_checkpoints SET at = 1 WHERE seq = 16'),
    ],
    [
      'a checkpoint of another entry',
      16,
      (db) =>
        db.exec(
          'UPDATE audit_checkpoints SET hash = (SELECT hash FROM decisions WHERE seq = 15) WHERE seq = 16',
        ),
    ],
    [
      'a signature of another checkpoint',
      8,
      (db) =>
        db.exec(
          'UPDATE audit_checkpoints SET signature = (SELECT signature FROM audit_checkpoints WHERE seq = 16) WHERE seq = 8',
        ),
    ],
    ['a checkpoint removed', 16, (db) => db.exec('DELETE FROM audit_checkpoints WHERE seq = 16')],
    ['the last checkpoint removed', 24, (db) => db.exec('DELETE FROM audit_checkpoints WHERE seq = 24')],
  ];
  it.each(cases)('%s', (_what, first, work) => {
    expect(verifyTrail(tamper(copy(), work)).findings[0]?.seq).toBe(first);
  });

  it.each([...hashedColumns, 'hash'])('another %s', (column) => {
    const value = ['seq', 'at', 'latency_us'].includes(column) ? 777_777 : 'other';
    for (const changed of column === 'seq' ? [value] : [value, null]) {
      if (changed === null && ['at', 'by', 'decision', 'parts', 'reason', 'hash'].includes(column)) continue;
      const files = tamper(copy(), (db) =>
        db.prepare(`UPDATE decisions SET "${column}" = ? WHERE seq = 12`).run(changed),
      );
      expect(verifyTrail(files).findings[0]?.seq).toBe(12);
    }
  });

  it('the file of the checkpoints cut, changed or gone', () => {
    const cut = copy();
    writeLines(cut, lines(cut).slice(0, 2));
    expect(verifyTrail(cut).findings).toMatchObject([
      { seq: 24, what: expect.stringContaining('is not in') },
    ]);
    const changed = copy();
    writeLines(
      changed,
      lines(changed).map((line) => line.replace('"seq":16', '"seq":17')),
    );
    expect(verifyTrail(changed).findings.map(({ seq }) => seq)).toContain(17);
    const torn = copy();
    appendFileSync(torn.checkpoints, '{"seq":2');
    expect(verifyTrail(torn).findings).toMatchObject([
      { seq: null, what: expect.stringContaining('line 4') },
    ]);
    const gone = copy();
    rmSync(gone.checkpoints);
    expect(verifyTrail(gone).findings).toMatchObject([
      { seq: null, what: expect.stringContaining('not there') },
    ]);
  });

  it('a trail signed anew with another key, and a key that is gone', () => {
    const files = copy();
    const other = join(temp.path, 'other.key');
    loadAuditKey(other);
    const { findings } = verifyTrail({ ...files, key: other });
    expect(findings.map(({ seq }) => seq)).toEqual([8, 8, 16, 16, 24, 24]);
    expect(findings[0]?.what).toContain('wrong signature');
    expect(verifyTrail({ ...files, key: join(temp.path, 'no.key') }).findings).toMatchObject([
      { seq: null, what: expect.stringContaining('no.key') },
    ]);
  });

  it('everything set back to an earlier state, by the end that was noted', () => {
    const { last } = verifyTrail(copy());
    const expected = { seq: size, hash: last?.hash ?? '' };
    const files = tamper(copy(), (db) =>
      db.exec('DELETE FROM decisions WHERE seq > 16; DELETE FROM audit_checkpoints WHERE seq > 16'),
    );
    writeLines(files, lines(files).slice(0, 2));
    expect(verifyTrail(files).findings).toEqual([]);
    expect(verifyTrail({ ...files, expected }).findings).toMatchObject([{ seq: 17 }]);
  });
});

const place = fc.integer({ min: 1, max: size });
const text = fc.oneof(fc.constant(null), fc.string(), fc.constantFrom('allow', 'agent', '{}', '[]'));
type Act = (sqlite: Sqlite.Database) => void;
const tampering: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...hashedColumns, 'hash'), text).map(
    ([seq, column, value]): Act =>
      (db) => {
        db.prepare(`UPDATE OR IGNORE decisions SET "${column}" = ? WHERE seq = ?`).run(value, seq);
      },
  ),
  place.map(
    (seq): Act =>
      (db) =>
        void db.prepare('DELETE FROM decisions WHERE seq = ?').run(seq),
  ),
  place.map(
    (seq): Act =>
      (db) =>
        void db.prepare('DELETE FROM decisions WHERE seq >= ?').run(seq),
  ),
  fc.tuple(place, place).map(
    ([a, b]): Act =>
      (db) => {
        db.prepare('UPDATE decisions SET seq = -1 WHERE seq = ?').run(a);
        db.prepare('UPDATE decisions SET seq = ? WHERE seq = ?').run(a, b);
        db.prepare('UPDATE decisions SET seq = ? WHERE seq = -1').run(b);
      },
  ),
  fc.tuple(fc.constantFrom(8, 16, 24), place).map(
    ([from, to]): Act =>
      (db) => {
        db.prepare('UPDATE OR IGNORE audit_checkpoints SET seq = ? WHERE seq = ?').run(to, from);
      },
  ),
  fc.constantFrom(8, 16, 24).map(
    (seq): Act =>
      (db) => {
        db.prepare('DELETE FROM audit_checkpoints WHERE seq = ?').run(seq);
      },
  ),
  fc.constant<Act>((db) => {
    rehash(db);
  }),
);

const dump = (sqlite: Sqlite.Database) =>
  JSON.stringify([
    sqlite.prepare('SELECT * FROM decisions ORDER BY seq').all(),
    sqlite.prepare('SELECT * FROM audit_checkpoints ORDER BY seq').all(),
  ]);

it('finds whatever is changed, and nothing else', () => {
  let before = '';
  tamper(copy(), (db) => {
    before = dump(db);
  });
  fc.assert(
    fc.property(fc.array(tampering, { minLength: 1, maxLength: 4 }), (acts) => {
      let after = '';
      const files = tamper(copy(), (db) => {
        for (const act of acts) {
          try {
            act(db);
          } catch (error) {
            // A column that takes no null, or no text.
            if (!/constraint|mismatch/.test(String(error))) throw error;
          }
        }
        after = dump(db);
      });
      expect(verifyTrail(files).findingCount > 0).toBe(after !== before);
    }),
    { numRuns: 150 },
  );
});

describe('a daemon that was killed', () => {
  it('between file and database: the next start puts the checkpoint into the database', async () => {
    await using house = await openAuditHouse();
    await house.add();
    await house.audit.sign();
    house.open.sqlite.exec('DELETE FROM audit_checkpoints');
    expect(verifyTrail(house).findings).toMatchObject([{ seq: 1, what: expect.stringContaining('killed') }]);
    await house.audit.restore();
    expect(verifyTrail(house).findings).toEqual([]);
  });

  it('in the middle of a line: the next start takes it off', async () => {
    await using house = await openAuditHouse();
    await house.add();
    await house.audit.sign();
    appendFileSync(house.checkpoints, '{"seq":2,"ha');
    await house.audit.restore();
    expect(verifyTrail(house).findings).toEqual([]);
  });

  it('before it signed: the next start signs', async () => {
    await using house = await openAuditHouse();
    await house.add();
    expect(verifyTrail(house)).toMatchObject({ signedUpTo: 0, findings: [] });
    await house.audit.restore();
    expect(verifyTrail(house)).toMatchObject({ signedUpTo: 1, findings: [] });
  });
});

it('a daemon does not heal a trail that was cut', async () => {
  await using house = await openAuditHouse();
  for (let i = 0; i < 4; i++) await house.add();
  await house.audit.sign();
  house.open.sqlite.exec(
    'DROP TRIGGER decisions_never_go; DELETE FROM decisions WHERE seq > 2; DELETE FROM audit_checkpoints',
  );
  const said: unknown[] = [];
  const log = { error: (...words: unknown[]) => void said.push(words) };
  const audit = new AuditService({
    ledger: house.ledger,
    store: new AuditStore(house.open.db),
    key: loadAuditKey(house.key),
    checkpoints: new CheckpointFile(house.checkpoints),
    clock: { now: () => 0 },
    log: log as never,
  });
  await audit.restore();
  expect(JSON.stringify(said)).toContain('audit verify');
  for (let i = 0; i < 5; i++) await house.ledger.record((tx) => audit.append(tx, anEntry()));
  await audit[Symbol.asyncDispose]();
  expect(verifyTrail(house).findings.map(({ seq }) => seq)).toContain(4);
});
