import { CodepiperError } from '@codepiper/core/errors.ts';
import { canonicalJson } from '@codepiper/core/policies/canonical.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import type { Ask, AskAnswer } from '../approvals/asking.ts';
import type { NewDecision } from '../audit/audit.service.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { DecisionsService } from './decisions.service.ts';
import type { HeardHook } from './hooks.service.ts';

const rule = { policyId: 'p', policyName: 'Mine', index: 0, reason: null };
const verdict = (action: Verdict['action'], change: Partial<Verdict> = {}): Verdict => ({
  action,
  basis: action === 'agent' ? 'default' : 'rule',
  rule: action === 'agent' ? null : rule,
  reason: `The rule says ${action}.`,
  parts: [],
  ...change,
});

let database: OpenDatabase;
let ledger: Ledger;
let session: SessionRecord;
let says: Verdict | Error;
let judgedAt: string[];
let trail: NewDecision[];
let appendFails: Error | null;
let heard: { hook: HeardHook; withState: boolean }[];
let asks: { ask: Ask; signal: AbortSignal; answer(answer: AskAnswer): void; delivered: boolean }[];
let overtaken: unknown[][];
let decisions: DecisionsService;

beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: { now: () => 1_000 } });
  ledger = createLedger({ db: database.db, clock: { now: () => 1_000 }, log: silentLog });
  session = sessionRecord();
  says = verdict('allow');
  [judgedAt, trail, heard, asks, overtaken] = [[], [], [], [], []];
  appendFails = null;
  decisions = new DecisionsService({
    ledger,
    store: { get: async (id) => (id === session.id ? session : null) },
    hooks: {
      hear: async (_session, hook, options) =>
        void heard.push({ hook, withState: options?.withState ?? true }),
    },
    judge: {
      edition: 7,
      judge: (_session, _call, cwd) => {
        judgedAt.push(cwd);
        if (says instanceof Error) throw says;
        return says;
      },
    },
    approvals: {
      clear: (ask, signal) =>
        new Promise((resolve, reject) => {
          const entry = {
            ask,
            signal,
            delivered: false,
            answer: (answer: AskAnswer) =>
              resolve({
                answer,
                delivered: async () => {
                  entry.delivered = true;
                },
              }),
          };
          asks.push(entry);
          signal.addEventListener('abort', () =>
            reject(new CodepiperError('shutting_down', 'Nobody waits for the answer any more.')),
          );
        }),
      overtaken: async (...call) => void overtaken.push(call),
    },
    audit: {
      append: async (_tx, entry) => {
        if (appendFails) throw appendFails;
        // As the real one, which hashes it.
        canonicalJson(entry.input);
        trail.push(entry);
      },
    },
    log: silentLog,
  });
});
afterEach(async () => {
  decisions[Symbol.dispose]();
  await database[Symbol.asyncDispose]();
});

const events = { tool: 'PreToolUse', dialog: 'PermissionRequest', ran: 'PostToolUse' };
const payload = (event: keyof typeof events, input: object = { command: 'ls' }, change: object = {}) => ({
  hook_event_name: events[event],
  session_id: 'conversation',
  cwd: '/work/sub',
  tool_name: 'Bash',
  tool_input: input,
  ...(event === 'dialog' ? {} : { tool_use_id: 'call-1' }),
  ...change,
});
const state = (status: 'needs_permission' | 'running') =>
  status === 'running' ? ({ status, activity: 'busy' } as const) : ({ status, activity: null } as const);
let requests = 0;
const hookOf = (hook: Record<string, unknown>) => ({
  sessionId: session.id,
  request: `request-${requests++}`,
  payload: hook,
  arrivedAt: performance.now(),
  signal: new AbortController().signal,
});
const decide = (hook: Record<string, unknown>, signal = new AbortController().signal) =>
  decisions.decide({ ...hookOf(hook), signal });
