import { resolvePeriod } from '@codepiper/core/analytics/periods.ts';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { readerOf } from '../db/transcripts/open.ts';
import { decisionsByDay } from './decisions.store.ts';

const sqlite = new Sqlite(':memory:');
afterAll(() => void sqlite.close());

test('decisions are counted by local day', () => {
  sqlite.exec('CREATE TABLE decisions (seq INTEGER PRIMARY KEY, at INTEGER, session_id TEXT, decision TEXT)');
  const add = sqlite.prepare('INSERT INTO decisions (at, session_id, decision) VALUES (?, ?, ?)');
  for (const [at, session, decision] of [
    ['2026-11-20T22:59Z', 's1', 'allow'],
    ['2026-11-20T23:00Z', 's1', 'allow'],
    ['2026-11-21T10:00Z', 's2', 'allow'],
    ['2026-11-21T10:00Z', 's2', 'deny'],
    ['2026-11-21T10:00Z', null, 'change'],
  ] as const) {
    add.run(Date.parse(at), session, decision);
  }
  const reader = readerOf(sqlite);
  const period = resolvePeriod({ range: 'all' }, 0, 'Europe/Berlin');
  const list = (session?: string) =>
    decisionsByDay(reader, { period, session }).days.map(({ date, decision, count }) => [
      date,
      decision,
      count,
    ]);
  expect(list()).toEqual([
    ['2026-11-20', 'allow', 1],
    ['2026-11-21', 'allow', 2],
    ['2026-11-21', 'deny', 1],
  ]);
  expect(list('s2')).toEqual([
    ['2026-11-21', 'allow', 1],
    ['2026-11-21', 'deny', 1],
  ]);
});
