import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse, request, starter } from '../../test/policy-house.ts';
import { silentLog } from '../log/log.ts';
import type { JudgedSession } from './judging.ts';
import { RulesFile } from './rules-file.ts';

const shell = (command: string): ToolCall => ({
  tool: 'Bash',
  kind: 'shell',
  input: { command },
  command,
  files: [],
  url: null,
  mcp: null,
});
const session = (change: Partial<JudgedSession> = {}): JudgedSession => ({
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  name: 'review',
  cwd: '/work',
  policySets: [],
  policyDefault: null,
  dangerousMode: false,
  ...change,
});
const rule = (action: 'allow' | 'deny' | 'ask', command: string) => ({
  action,
  tool: 'shell',
  args: { command },
});

let house: PolicyHouse;
beforeEach(async () => {
  house = await openPolicyHouse();
});
afterEach(() => house[Symbol.asyncDispose]());
const judge = (command: string, of = session()) => house.judge.judge(of, shell(command), '/work');

it('sees a change from the next call on, and tells of it', async () => {
  const editions = [house.judge.edition];
  expect(judge('git status')).toMatchObject({ action: 'ask', basis: 'default' });
  expect(house.judge.hasRules(session())).toBe(false);
  await house.policies.create(request('a', [rule('allow', 'git status')], { id: 'a' }), null);
  expect(house.judge.hasRules(session())).toBe(true);
  expect(judge('git status')).toMatchObject({ action: 'allow', rule: { policyId: 'a', index: 0 } });
  expect(judge('git status && git push')).toMatchObject({ action: 'ask' });
  editions.push(house.judge.edition);
  await house.policies.update('a', { rules: [rule('deny', 'git *')] }, null);
  expect(judge('git status')).toMatchObject({ action: 'deny', basis: 'rule' });
  editions.push(house.judge.edition);
  await house.policies.remove('a');
  expect(judge('git status')).toMatchObject({ action: 'ask', basis: 'default' });
  expect(house.judge.hasRules(session())).toBe(false);
  editions.push(house.judge.edition);
  expect(editions.toSorted((a, b) => a - b)).toEqual([...new Set(editions)]);
});

it("goes by the session's default, else the daemon's", async () => {
  expect(judge('x', session({ policyDefault: 'agent' })).action).toBe('agent');
  await house.setDefault('deny');
  expect(judge('x').action).toBe('deny');
  expect(judge('x', session({ policyDefault: 'ask' })).action).toBe('ask');
});

it('keeps a denial in dangerous mode, and allows the rest', async () => {
  await house.policies.create(request('a', [rule('deny', 'git push*')]), null);
  const dangerous = session({ dangerousMode: true });
  expect(judge('git status', dangerous)).toMatchObject({ action: 'allow', basis: 'dangerous' });
  expect(judge('git push origin', dangerous)).toMatchObject({ action: 'deny', basis: 'rule' });
});

describe('answers that are kept', () => {
  const keep = async (sessionId: string | null, command: string) => {
    const policy = await house.ledger.record((tx, emit) =>
      house.judge.keepRule(tx, emit, sessionId, rule('allow', command), 'cli'),
    );
    await house.judge.refresh();
    return policy;
  };

  it('are not asked for again, whatever asks', async () => {
    await house.policies.create(request('a', [rule('ask', 'git *')], { priority: 999_999 }), null);
    expect(judge('git fetch').action).toBe('ask');
    await keep(null, 'git fetch');
    expect(judge('git fetch')).toMatchObject({ action: 'allow', rule: { policyId: 'approved-always' } });
    expect(judge('git pull').action).toBe('ask');
  });

  it('do not undo what denies, whatever its priority', async () => {
    await keep(null, 'git *');
    await house.policies.create(request('a', [rule('deny', 'git push*')], { priority: -5 }), null);
    expect(judge('git fetch').action).toBe('allow');
    expect(judge('git push').action).toBe('deny');
    expect(judge('git fetch && git push').action).toBe('deny');
  });

  it('of a session hold there only, are one policy, and each rule is in it once', async () => {
    const record = await house.addSession({ id: session().id, name: 'review' });
    await keep(record.id, 'git fetch');
    await keep(record.id, 'git pull');
    const policy = await keep(record.id, 'git pull');
    expect(policy).toMatchObject({
      name: 'Approved in review',
      scope: 'session',
      source: 'approval',
      rules: [rule('allow', 'git fetch'), rule('allow', 'git pull')],
    });
    expect(judge('git pull').action).toBe('allow');
    expect(judge('git pull', session({ id: 'another', name: null })).action).toBe('ask');
  });
});

