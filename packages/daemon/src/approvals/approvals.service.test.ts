import { randomUUID } from 'node:crypto';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApprovalRooms, askFor, shellCall } from '../../test/approvals.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { hashInput } from '../platform/input-hash.ts';
import type { Ask, AskAnswer } from './asking.ts';

let database: OpenDatabase;
let rooms: ApprovalRooms;
const session = sessionRecord({ id: randomUUID(), name: 'review' });
beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
  rooms = new ApprovalRooms(database);
  await rooms.sessions.insert(session);
});
afterEach(async () => {
  await rooms.service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Waiting {
  hook: AbortController;
  told: Promise<{ answer: AskAnswer; delivered(): Promise<void> }>;
  /** The answer, taken. */
  answer: Promise<AskAnswer>;
}

function wait(ask: Ask): Waiting {
  const hook = new AbortController();
  const told = rooms.service.clear(ask, hook.signal);
  const answer = told.then(async ({ answer: given, delivered }) => {
    await delivered();
    return given;
  });
  answer.catch(() => undefined);
  return { hook, told, answer };
}

async function pending(count = 1): Promise<string[]> {
  let found: string[] = [];
  await waitFor(`${count} pending`, async () => {
    found = (await rooms.store.pending()).map(({ id }) => id);
    return found.length === count;
  });
  return found;
}

/** The approval a hook made, which waits. */
async function asked(ask: Ask): Promise<Waiting & { id: string }> {
  const before = (await rooms.store.pending()).map(({ id }) => id);
  const waiting = wait(ask);
  const ids = await pending(before.length + 1);
  return { ...waiting, id: ids.find((id) => !before.includes(id)) ?? '' };
}

const eventsOf = async () =>
  (await rooms.ledger.list({ source: 'approval' })).events.map(({ type, payload }) => ({ type, ...payload }));

describe('an approval', () => {
  it('waits for a person, whose yes lets the call run', async () => {
    const { answer, id } = await asked(askFor(session, 'npm test'));
    expect(rooms.told).toEqual(['npm test']);
    const { approval } = await rooms.answers.approve(id, { grant: 'once', note: 'fine' }, 'cli');
    expect(await answer).toEqual({ decision: 'allow', answers: null });
    expect(approval).toMatchObject({ status: 'approved', settledBy: 'cli', note: 'fine', grant: 'once' });
    expect(rooms.audit.about(id)).toEqual(['ask by default', 'allow by user (cli)']);
    expect(await eventsOf()).toEqual([
      expect.objectContaining({ type: 'approval.asked', approval: id, summary: 'npm test', tool: 'Bash' }),
      { type: 'approval.settled', approval: id, status: 'approved', by: 'cli' },
    ]);
  });

  it('says no with the reason, and the model hears it', async () => {
    const { answer, id } = await asked(askFor(session, 'rm -rf build'));
    await rooms.answers.deny(id, 'use make clean', 'cli');
    expect(await answer).toEqual({ decision: 'deny', reason: 'The user denied this: use make clean' });
    expect(rooms.audit.about(id)).toEqual(['ask by default', 'deny by user (cli)']);
  });

  it('is settled by the first of two answers; the other learns by whom', async () => {
    const { answer, id } = await asked(askFor(session, 'npm test'));
    const [no, yes] = await Promise.allSettled([
      rooms.answers.deny(id, undefined, 'dashboard'),
      rooms.answers.approve(id, { grant: 'once' }, 'cli'),
    ]);
    expect(no.status).toBe('fulfilled');
    expect(yes).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'approval_settled',
        message: expect.stringContaining('was denied by a person (dashboard)'),
      },
    });
    expect(await answer).toMatchObject({ decision: 'deny' });
    expect(rooms.audit.about(id)).toHaveLength(2);
  });

  it('keeps the input as it is while it waits, and without secrets afterwards and in events', async () => {
    const { id } = await asked(askFor(session, 'login --password hunter2'));
    expect(await rooms.store.get(id)).toMatchObject({ input: { command: 'login --password hunter2' } });
    await rooms.answers.deny(id, undefined, 'cli');
    const { input, suggestion, summary } = (await rooms.store.get(id)) ?? {};
    expect(JSON.stringify({ input, suggestion, summary })).not.toContain('hunter2');
    expect(JSON.stringify(await eventsOf())).not.toContain('hunter2');
  });

  it('is found by the beginning of its id, also when it is settled', async () => {
    const { id } = await asked(askFor(session, 'npm test'));
    expect((await rooms.answers.get(id.slice(0, 6))).id).toBe(id);
    await rooms.answers.deny(id, undefined, 'cli');
    await expect(rooms.answers.approve(id.slice(0, 6), { grant: 'once' }, 'cli')).rejects.toMatchObject({
      code: 'approval_settled',
      details: { status: 'denied', settledBy: 'cli' },
    });
    await expect(rooms.answers.get('%')).rejects.toMatchObject({ code: 'approval_not_found' });
    await expect(rooms.answers.get('_')).rejects.toMatchObject({ code: 'approval_not_found' });
  });

  it('expires, which is a no', async () => {
    const { answer, id } = await asked(askFor(session, 'npm test'));
    rooms.now += 3_599_000;
    await rooms.service.tick();
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
    rooms.now += 1_000;
    await rooms.service.tick();
    expect(await answer).toMatchObject({ decision: 'deny' });
    expect(await rooms.store.get(id)).toMatchObject({ status: 'expired', settledBy: 'timeout' });
    expect(rooms.audit.about(id)).toEqual(['ask by default', 'deny by timeout']);
  });

  it('cannot be asked without end: what a session lets wait has a limit', async () => {
    for (let count = 0; count < 200; count++) wait(askFor(session, `sleep ${count}`));
    await pending(200);
    await expect(wait(askFor(session, 'one more')).told).rejects.toMatchObject({
      code: 'session_busy',
      message: expect.stringContaining('200 calls'),
    });
    const other = sessionRecord({ id: randomUUID() });
    await rooms.sessions.insert(other);
    await asked(askFor(other, 'npm test'));
    const [first = ''] = await pending(201);
    await rooms.answers.deny(first, undefined, 'cli');
    await asked(askFor(session, 'one more'));
  });

  it('cannot be asked by a run that is over', async () => {
    await expect(wait(askFor({ ...session, run: 2 }, 'npm test')).told).rejects.toMatchObject({
      code: 'session_ended',
    });
    expect(await rooms.store.pending()).toEqual([]);
  });
});

