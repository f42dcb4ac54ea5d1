import type { CreateSession } from '@codepiper/core/sessions/session.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse } from '../../test/policy-house.ts';
import type { NewDecision } from '../audit/audit.service.ts';
import { silentLog } from '../log/log.ts';
import { SessionLaunches, type SessionLaunchesOptions } from './session-launches.ts';

let temp: TempDir;
let house: PolicyHouse;
let launches: SessionLaunches;
let audited: NewDecision[];
let cwd: string;
let hasHostAccess: boolean;

beforeEach(async () => {
  temp = await makeTempDir();
  cwd = temp.path;
  house = await openPolicyHouse();
  for (const id of ['team', 'other']) {
    await house.policySets.create({ id, name: id, isDefault: id === 'team', policyIds: [] });
  }
  audited = [];
  hasHostAccess = false;
  // What starts programs does nothing here: it is the row that matters.
  const launcher = {
    program: () => '/usr/bin/true',
    environment: () => ({}),
    checkCommand: () => undefined,
    isTrusted: async () => true,
    givenEnvironment: async () => ({}),
    hasHostAccess: () => hasHostAccess,
  };
  launches = new SessionLaunches({
    ledger: house.ledger,
    store: house.sessionsStore,
    launcher,
    starter: { start: async () => undefined },
    policies: house.sessions,
    audit: {
      append: async (_tx: unknown, entry: NewDecision) => {
        audited.push(entry);
      },
    },
    clock: { now: () => 1000 },
    log: silentLog,
    maxSessions: 10,
  } as unknown as SessionLaunchesOptions);
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const create = async (request: Partial<CreateSession> = {}) => {
  const whole: CreateSession = {
    provider: 'claude-code',
    cwd,
    args: [],
    env: {},
    billingMode: 'subscription',
    dangerousMode: false,
    trust: false,
    ...request,
  };
  return launches.create(await launches.plan(whole));
};

it('gives a session that names no policy set the default one', async () => {
  expect(await create()).toMatchObject({ policySets: ['team'], policyDefault: null });
});

it('gives it the sets and the default it names', async () => {
  const record = await create({ policySets: ['other', 'team', 'other'], policyDefault: 'deny' });
  expect(record).toMatchObject({ policySets: ['other', 'team'], policyDefault: 'deny' });
  expect((await create({ policySets: [] })).policySets).toEqual([]);
});

it('starts nothing with a set there is not', async () => {
  await expect(create({ policySets: ['tema'] })).rejects.toMatchObject({
    code: 'policy_set_not_found',
    message: expect.stringContaining('Did you mean "team"?'),
  });
  expect(await house.sessionsStore.list()).toEqual([]);
});

it('keeps the sets of a session that is started again', async () => {
  const record = await create({ policySets: ['other'], policyDefault: 'agent' });
  await house.sessionsStore.update(record.id, { status: 'stopped' }, 1);
  const again = await launches.again({ ...record, status: 'stopped' }, {});
  expect(again).toMatchObject({ policySets: ['other'], policyDefault: 'agent', run: 2 });
});

it.each([
  [{ policySets: ['other'] }, /sets other/],
  [{ policySets: [] }, /no policy sets/],
  [{ policyDefault: 'agent' as const }, /default agent/],
])('audits that somebody chose %j for a session', async (chosen, reason) => {
  const record = await create(chosen);
  const { policySets, policyDefault } = record;
  expect(audited).toMatchObject([
    {
      decision: 'change',
      by: 'user',
      session: { id: record.id },
      reason: expect.stringMatching(reason),
      input: { policySets, policyDefault },
    },
  ]);
});

it('audits each start in dangerous mode, and no other', async () => {
  await create();
  expect(audited).toEqual([]);
  const record = await create({ dangerousMode: true });
  expect(audited).toMatchObject([
    {
      decision: 'change',
      by: 'user',
      session: { id: record.id },
      reason: expect.stringContaining('dangerous mode'),
    },
  ]);
  await launches.again({ ...record, status: 'stopped' }, {});
  expect(audited).toHaveLength(2);
});

it('gives each run the access to the host that the setting has when it begins, and audits it', async () => {
  hasHostAccess = true;
  const record = await create({ provider: 'codex' });
  expect(record.launch.hostAccess).toBe(true);
  const again = await launches.again({ ...record, status: 'stopped' }, {});
  expect(again.launch.hostAccess).toBe(true);
  expect(audited.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('host access: run 1'),
    expect.stringContaining('host access: run 2'),
  ]);
  hasHostAccess = false;
  const later = await launches.again({ ...again, status: 'stopped' }, {});
  expect(later.launch).not.toHaveProperty('hostAccess');
  expect(audited).toHaveLength(2);
});
