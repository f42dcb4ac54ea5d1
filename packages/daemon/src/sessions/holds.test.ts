import type { AgentFact } from '@codepiper/providers/provider.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { SessionHolds } from './holds.ts';
import { SessionFacts } from './session-facts.ts';
import { SessionsStore } from './sessions.store.ts';

const clock = { now: () => 1_000 };
const run = { sessionId: sessionRecord().id, run: 1 };
let database: OpenDatabase;
let ledger: Ledger;
let store: SessionsStore;
let holds: SessionHolds;
let facts: SessionFacts;
let released: string[];

beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock });
  ledger = createLedger({ db: database.db, clock, log: silentLog });
  store = new SessionsStore(database.db);
  released = [];
  holds = new SessionHolds({ ledger, store, clock, onReleased: (id) => released.push(id) });
  facts = new SessionFacts({ ledger, store, clock, holds });
  await store.insert(sessionRecord({ activity: 'busy' }));
});
afterEach(() => database[Symbol.asyncDispose]());

const state = async () => {
  const record = await store.get(run.sessionId);
  return record && [record.status, record.activity, record.evidence.source, record.evidence.detail];
};
const busy: AgentFact = { kind: 'state', state: { status: 'running', activity: 'busy' }, detail: 'busy' };
const idle: AgentFact = { kind: 'state', state: { status: 'running', activity: 'idle' }, detail: 'idle' };
const dialog: AgentFact = {
  kind: 'state',
  state: { status: 'needs_input', activity: null },
  detail: 'a dialog',
};
const prompt: AgentFact = { kind: 'prompt', text: 'x' };
const ended: AgentFact = { kind: 'turn-ended', outcome: 'interrupted', message: null };
const hold = (kind = 'tool') => holds.hold(run.sessionId, run.run, kind, 'Bash: ls');
const release = () => holds.release(run.sessionId, run.run);

it('shows what is waited for, and lets the agent say nothing else until the answer', async () => {
  await hold();
  expect(await state()).toEqual(['needs_permission', null, 'approval', 'Bash: ls']);
  for (const source of ['registry', 'title', 'hook'] as const) {
    await facts.report(run, [busy, prompt, dialog, { kind: 'model', model: 'm' }], source);
  }
  expect(await state()).toEqual(['needs_permission', null, 'approval', 'Bash: ls']);
  expect((await store.get(run.sessionId))?.model).toBe('m');
  await hold('question');
  expect((await state())?.[0]).toBe('needs_input');
  await release();
  expect(await state()).toEqual(['running', 'busy', 'approval', 'answered']);
  expect(released).toEqual([run.sessionId]);
  await facts.report(run, [dialog], 'registry');
  expect((await state())?.[0]).toBe('needs_input');
  const events = (await ledger.since(0, 20)).filter(({ type }) => type === 'session.updated');
  expect(events.map(({ payload }) => payload.status)).toEqual([
    'needs_permission',
    'needs_input',
    'running',
    'needs_input',
  ]);
});

it.each([
  ['hook', ended],
  ['registry', idle],
] as const)('ends with the turn, as the %s tells it', async (source, fact) => {
  await hold();
  await facts.report(run, [fact], source);
  expect((await state())?.slice(0, 2)).toEqual(['running', 'idle']);
  await facts.report(run, [busy], 'registry');
  await release();
  expect(await state()).toEqual(['running', 'busy', 'registry', 'busy']);
});

it('is said again after a restart', async () => {
  await hold();
  const again = new SessionHolds({ ledger, store, clock, onReleased: () => undefined });
  facts = new SessionFacts({ ledger, store, clock, holds: again });
  await again.hold(run.sessionId, 1, 'tool', 'Bash: ls');
  await facts.report(run, [busy], 'registry');
  expect((await state())?.[0]).toBe('needs_permission');
});

it('concerns one run, and no session that has ended', async () => {
  await store.update(run.sessionId, { run: 2 }, 1);
  await hold();
  expect((await state())?.[0]).toBe('running');
  await facts.report({ ...run, run: 2 }, [dialog], 'registry');
  expect((await state())?.[0]).toBe('needs_input');
  await store.update(run.sessionId, { status: 'stopped', activity: null }, 1);
  await holds.hold(run.sessionId, 2, 'tool', 'x');
  await holds.release(run.sessionId, 2);
  expect((await state())?.[0]).toBe('stopped');
});
