import { trailStateSchema } from '@codepiper/core/audit/audit.endpoints.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AuditHouse, openAuditHouse } from '../../test/audit-house.ts';
import type { QueryContext } from '../db/transcripts/reader.ts';
import { auditQueries } from './audit.queries.ts';

let house: AuditHouse;
beforeEach(async () => {
  house = await openAuditHouse();
});
afterEach(() => house[Symbol.asyncDispose]());

function stateOf(files: QueryContext['files']) {
  const state = auditQueries.trailState({ files } as QueryContext, {});
  return trailStateSchema.parse({ ...state, checkedAt: '2026-11-21T10:00:00.000Z' });
}

it('says that a trail is intact, where it ends, and what was changed', async () => {
  await house.add();
  await house.add();
  await house.audit.sign();
  const files = { main: house.database, auditKey: house.key };
  const intact = stateOf(files);
  expect(intact).toMatchObject({ intact: true, entries: 2, signedUpTo: 2, checkpoints: 1, findings: [] });
  expect(intact.last).toMatchObject({ seq: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  house.open.sqlite.exec('DROP TRIGGER decisions_never_change');
  house.open.sqlite.exec("UPDATE decisions SET reason = 'another', at = 9e15 WHERE seq = 1");
  expect(stateOf(files)).toMatchObject({
    intact: false,
    findingCount: 1,
    findings: [{ seq: 1 }],
    first: { at: null },
  });
});

it('has nothing to read of a database in memory', () => {
  expect(() => stateOf({ main: ':memory:', auditKey: house.key })).toThrow(/in memory/);
});