describe('trust', () => {
  const trust = async (until: number | null) => {
    const policy = await house.ledger.record((tx, emit) =>
      house.judge.keepTrust(tx, emit, session().id, until, 'cli'),
    );
    await house.judge.refresh();
    return policy;
  };

  it('answers what is asked with yes until it ends, and nothing else', async () => {
    await house.addSession({ id: session().id, name: 'review' });
    await house.policies.create(
      request('a', [rule('deny', 'git push*'), rule('ask', 'git *')], { id: 'a' }),
      null,
    );
    await trust(house.now() + 60_000);
    expect(judge('git fetch')).toMatchObject({
      action: 'allow',
      basis: 'rule',
      rule: { policyId: `${session().id}-trust` },
    });
    expect(judge('make').action).toBe('allow');
    expect(judge('git push').action).toBe('deny');
    expect(judge('make', session({ policyDefault: 'deny' })).action).toBe('deny');
    expect(judge('git fetch', session({ id: 'another' })).action).toBe('ask');
    house.wait(60_000);
    expect(judge('git fetch').action).toBe('ask');
  });

  it('is taken back', async () => {
    await house.addSession({ id: session().id });
    await trust(house.now() + 60_000);
    expect(judge('make').action).toBe('allow');
    expect(await trust(null)).toBeNull();
    expect(judge('make').action).toBe('ask');
  });

  it('is no rule of others: nobody else can write one that is', async () => {
    const record = await house.addSession({ id: session().id });
    await house.policies.create(
      request('x', [{ action: 'allow' }], {
        id: `${record.id}-trust`,
        priority: -1,
        expiresAt: new Date(house.now() + 1000).toISOString(),
      }),
      record,
    );
    await house.policies.create(request('a', [rule('ask', 'git *')]), null);
    expect(judge('git fetch').action).toBe('ask');
  });
});

describe('lets nothing run', () => {
  it('while the policies cannot be read', async () => {
    await house.policies.create(request('a', [{ action: 'allow' }]), null);
    expect(judge('x').action).toBe('allow');
    house.store.readAll = async () => {
      throw new Error('the disk is gone');
    };
    const { edition } = house.judge;
    await house.book.refresh().catch(() => undefined);
    expect(house.judge.edition).toBeGreaterThan(edition);
    expect(judge('x', session({ dangerousMode: true }))).toMatchObject({
      action: 'deny',
      reason: expect.stringContaining('could not be read from the database'),
    });
    house.book[Symbol.dispose]();
  });

  it('with a rules file that never was valid, and says where it is wrong', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'rules.yaml');
    await writeFile(path, 'policies:\n  - { name: a, rules: [{ action: alow }] }');
    using rulesFile = new RulesFile({ path, log: silentLog });
    await using broken = await openPolicyHouse({ rulesFile });
    await broken.policies.create(request('a', [{ action: 'allow' }]), null);
    const verdict = broken.judge.judge(session(), shell('x'), '/work');
    expect(verdict).toMatchObject({ action: 'deny', reason: expect.stringContaining(`${path}:2:`) });
    await writeFile(path, 'policies: []');
    rulesFile.read();
    await broken.book.refresh();
    expect(broken.judge.judge(session(), shell('x'), '/work').action).toBe('allow');
  });

  it('when a call cannot be judged', () => {
    const call = {
      ...shell('x'),
      get command(): string {
        throw new Error('a fault');
      },
    };
    expect(house.judge.judge(session(), call, '/work')).toMatchObject({ action: 'deny' });
  });
});

it('says whether one rule allows a call', () => {
  const allows = (command: string) =>
    house.judge.allows(
      rule('allow', 'git fetch*'),
      session({ dangerousMode: true }),
      shell(command),
      '/work',
    );
  expect(allows('git fetch origin')).toBe(true);
  expect(allows('git fetch && git push')).toBe(false);
});

it('suggests a rule that allows the call', () => {
  const call = shell('npm run build -- --watch');
  const suggested = house.judge.suggest(session(), call, '/work');
  if (!suggested) throw new Error('no suggestion');
  expect(house.judge.allows(suggested, session(), call, '/work')).toBe(true);
  expect(house.judge.allows(suggested, session(), shell('rm -rf /'), '/work')).toBe(false);
});

it('judges by sets that are applied', async () => {
  await using shipped = await openPolicyHouse({
    starters: {
      policies: [starter('reads', [rule('allow', 'ls*')])],
      policySets: [
        {
          id: 'careful',
          name: 'Careful',
          description: null,
          isDefault: false,
          policyIds: ['reads'],
          source: 'starter',
        },
      ],
    },
  });
  const ask = (policySets: string[]) =>
    shipped.judge.judge(session({ policySets }), shell('ls -l'), '/work').action;
  expect(ask([])).toBe('ask');
  expect(ask(['careful'])).toBe('allow');
});