describe('a request that comes again', () => {
  it('joins its approval, and the older connection gets a no', async () => {
    const ask = askFor(session, 'npm test');
    const first = await asked(ask);
    const second = wait(ask);
    expect(await first.answer).toMatchObject({ decision: 'deny' });
    await rooms.answers.approve(first.id, { grant: 'once' }, 'cli');
    expect(await second.answer).toMatchObject({ decision: 'allow' });
    expect(rooms.audit.about(first.id)).toHaveLength(2);
  });

  it('gets the answer that never arrived, once', async () => {
    const ask = askFor(session, 'npm test');
    const { hook, id, told } = await asked(ask);
    told.catch(() => undefined);
    hook.abort();
    await expect(told).rejects.toMatchObject({ code: 'shutting_down' });
    await rooms.answers.approve(id, { grant: 'once' }, 'cli');
    expect(await wait(ask).answer).toMatchObject({ decision: 'allow' });
    const third = wait(ask);
    expect(await pending()).not.toEqual([id]);
    third.hook.abort();
  });

  it('waits while the answer is on its way to the one before', async () => {
    const ask = askFor(session, 'npm test');
    const hook = new AbortController();
    const first = rooms.service.clear(ask, hook.signal);
    const [id = ''] = await pending();
    await rooms.answers.approve(id, { grant: 'once' }, 'cli');
    const { delivered } = await first;
    const second = wait(ask);
    await delivered();
    // The first took it: what asks now is asked anew.
    expect(await pending()).not.toEqual([id]);
    second.hook.abort();
  });

  it.each<[string, (ask: Ask) => Ask]>([
    ['another input', (ask) => ({ ...ask, call: shellCall('npm run deploy') })],
    ['another request', (ask) => ({ ...ask, request: 'other' })],
    ['another call', (ask) => ({ ...ask, callId: 'other' })],
    ['no call id', (ask) => ({ ...ask, callId: null })],
  ])('with %s is a new approval', async (_what, change) => {
    const ask = askFor(session, 'npm test');
    const first = await asked(ask);
    await rooms.answers.approve(first.id, { grant: 'once' }, 'cli');
    const second = await asked(change(ask));
    expect(second.id).not.toBe(first.id);
  });

  it("is not asked again when the agent's own dialog was answered meanwhile", async () => {
    const ask = askFor(session, 'npm test', { inTerminal: true, callId: null });
    const first = await asked(ask);
    first.hook.abort();
    await rooms.restart();
    await rooms.service.overtaken(session.id, null, true);
    expect(await wait(ask).answer).toMatchObject({ decision: 'deny' });
    expect(await rooms.store.pending()).toEqual([]);
    expect(rooms.audit.about(first.id)).toEqual(['ask by agent', 'allow by terminal']);
  });

  it('may take its time, but not longer than the grace', async () => {
    const ask = askFor(session, 'npm test');
    const first = await asked(ask);
    first.hook.abort();
    rooms.now += 29_000;
    await rooms.service.tick();
    const second = wait(ask);
    const third = wait(ask);
    await second.answer;
    // Behind the transaction by which it joined.
    await rooms.ledger.record(async () => undefined);
    rooms.now += 60_000;
    await rooms.service.tick();
    expect(await rooms.store.get(first.id)).toMatchObject({ status: 'pending' });
    third.hook.abort();
    rooms.now += 30_000;
    await rooms.service.tick();
    expect(await rooms.store.get(first.id)).toMatchObject({ status: 'withdrawn', settledBy: 'agent' });
    expect(rooms.audit.about(first.id)).toEqual(['ask by default', 'deny by agent']);
  });
});