const outputOf = async (hook: Record<string, unknown>) => {
  const { output } = await decide(hook);
  return output === null ? null : JSON.parse(output).hookSpecificOutput;
};
const use = (provider: ProviderId) => {
  session = sessionRecord({ provider });
};
const waiting = (count = 1) => waitFor('somebody to be asked', () => asks.length === count && asks.at(-1));

describe('before a tool runs', () => {
  it('a rule that allows lets it run, and is in the trail', async () => {
    expect(await outputOf(payload('tool'))).toEqual({
      hookEventName: 'PreToolUse',
      permissionDecision: 'allow',
    });
    expect(judgedAt).toEqual(['/work/sub']);
    expect(trail).toMatchObject([
      {
        decision: 'allow',
        by: 'rule',
        rule,
        tool: 'Bash',
        toolKind: 'shell',
        callId: 'call-1',
        input: { command: 'ls' },
        cwd: '/work/sub',
        session: { id: session.id },
      },
    ]);
    expect(trail[0]?.latencyUs).toBeGreaterThan(0);
    expect(asks).toEqual([]);
  });

  it.each<ProviderId>(['claude-code', 'codex'])('a denial reaches %s with its reason', async (provider) => {
    use(provider);
    says = verdict('deny', { basis: 'default', rule: null, reason: 'No rule allows it.' });
    expect(await outputOf(payload('tool'))).toEqual({
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: 'No rule allows it.',
    });
    expect(trail).toMatchObject([{ decision: 'deny', by: 'default' }]);
  });

  it('what is left to the agent gets silence, and is in the trail', async () => {
    says = verdict('agent');
    expect(await outputOf(payload('tool'))).toBeNull();
    expect(trail).toMatchObject([{ decision: 'agent', by: 'default' }]);
  });

  it('dangerous mode is audited call by call', async () => {
    says = verdict('allow', { basis: 'dangerous', rule: null });
    expect(await outputOf(payload('tool'))).toMatchObject({ permissionDecision: 'allow' });
    expect(trail).toMatchObject([{ decision: 'allow', by: 'dangerous' }]);
  });

  it('a question waits for a person, whose answer goes out', async () => {
    says = verdict('ask');
    const reply = decide(payload('tool'));
    const asked = await waiting();
    expect(asked.ask).toMatchObject({
      kind: 'tool',
      callId: 'call-1',
      cwd: '/work/sub',
      call: { tool: 'Bash', command: 'ls' },
      verdict: { reason: 'The rule says ask.' },
      edition: 7,
      inTerminal: false,
    });
    asked.answer({ decision: 'deny', reason: 'The user denied this: not now' });
    const { output, delivered } = await reply;
    expect(output).toContain('not now');
    expect(asked.delivered).toBe(false);
    await delivered();
    expect(asked.delivered).toBe(true);
    expect(heard).toEqual([]);
  });

  it.each<[ProviderId, string]>([
    ['claude-code', 'AskUserQuestion'],
    ['claude-code', 'ExitPlanMode'],
  ])('%s: %s is left to its dialog, which follows, and is in the trail', async (provider, tool) => {
    use(provider);
    says = verdict('ask');
    const questions = [{ question: 'Which?', header: 'h', options: [], multiSelect: false }];
    expect(await outputOf(payload('tool', { questions }, { tool_name: tool }))).toBeNull();
    expect(trail).toMatchObject([{ decision: 'agent', by: 'agent', tool }]);
    expect(asks).toEqual([]);
  });

  it('a question of Codex, whose dialog has no hook, is answered here, unless all is left to the agent', async () => {
    use('codex');
    const question = { question: 'Which?', header: 'h', options: [], multiSelect: false };
    const asking = payload('tool', { questions: [question] }, { tool_name: 'request_user_input' });
    says = verdict('agent');
    expect(await outputOf(asking)).toBeNull();
    says = verdict('allow');
    const told = outputOf(asking);
    const asked = await waiting();
    expect(asked.ask).toMatchObject({
      kind: 'question',
      inTerminal: false,
      questions: [{ question: 'Which?' }],
    });
    asked.answer({ decision: 'allow', answers: { 'Which?': 'this one' } });
    expect(await told).toMatchObject({
      permissionDecision: 'deny',
      permissionDecisionReason: expect.stringContaining('Which? this one'),
    });
  });

  it.each<[ProviderId, string]>([
    ['claude-code', 'AskUserQuestion'],
    ['claude-code', 'ExitPlanMode'],
    ['codex', 'request_user_input'],
  ])('%s: %s is denied by a rule, for its dialog may have no hook', async (provider, tool) => {
    use(provider);
    says = verdict('deny');
    expect(await outputOf(payload('tool', { questions: [] }, { tool_name: tool }))).toMatchObject({
      permissionDecision: 'deny',
      permissionDecisionReason: 'The rule says deny.',
    });
    expect(trail).toMatchObject([{ decision: 'deny', by: 'rule', tool }]);
  });

  it('is over when nobody waits any more', async () => {
    says = verdict('ask');
    const hangUp = new AbortController();
    const reply = decide(payload('tool'), hangUp.signal);
    await waiting();
    hangUp.abort();
    await expect(reply).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe("a dialog of the agent's own", () => {
  it('is answered like the call before it, once, where it is not on the screen yet', async () => {
    use('codex');
    await decide(payload('tool'));
    says = verdict('agent');
    expect(await outputOf(payload('dialog'))).toEqual({
      hookEventName: 'PermissionRequest',
      decision: { behavior: 'allow' },
    });
    expect(trail.at(-1)).toMatchObject({ decision: 'allow', by: 'rule', rule });
    // Its prompt never shows: nothing waits for anybody.
    expect(heard.map(({ withState }) => withState)).toEqual([false]);
    const again = decide(payload('dialog'));
    (await waiting()).answer({ decision: 'deny', reason: 'no' });
    expect((await again).output).toContain('"no"');
  });

  it.each([
    ['another input', payload('dialog', { command: 'rm -rf /' })],
    ["another agent's", payload('dialog', { command: 'ls' }, { agent_id: 'sub' })],
  ])('is not answered by what was said of %s', async (_name, hook) => {
    use('codex');
    await decide(payload('tool'));
    says = verdict('agent');
    const reply = decide(hook);
    const asked = await waiting();
    expect(asked.ask).toMatchObject({ inTerminal: false, verdict: { action: 'ask', basis: 'default' } });
    asked.answer({ decision: 'deny', reason: 'no' });
    await reply;
  });

  it("is not answered by what was said of an earlier run's", async () => {
    use('codex');
    await decide(payload('tool'));
    session = { ...session, run: 2 };
    says = verdict('agent');
    const reply = decide(payload('dialog'));
    (await waiting()).answer({ decision: 'deny', reason: 'no' });
    await reply;
  });

  it.each<[string, () => Promise<unknown>]>([
    ['when the call has run', async () => decisions.decide({ ...hookOf(payload('ran')), request: 'ran' })],
    [
      'when the rules say something else by now',
      async () => {
        says = verdict('agent');
        await decide(payload('tool'));
      },
    ],
  ])('is not answered by what was said before %s', async (_name, happens) => {
    use('codex');
    await decide(payload('tool'));
    await happens();
    says = verdict('agent');
    const reply = decide(payload('dialog'));
    (await waiting()).answer({ decision: 'deny', reason: 'no' });
    await reply;
  });

  it("a person's yes counts for the prompt after it", async () => {
    use('codex');
    says = verdict('ask');
    const reply = decide(payload('tool'));
    (await waiting()).answer({ decision: 'allow', answers: null });
    await reply;
    expect(await outputOf(payload('dialog', { command: 'ls', description: 'why' }))).toMatchObject({
      decision: { behavior: 'allow' },
    });
    expect(trail.at(-1)).toMatchObject({ decision: 'allow', by: 'user' });
  });

  it('is denied by a rule although the call before it was allowed', async () => {
    use('codex');
    await decide(payload('tool'));
    says = verdict('deny');
    expect(await outputOf(payload('dialog'))).toMatchObject({ decision: { behavior: 'deny' } });
    expect(trail.at(-1)).toMatchObject({ decision: 'deny', by: 'rule' });
  });

  it("on the screen of an allowed call stands for the person's own settings: a person answers", async () => {
    await decide(payload('tool'));
    const reply = decide(payload('dialog'));
    const asked = await waiting();
    expect(asked.ask).toMatchObject({
      kind: 'tool',
      inTerminal: true,
      verdict: { action: 'ask', rule: null },
    });
    expect(heard).toMatchObject([{ withState: true, hook: { run: 1 } }]);
    asked.answer({ decision: 'allow', answers: null });
    expect(JSON.parse((await reply).output ?? '').hookSpecificOutput.decision).toEqual({ behavior: 'allow' });
  });

  it('with questions is answered by their answers', async () => {
    const questions = [{ question: 'Which?', header: 'h', options: [], multiSelect: false }];
    const reply = decide(payload('dialog', { questions }, { tool_name: 'AskUserQuestion' }));
    const asked = await waiting();
    expect(asked.ask).toMatchObject({
      kind: 'question',
      questions: [{ question: 'Which?' }],
      inTerminal: true,
    });
    asked.answer({ decision: 'allow', answers: { 'Which?': 'this' } });
    expect((await reply).output).toContain('"Which?":"this"');
  });

  it('with a plan is not approved by a rule', async () => {
    const reply = decide(payload('dialog', { plan: 'all of it' }, { tool_name: 'ExitPlanMode' }));
    const asked = await waiting();
    expect(asked.ask.kind).toBe('plan');
    asked.answer({ decision: 'allow', answers: null });
    await reply;
  });

  it('that was answered on the terminal gets silence', async () => {
    says = verdict('ask');
    const reply = decide(payload('dialog'));
    const asked = await waiting();
    const hooked = { event: 'ran', call: asked.ask.call, callId: 'call-1' } as never;
    await decisions.ran(session, hooked);
    expect(overtaken).toEqual([
      [session.id, { callId: 'call-1', inputHash: expect.stringMatching(/^[0-9a-f]{64}$/) }, true],
    ]);
    asked.answer({ decision: 'deny', reason: 'The approval was withdrawn.' });
    expect((await reply).output).toBeNull();
  });

  it('is withdrawn when the agent shows none any more', async () => {
    says = verdict('ask');
    const reply = decide(payload('dialog'));
    const asked = await waiting();
    // Old news, and a moment between two dialogs, say nothing.
    const shows = (status: 'needs_permission' | 'running', since?: number) =>
      decisions.heard(session.id, [{ kind: 'state', state: state(status), detail: '' }], since);
    shows('running', Date.now() - 60_000);
    shows('running');
    shows('running', Date.now() + 1);
    shows('needs_permission', Date.now() + 2);
    shows('running', Date.now() + 3);
    await waitFor('the approval to be withdrawn', () => overtaken.length === 1);
    // A No ends the hook: one that still waits was told Yes.
    expect(overtaken).toEqual([[session.id, null, true]]);
    asked.answer({ decision: 'deny', reason: 'The approval was withdrawn.' });
    expect((await reply).output).toBeNull();
  });

  it('names its hook once for all its retries', async () => {
    says = verdict('deny');
    const hook = { ...hookOf(payload('dialog')), request: 'same' };
    await decisions.decide(hook);
    await decisions.decide(hook);
    const [first, second] = heard.map((one) => one.hook.origin);
    expect(first).toBe(second);
    expect(first).toContain('same');
  });
});

describe('a hook that hangs up', () => {
  const withdrawn = () => overtaken.map(([, call, ran]) => [(call as { callId: string | null }).callId, ran]);
  const hangUp = async (hook: Record<string, unknown>) => {
    says = verdict('ask');
    const cut = new AbortController();
    const reply = decide(hook, cut.signal);
    await waitFor('somebody to be asked', () => asks.at(-1)?.signal === cut.signal);
    cut.abort();
    await expect(reply).rejects.toMatchObject({ code: 'shutting_down' });
  };
  const idle = (since: number) =>
    decisions.heard(
      session.id,
      [{ kind: 'state', state: { status: 'running', activity: 'idle' }, detail: '' }],
      since,
    );
  const busy = (since: number) =>
    decisions.heard(session.id, [{ kind: 'state', state: state('running'), detail: '' }], since);

  it('is given up when the turn is over, and not before', async () => {
    await hangUp(payload('tool'));
    idle(Date.now() - 60_000);
    busy(Date.now() + 1);
    expect(withdrawn()).toEqual([]);
    idle(Date.now() + 2);
    idle(Date.now() + 3);
    expect(withdrawn()).toEqual([['call-1', false]]);
  });

  it('is given up when a hook had told of the end of the turn before', async () => {
    decisions.turnEnded(session.id, Date.now() + 60_000);
    await hangUp(payload('tool'));
    expect(withdrawn()).toEqual([['call-1', false]]);
  });

  it('is given up when its dialog is closed', async () => {
    await hangUp(payload('dialog'));
    busy(Date.now() + 1);
    expect(withdrawn()).toEqual([[null, false]]);
  });

  it('is not judged by the turns of a session that is over', async () => {
    decisions.turnEnded(session.id, Date.now() + 60_000);
    decisions.forget(session.id);
    await hangUp(payload('tool'));
    expect(withdrawn()).toEqual([]);
  });

  it('counts as waiting when it has come back', async () => {
    await hangUp(payload('tool'));
    const reply = decide(payload('tool'));
    const asked = await waiting(2);
    idle(Date.now() + 1);
    expect(withdrawn()).toEqual([]);
    asked.answer({ decision: 'deny', reason: 'no' });
    await reply;
  });
});

describe('what goes wrong', () => {
  it.each<[string, Record<string, unknown>]>([
    ['an event nobody knows', { ...payload('tool'), hook_event_name: 'BeforeAnything' }],
    ['no tool', { ...payload('tool'), tool_name: undefined }],
    ['nothing at all', {}],
  ])('%s is an error with a sentence, and in the trail', async (_name, hook) => {
    await expect(decide(hook)).rejects.toMatchObject({ code: 'invalid_request', message: /no tool call/ });
    expect(trail).toMatchObject([{ decision: 'deny', by: 'daemon', session: { id: session.id } }]);
  });

  it.each<[string, () => void, boolean]>([
    ['the judge fails', () => (says = new Error('bug')), true],
    ['the trail fails', () => (appendFails = new Error('bug')), false],
    [
      'the disk is full',
      () => (appendFails = Object.assign(new Error('full'), { code: 'SQLITE_FULL' })),
      false,
    ],
  ])('when %s the tool does not run', async (_name, breakIt, isNoted) => {
    breakIt();
    const output = await outputOf(payload('tool'));
    expect(output).toMatchObject({ permissionDecision: 'deny' });
    expect(output.permissionDecisionReason).toMatch(/could not decide .*(fault of codepiper|disk is full)/);
    expect(trail).toMatchObject(isNoted ? [{ decision: 'deny', by: 'daemon', tool: 'Bash' }] : []);
  });

  it('an input too deep to be hashed is denied, and the denial is in the trail', async () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(await outputOf(payload('tool', { command: 'ls', deep }))).toMatchObject({
      permissionDecision: 'deny',
    });
    expect(trail).toMatchObject([{ decision: 'deny', by: 'daemon', input: null }]);
  });

  it('a locked database is tried again by the hook', async () => {
    appendFails = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
    await expect(decide(payload('tool'))).rejects.toMatchObject({ code: 'database_busy' });
  });

  it('what could not be stored is not remembered as allowed', async () => {
    use('codex');
    appendFails = new Error('bug');
    await decide(payload('tool'));
    appendFails = null;
    says = verdict('agent');
    const reply = decide(payload('dialog'));
    (await waiting()).answer({ decision: 'deny', reason: 'no' });
    await reply;
  });

  it('the session has ended', async () => {
    session = sessionRecord({ status: 'stopped' });
    await expect(decide(payload('tool'))).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
