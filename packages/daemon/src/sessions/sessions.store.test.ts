import { afterEach, beforeEach, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { silentLog } from '../log/log.ts';
import { SessionsStore } from './sessions.store.ts';

let database: OpenDatabase;
let store: SessionsStore;
beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: { now: () => 1 } });
  store = new SessionsStore(database.db);
  await store.insert(
    sessionRecord({ id: '11111111-1111-4111-8111-111111111111', name: 'review', provider: 'shell' }),
  );
  await store.insert(
    sessionRecord({ id: '22222222-2222-4222-8222-222222222222', name: 'frontend', provider: 'shell' }),
  );
  await store.insert(
    sessionRecord({ id: '3fa2b1c0-3333-4333-8333-333333333333', name: null, provider: 'shell' }),
  );
});
afterEach(() => database[Symbol.asyncDispose]());

it.each([
  ['xeview', ['11111111  review']],
  ['REVIWE', ['11111111  review']],
  ['fronted', ['22222222  frontend']],
  ['end', ['22222222  frontend']],
  ['3fa2b1d0', ['3fa2b1c0  shell']],
  ['4fa2b1c0', ['3fa2b1c0  shell']],
  ['9', []],
  ['something-else', []],
])('%s is unknown; %j may be meant', async (ref, meant) => {
  await expect(store.resolve(ref)).rejects.toMatchObject({
    code: 'session_not_found',
    details: { candidates: meant.map((start) => expect.stringContaining(start)) },
  });
});