describe('a daemon that is started again', () => {
  it('has what waited, and its hook comes back to it', async () => {
    const ask = askFor(session, 'npm test');
    const { id, hook } = await asked(ask);
    hook.abort();
    await rooms.restart();
    const { answer } = wait(ask);
    await rooms.answers.approve(id, { grant: 'once' }, 'cli');
    expect(await answer).toMatchObject({ decision: 'allow' });
  });

  it('gives up what nobody comes back for, what expired meanwhile, and what is of an ended run', async () => {
    const lost = await asked(askFor(session, 'one'));
    lost.hook.abort();
    await rooms.restart();
    rooms.now += 30_000;
    await rooms.service.tick();
    expect(await rooms.store.get(lost.id)).toMatchObject({ status: 'withdrawn', settledBy: 'agent' });

    const late = await asked(askFor(session, 'two'));
    rooms.now += 3_600_000;
    await rooms.restart();
    expect(await rooms.store.get(late.id)).toMatchObject({ status: 'expired' });

    const over = await asked(askFor(session, 'three'));
    await rooms.sessions.update(session.id, { run: 2 }, 1);
    await rooms.restart();
    expect(await rooms.store.get(over.id)).toMatchObject({ status: 'withdrawn', settledBy: 'session' });
  });
});

describe('what else settles an approval', () => {
  it('a policy that allows it now, or denies it', async () => {
    const yes = await asked(askFor(session, 'npm test'));
    const no = await asked(askFor(session, 'rm -rf /'));
    await rooms.change((judge) => {
      judge.allowed.add('npm test');
      judge.denied.add('rm -rf /');
    });
    expect(await yes.answer).toMatchObject({ decision: 'allow' });
    expect(await no.answer).toEqual({ decision: 'deny', reason: '"rm -rf /" is denied' });
    expect(rooms.audit.about(yes.id)).toEqual(['ask by default', 'allow by rule']);
  });

  it('a policy that allows many of them, and the daemon does other things meanwhile', async () => {
    const all = Array.from({ length: 100 }, (_, count) => wait(askFor(session, `echo ${count}`)));
    await pending(100);
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    await rooms.change((judge) => {
      for (let count = 0; count < 100; count++) judge.allowed.add(`echo ${count}`);
    });
    clearInterval(ticking);
    for (const { answer } of all) expect(await answer).toMatchObject({ decision: 'allow' });
    expect(turns).toBeGreaterThan(5);
  });

  it('but not a policy about what its stored input could be read as', async () => {
    // As an MCP tool whose server has the separator in its name: only its hook tells server and tool apart.
    const call: ToolCall = {
      ...shellCall('real'),
      tool: 'mcp__a__b__c',
      kind: 'mcp',
      mcp: { server: 'a__b', name: 'c' },
    };
    const ask = askFor(session, '', { call });
    await rooms.change((judge) => judge.allowed.add(''));
    const { id, hook } = await asked(ask);
    await rooms.change((judge) => judge.allowed.add('another'));
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
    hook.abort();
    await rooms.restart();
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
    const again = wait(ask);
    await rooms.change((judge) => judge.allowed.add('real'));
    expect(await again.answer).toMatchObject({ decision: 'allow' });
  });

  it('a policy that was changed after the judge had spoken, and before it was asked', async () => {
    const stale = askFor(session, 'rm -rf /');
    await rooms.change((judge) => judge.denied.add('rm -rf /'));
    expect(await wait(stale).answer).toEqual({ decision: 'deny', reason: '"rm -rf /" is denied' });
    expect(rooms.told).toEqual([]);
  });

  it("but not a dialog of the agent's own: its rules are not ours to overrule", async () => {
    const { id } = await asked(askFor(session, 'npm test', { inTerminal: true, callId: null }));
    expect(rooms.told).toEqual([]);
    await rooms.change((judge) => judge.allowed.add('npm test'));
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
  });

  it('the end of its session', async () => {
    const { answer, id } = await asked(askFor(session, 'npm test'));
    await rooms.event(session.id, 'session.ended', { run: 0 });
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
    await rooms.event(session.id, 'session.ended', { run: 1 });
    expect(await answer).toMatchObject({ decision: 'deny' });
    expect(await rooms.store.get(id)).toMatchObject({ status: 'withdrawn', settledBy: 'session' });
  });

  it("the agent's own dialog, of this call alone", async () => {
    const dialog = await asked(askFor(session, 'npm test', { inTerminal: true, callId: null }));
    const held = await asked(askFor(session, 'npm test'));
    await rooms.service.overtaken(
      session.id,
      { callId: 'x', inputHash: hashInput({ command: 'npm test' }) },
      true,
    );
    expect(await rooms.store.get(dialog.id)).toMatchObject({ status: 'withdrawn', settledBy: 'terminal' });
    expect(rooms.audit.about(dialog.id)).toEqual(['ask by agent', 'allow by terminal']);
    expect(await rooms.store.get(held.id)).toMatchObject({ status: 'pending' });
    await rooms.service.overtaken(session.id, null, false);
    expect(await rooms.store.get(held.id)).toMatchObject({ status: 'pending' });
  });
});

