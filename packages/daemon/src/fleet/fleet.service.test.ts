import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleetEventSchema } from '@codepiper/core/fleet/fleet.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, expect, it } from 'vitest';
import { askFor } from '../../test/approvals.ts';
import { FleetHouse, saidOf } from '../../test/fleet-house.ts';

/** Longer than any test: what comes all the same did not wait for it. */
const never = 600_000;

let house: FleetHouse;
let open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.reverse()) await one[Symbol.asyncDispose]();
  open = [];
  await house[Symbol.asyncDispose]();
});

async function start(paceMs = 20): Promise<void> {
  house = await FleetHouse.open({ paceMs });
}
function read() {
  const reader = house.read();
  open.push(reader);
  return reader.snapshot();
}

it('shows every session with all that rooms know of it, the newest first', async () => {
  await start();
  await using temp = await makeTempDir();
  const cwd = join(temp.path, 'project');
  mkdirSync(join(cwd, '.git'), { recursive: true });
  writeFileSync(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/fix\n');
  const older = await house.add({ createdAt: 1 });
  const busy = await house.add({ cwd, createdAt: 2, status: 'running', activity: 'busy' });
  const shell = await house.add({ provider: 'shell', activity: null, createdAt: 3 });
  house.said.set(busy.id, saidOf({ doing: { kind: 'tool', text: 'Bash: npm test', at: 2000 } }));
  house.lines.set(shell.id, '$ make');
  const { cards, at } = await house.fleet.fleet();
  expect(at).toBe(new Date(house.rooms.now).toISOString());
  expect(cards.map(({ session }) => session.id)).toEqual([shell.id, busy.id, older.id]);
  expect(cards[1]).toMatchObject({
    session: { id: busy.id, status: 'running', activity: 'busy', evidence: busy.evidence },
    repository: { root: cwd, name: 'project', branch: 'fix', isWorktree: false },
    doing: { kind: 'tool', text: 'Bash: npm test', since: new Date(2000).toISOString() },
    lastLine: 'words',
    turn: { startedAt: new Date(500).toISOString() },
    statusSince: new Date(house.rooms.now).toISOString(),
    cost: { usd: 0.5, isEstimate: false, isSubscription: true },
    tokens: 10,
    context: { used: 10, size: 200_000 },
    approval: null,
  });
  const nothing = { doing: null, turn: null, cost: null, tokens: null, context: null, repository: null };
  expect(cards[0]).toMatchObject({ ...nothing, lastLine: '$ make' });
  expect(cards[2]).toMatchObject({ ...nothing, lastLine: null });
  // A shell has no transcript: nobody is asked about it.
  expect(house.asked.flat()).not.toContain(shell.id);
});

it('says honestly what is not known of a cost, and that an idle agent is in no turn', async () => {
  await start();
  const { id } = await house.add({
    launch: { args: [], billingMode: 'api', dangerousMode: false, envKeys: [], trusted: true },
  });
  const costOf = async (cost: object) => {
    house.said.set(id, saidOf({ cost: cost as never }));
    return (await house.fleet.fleet()).cards[0]?.cost;
  };
  const unknown = { usd: 0, isComplete: false, unknownTokens: 10 };
  expect(await costOf(unknown)).toEqual({ usd: null, isEstimate: true, isSubscription: false });
  expect(await costOf({ ...unknown, usd: 2 })).toEqual({ usd: 2, isEstimate: true, isSubscription: false });
  expect((await house.fleet.fleet()).cards[0]?.turn).toBeNull();
});

it('counts the time in a status from when it began, not from when it was seen again', async () => {
  await start();
  const { id } = await house.add();
  house.rooms.now += 1000;
  await house.turn(id, 'running', 'busy');
  const since = new Date(house.rooms.now).toISOString();
  house.rooms.now += 1000;
  // The same status, better proved.
  await house.turn(id, 'running', 'busy');
  await house.rooms.event(id, 'session.renamed');
  expect((await house.fleet.fleet()).cards[0]?.statusSince).toBe(since);
});

it('sends at once what a person waits for: an approval, a status, a name, an end', async () => {
  await start(never);
  const record = await house.add({ activity: 'busy' });
  const reader = await read();
  expect(reader.state().get(record.id)).toMatchObject({ approval: null });
  const answering = new AbortController();
  const asked = house.rooms.service.clear(askFor(record, 'rm -rf build'), answering.signal);
  await waitFor('the approval', () => reader.state().get(record.id)?.approval !== null);
  const { approval, session } = reader.state().get(record.id) ?? {};
  expect(approval).toMatchObject({ summary: expect.stringContaining('rm -rf build'), status: 'pending' });
  expect(session).toMatchObject({ approvals: 1 });
  await house.rooms.answers.deny(approval?.id ?? '', 'no', 'dashboard');
  await asked;
  await waitFor('the answer', () => reader.state().get(record.id)?.approval === null);
  await house.turn(record.id, 'needs_input', null);
  await waitFor('the status', () => reader.state().get(record.id)?.session.status === 'needs_input');
  await house.rooms.sessions.update(record.id, { name: 'renamed' }, 1);
  await house.rooms.event(record.id, 'session.renamed');
  await waitFor('the name', () => reader.state().get(record.id)?.session.name === 'renamed');
  for (const event of reader.events) fleetEventSchema.parse(event);
});

it('tells of sessions that come and go', async () => {
  await start(never);
  const reader = await read();
  const record = await house.add();
  await waitFor('the new session', () => reader.state().has(record.id));
  await house.rooms.sessions.remove(record.id, 1);
  await house.rooms.event(record.id, 'session.removed');
  await waitFor('the end', () => !reader.state().has(record.id));
});

it('sends what is said no more often than once in a pace, and the newest in the end', async () => {
  const paceMs = 150;
  await start(paceMs);
  const { id } = await house.add({ activity: 'busy' });
  const reader = await read();
  const from = performance.now();
  let round = 0;
  await waitFor('some paces', () => {
    round += 1;
    house.commit(id, { lastLine: `line ${round}` });
    return reader.cards(id).length >= 3;
  });
  const most = Math.ceil((performance.now() - from) / paceMs) + 1;
  house.commit(id, { lastLine: 'the last' });
  await waitFor('the last line', () => reader.state().get(id)?.lastLine === 'the last');
  expect(round).toBeGreaterThan(3);
  expect(reader.cards(id).length - 1).toBeLessThanOrEqual(most);
  expect(house.asked.length).toBeLessThanOrEqual(most + 3);
});

it('sends nothing when nothing is another', async () => {
  await start(5);
  const { id } = await house.add();
  house.said.set(id, saidOf());
  const reader = await read();
  const asked = house.asked.length;
  house.commit(id);
  await waitFor('a question', () => house.asked.length > asked);
  house.commit(id, { lastLine: 'another' });
  await waitFor('another', () => reader.cards(id).length > 0);
  expect(reader.cards(id).map(({ lastLine }) => lastLine)).toEqual(['another']);
});

it('keeps the newest card of each session for a reader that is slow, and no more', async () => {
  await start(1);
  const records = [await house.add(), await house.add()];
  const [slow, quick] = [await read(), await read()];
  slow.hold();
  for (let round = 0; round < 100; round += 1) {
    for (const { id } of records) {
      await house.rooms.sessions.update(id, { name: null, model: `m${round}` }, 1);
      await house.rooms.event(id, 'session.model');
    }
  }
  const isNewest = (reader: typeof slow) =>
    records.every(({ id }) => reader.state().get(id)?.session.model === 'm99');
  await waitFor('the quick one', () => isNewest(quick));
  slow.release();
  await waitFor('the slow one', () => isNewest(slow));
  // One was on its way when it stopped to read; then one of each.
  for (const { id } of records) expect(slow.cards(id).length).toBeLessThanOrEqual(2);
  expect(quick.cards(records[0]?.id ?? '').length).toBeGreaterThan(5);
});

it('looks at nothing while nobody reads, and is right again for who comes back', async () => {
  await start(1);
  const { id } = await house.add();
  const first = house.read();
  await first.snapshot();
  await waitFor('a look', () => house.looks > 2);
  expect(house.held).toBe(1);
  await first[Symbol.asyncDispose]();
  expect([house.held, house.listeners.size]).toEqual([0, 0]);
  const [looks, asked] = [house.looks, house.asked.length];
  house.commit(id);
  await house.turn(id, 'needs_permission', null);
  await house.rooms.service.idle();
  expect([house.looks, house.asked.length]).toEqual([looks, asked]);
  const again = await read();
  expect(again.events[0]).toMatchObject({
    type: 'snapshot',
    fleet: { cards: [{ session: { status: 'needs_permission' }, lastLine: 'words' }] },
  });
});

it('goes without what cannot be read, and has it when it can', async () => {
  await start(5);
  const { id } = await house.add();
  house.askFails = true;
  const reader = await read();
  expect(reader.state().get(id)).toMatchObject({ tokens: null, cost: null });
  house.askFails = false;
  house.commit(id, { tokens: 77 });
  await waitFor('the tokens', () => reader.state().get(id)?.tokens === 77);
});

it('shows what a pane has printed, though somebody else who asked for all cards saw it first', async () => {
  const printed = new Map<string, string>();
  const seen = new Map<string, string>();
  house = await FleetHouse.open({
    paceMs: 300,
    lines: {
      look: async (records) => {
        const changed = records.filter(({ id }) => printed.get(id) !== seen.get(id)).map(({ id }) => id);
        for (const id of changed) seen.set(id, printed.get(id) ?? '');
        return changed;
      },
      lineOf: ({ id }) => seen.get(id) ?? null,
    },
  });
  const { id } = await house.add({ provider: 'shell', activity: null });
  const reader = await read();
  printed.set(id, '$ make');
  expect((await house.fleet.fleet()).cards[0]?.lastLine).toBe('$ make');
  await waitFor('the line', () => reader.state().get(id)?.lastLine === '$ make');
});

it('misses nothing that happens while it loads', async () => {
  house = await FleetHouse.open({ paceMs: 20 });
  const record = await house.add();
  const reader = house.read();
  open.push(reader);
  // Between the first look at the rows and the snapshot.
  await house.turn(record.id, 'needs_input', null);
  house.commit(record.id, { tokens: 55 });
  const late = await house.add();
  await reader.snapshot();
  await waitFor('both', () => reader.state().get(record.id)?.session.status === 'needs_input');
  await waitFor('the late one', () => reader.state().has(late.id));
  await waitFor('the tokens', () => reader.state().get(record.id)?.tokens === 55);
});