describe('a grant', () => {
  it('keeps no rule that has a secret in it', async () => {
    const { id } = await asked(askFor(session, 'curl -u me:hunter2 x'));
    await expect(rooms.answers.approve(id, { grant: 'session' }, 'cli')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/keep a secret of this call in clear/),
    });
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
  });

  it('keeps the suggested rule with the answer, and answers what else it allows', async () => {
    const first = await asked(askFor(session, 'npm test'));
    const same = await asked(askFor(session, 'npm test'));
    const other = await asked(askFor(session, 'npm run deploy'));
    const { policy } = await rooms.answers.approve(first.id, { grant: 'session' }, 'cli');
    expect(policy).toMatchObject({ sessionId: session.id, rules: [{ args: { command: 'npm test' } }] });
    expect(await same.answer).toMatchObject({ decision: 'allow' });
    expect(await rooms.store.get(same.id)).toMatchObject({ settledBy: 'rule' });
    expect(await rooms.store.get(other.id)).toMatchObject({ status: 'pending' });
  });

  it.each([
    [
      'that allows another call',
      { action: 'allow' as const, args: { command: 'ls' } },
      /does not allow this very call/,
    ],
    ['that denies', { action: 'deny' as const }, /must allow/],
  ])('is refused for a rule %s, and nothing is answered', async (_what, rule, message) => {
    const { id } = await asked(askFor(session, 'npm test'));
    await expect(rooms.answers.approve(id, { grant: 'always', rule }, 'cli')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
    });
    expect(await rooms.store.get(id)).toMatchObject({ status: 'pending' });
  });

  it('for everything like it approves once each, and keeps no rule', async () => {
    const first = await asked(askFor(session, 'npm test'));
    const same = await asked(askFor(session, 'npm test'));
    await asked(askFor(session, 'npm run deploy'));
    const approved = await rooms.answers.approveLike(first.id, undefined, 'cli');
    expect(approved.map(({ id }) => id)).toEqual([first.id, same.id]);
    expect(await same.answer).toMatchObject({ decision: 'allow' });
    await asked(askFor(session, 'npm test'));
  });

  it('of trust answers what waits, but neither questions nor dialogs', async () => {
    const call = await asked(askFor(session, 'npm test'));
    const plan = await asked(askFor(session, 'x', { kind: 'plan' }));
    const dialog = await asked(askFor(session, 'y', { inTerminal: true }));
    const { approvals } = await rooms.answers.trust('review', 60, 'cli');
    expect(approvals.map(({ id }) => id)).toEqual([call.id]);
    expect(await call.answer).toMatchObject({ decision: 'allow' });
    expect(await pending(2)).toEqual([plan.id, dialog.id]);
    await rooms.answers.trust('review', 0, 'cli');
    await asked(askFor(session, 'npm test'));
  });

  it('is proposed with what it would have matched, and what it would not', async () => {
    const past = (command: string, seq: number) => ({
      ...{
        seq,
        at: 0,
        sessionId: session.id,
        sessionName: null,
        provider: 'claude-code',
        decision: 'ask' as const,
      },
      ...{
        by: 'default' as const,
        tool: 'Bash',
        toolKind: 'shell' as const,
        input: { command },
        cwd: '/work',
        approvalId: null,
      },
    });
    rooms.audit.past.push(past('npm test', 1), past('ls', 2), past('npm test', 3));
    const { id } = await asked(askFor(session, 'npm test'));
    expect(await rooms.answers.propose(id, undefined)).toEqual({
      rule: { action: 'allow', tool: 'shell', args: { command: 'npm test' } },
      allowsThis: true,
      matches: ['npm test'],
      nearMisses: expect.arrayContaining([expect.stringMatching(/^npm test ./)]),
    });
    expect(await rooms.answers.propose(id, { action: 'deny' })).toMatchObject({ allowsThis: false });
  });
});

describe('a question', () => {
  const question = (text: string, labels: string[]) => ({
    question: text,
    header: null,
    options: labels.map((label) => ({ label, description: null })),
    multiSelect: false,
  });
  const ask = () =>
    askFor(session, 'ask', {
      kind: 'question',
      questions: [question('Which database?', ['Postgres', 'SQLite']), question('Why?', [])],
    });

  it('is answered by labels and own words, which the agent gets', async () => {
    const { answer, id } = await asked(ask());
    const answers = { 'Which database?': 'Postgres', 'Why?': 'because' };
    await rooms.answers.approve(id, { grant: 'once', answers }, 'cli');
    expect(await answer).toEqual({ decision: 'allow', answers });
    expect(rooms.audit.entries.at(-1)?.reason).toBe('Which database? Postgres; Why? because');
  });

  it.each([
    [undefined, /"Which database\?" has no answer\. Proposed: "Postgres", "SQLite"/],
    [{ 'Which database?': 'x' }, /"Why\?" has no answer/],
    [{ 'Which database?': 'x', 'Why?': 'y', 'When?': 'z' }, /"When\?" is no question/],
  ])('refuses %j', async (answers, message) => {
    const { id } = await asked(ask());
    await expect(rooms.answers.approve(id, { grant: 'once', answers }, 'cli')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
    });
  });
});

describe('a session', () => {
  it('is held from its first approval to its last, and says what for', async () => {
    const one = await asked(askFor(session, 'one'));
    const two = await asked(askFor(session, 'two', { kind: 'question' }));
    await asked(askFor(session, 'three', { inTerminal: true }));
    await rooms.answers.deny(one.id, undefined, 'cli');
    await rooms.answers.deny(two.id, undefined, 'cli');
    await rooms.service.idle();
    expect(rooms.held).toEqual([
      'hold 1 tool: one',
      expect.stringMatching(/^hold 1 question: /),
      'release 1',
    ]);
  });

  it('that is removed leaves nothing of what it wanted', async () => {
    const verdict: Verdict = {
      ...askFor(session, '').verdict,
      parts: [
        { text: 'npm test', kind: 'shell', action: 'ask', basis: 'default', why: 'no rule', rule: null },
      ],
    };
    const { id } = await asked(askFor(session, 'npm test', { verdict }));
    await rooms.answers.deny(id, 'no', 'cli');
    await rooms.event(session.id, 'session.removed');
    const left = await rooms.store.get(id);
    expect(left).toMatchObject({ input: {}, summary: '', note: null, status: 'denied' });
    expect(JSON.stringify(left)).not.toContain('npm test');
  });
});
