import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse, request, starter } from '../../test/policy-house.ts';

let house: PolicyHouse;
const deny = [{ action: 'deny' as const }];
beforeEach(async () => {
  house = await openPolicyHouse({
    starters: {
      policies: [starter('reads', [{ action: 'allow', tool: 'read' }])],
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
    configuredSets: ['careful'],
  });
});
afterEach(() => house[Symbol.asyncDispose]());

const set = (name: string, policyIds: string[] = [], more: object = {}) => ({
  name,
  isDefault: false,
  policyIds,
  ...more,
});

describe('policies', () => {
  it('are stored with what was left out, told and audited', async () => {
    const policy = await house.policies.create(request('No Püshes!', deny), null);
    expect(policy).toMatchObject({
      id: expect.stringMatching(/^no-pu-?shes-[0-9a-f]{6}$/),
      scope: 'global',
      source: 'user',
      sessionId: null,
      description: null,
      createdAt: '2026-11-21T10:00:00.000Z',
    });
    expect(house.book.policy(policy.id)).toEqual(policy);
    expect(await house.store.get(policy.id)).toEqual(policy);
    expect(await house.events()).toEqual([
      {
        type: 'policy.created',
        payload: { id: policy.id, name: 'No Püshes!', scope: 'global', enabled: true, rules: 1 },
      },
    ]);
    expect(house.audited).toMatchObject([
      {
        decision: 'change',
        by: 'user',
        reason: `Policy "No Püshes!" (${policy.id}) was created.`,
        input: { id: policy.id, rules: deny },
      },
    ]);
  });

  it('have ids of their own', async () => {
    await house.policies.create(request('a', deny, { id: 'mine' }), null);
    await expect(house.policies.create(request('b', deny, { id: 'mine' }), null)).rejects.toMatchObject({
      code: 'policy_exists',
    });
    await expect(house.policies.create(request('b', deny, { id: 'reads' }), null)).rejects.toMatchObject({
      code: 'policy_exists',
    });
    await expect(house.policies.create(request('b', deny, { id: 'file:x' }), null)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(house.audited).toHaveLength(1);
  });

  it('that ship are not changed', async () => {
    await expect(house.policies.update('reads', { enabled: false }, null)).rejects.toMatchObject({
      code: 'policy_read_only',
      message: expect.stringContaining('policy create --from reads'),
    });
    await expect(house.policies.remove('reads')).rejects.toMatchObject({ code: 'policy_read_only' });
    await expect(house.policies.update('raeds', {}, null)).rejects.toMatchObject({
      code: 'policy_not_found',
      message: expect.stringContaining('Did you mean "reads"?'),
    });
  });

  it('keep what a change leaves out', async () => {
    const made = await house.policies.create(
      request('a', deny, { id: 'a', priority: 7, description: 'why', expiresAt: '2027-01-01T00:00:00Z' }),
      null,
    );
    house.wait(1000);
    const changed = await house.policies.update('a', { name: 'b', description: null }, null);
    expect(changed).toEqual({
      ...made,
      name: 'b',
      description: null,
      updatedAt: '2026-11-21T10:00:01.000Z',
    });
    expect(house.book.policy('a')).toEqual(changed);
  });

  it('go with their scope', async () => {
    const session = await house.addSession();
    await expect(house.policies.create(request('a', deny, { scope: 'session' }), null)).rejects.toMatchObject(
      {
        code: 'invalid_request',
      },
    );
    await expect(house.policies.create(request('a', deny, { scope: 'set' }), session)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const own = await house.policies.create(request('a', deny, { id: 'a' }), session);
    expect(own).toMatchObject({ scope: 'session', sessionId: session.id });
    const freed = await house.policies.update('a', { sessionId: null }, null);
    expect(freed).toMatchObject({ scope: 'global', sessionId: null });
    const renamed = await house.policies.update('a', { scope: 'set' }, null);
    expect(renamed).toMatchObject({ scope: 'set', sessionId: null });
  });

  it('leave their sets when they are removed', async () => {
    await house.policies.create(request('a', deny, { id: 'a' }), null);
    await house.policySets.create(set('team', ['reads', 'a'], { id: 'team' }));
    await house.policies.remove('a');
    expect(house.policySets.get('team').policySet.policyIds).toEqual(['reads']);
    expect(house.book.findPolicy('a')).toBeNull();
  });

  it('of a session are one, made and replaced, and go with it', async () => {
    const session = await house.addSession({ name: 'review' });
    const settings = { enabled: true, priority: 50, rules: deny };
    const made = await house.policies.setOfSession(session, settings);
    expect(made).toMatchObject({
      action: 'created',
      policy: { id: `${session.id}-policy`, name: 'Policy of review', scope: 'session', priority: 50 },
    });
    const again = await house.policies.setOfSession(session, { ...settings, priority: 9, name: 'n' });
    expect(again).toMatchObject({ action: 'updated', policy: { priority: 9, name: 'n' } });
    expect(house.policies.list({ sessionId: session.id })).toHaveLength(1);
    await house.policies.forgetSession(session.id);
    expect(house.policies.list({ sessionId: session.id })).toEqual([]);
    expect(house.audited.at(-1)).toMatchObject({ by: 'daemon', reason: expect.stringContaining('removed') });
  });

  it('leave nothing behind when their transaction fails', async () => {
    const { ledger } = house;
    const failing = house.policies.create(request('a', [{ action: 'deny', tool: 'x' }], { id: 'a' }), null);
    await failing;
    await expect(
      ledger.record(async (tx, emit) => {
        await house.policies.keepRule(tx, emit, null, { action: 'allow', tool: 'y' }, 'cli');
        throw new Error('the answer could not be stored');
      }),
    ).rejects.toThrow('the answer');
    await house.book.refresh();
    expect(house.book.findPolicy('approved-always')).toBeNull();
  });
});

describe('what counts in a session', () => {
  const ids = (sessionId: string, policySets: string[]) =>
    house.book.effective({ id: sessionId, policySets }).policies.map(({ id }) => id);

  it('is its own, those of its sets, and what holds everywhere, once each and in order', async () => {
    const session = await house.addSession();
    await house.policies.create(request('g', deny, { id: 'g', priority: 1 }), null);
    await house.policies.create(request('high', deny, { id: 'high', priority: 9, scope: 'set' }), null);
    await house.policies.create(request('off', deny, { id: 'off', enabled: false }), null);
    await house.policies.create(request('own', deny, { id: 'own', priority: 5 }), session);
    await house.policySets.create(set('team', ['high', 'g'], { id: 'team' }));
    expect(ids(session.id, [])).toEqual(['own', 'g']);
    expect(ids(session.id, ['team'])).toEqual(['high', 'own', 'g']);
    expect(ids('another', ['team', 'careful'])).toEqual(['high', 'g', 'reads']);
    expect(ids('another', [])).toEqual(['g']);
  });

  it('ends at the time it was given, without anybody saying so', async () => {
    await house.policies.create(
      request('a', deny, { id: 'a', expiresAt: new Date(house.now() + 1000).toISOString() }),
      null,
    );
    expect(ids('s', [])).toEqual(['a']);
    house.wait(1000);
    expect(ids('s', [])).toEqual([]);
  });
});

describe('sets', () => {
  it('have at most one default', async () => {
    expect(house.sessions.setsFor(undefined)).toEqual(['careful']);
    await house.policySets.create(set('a', [], { id: 'a', isDefault: true }));
    await house.policySets.create(set('b', ['reads'], { id: 'b', isDefault: true }));
    expect(house.policySets.list().map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['careful', false],
      ['a', false],
      ['b', true],
    ]);
    expect(house.sessions.setsFor(undefined)).toEqual(['b']);
    await house.policySets.update('a', { isDefault: true });
    expect(house.sessions.setsFor(undefined)).toEqual(['a']);
    await house.policySets.update('a', { isDefault: false });
    expect(house.sessions.setsFor(undefined)).toEqual(['careful']);
    expect(house.sessions.setsFor([])).toEqual([]);
    expect(() => house.sessions.setsFor(['carefull'])).toThrow(/Did you mean "careful"/);
  });

  it('keep their order, and take a policy once', async () => {
    for (const id of ['a', 'b', 'c']) await house.policies.create(request(id, deny, { id }), null);
    await house.policySets.create(set('t', ['c', 'a'], { id: 't' }));
    await house.policySets.addPolicy('t', 'b');
    expect(house.policySets.get('t').policies.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    await expect(house.policySets.addPolicy('t', 'b')).rejects.toMatchObject({ code: 'policy_exists' });
    await expect(house.policySets.addPolicy('t', 'd')).rejects.toMatchObject({ code: 'policy_not_found' });
    await house.policySets.removePolicy('t', 'a');
    await expect(house.policySets.removePolicy('t', 'a')).rejects.toMatchObject({ code: 'policy_not_found' });
    await house.policySets.update('t', { policyIds: ['b', 'c'] });
    expect(house.policySets.get('t').policySet.policyIds).toEqual(['b', 'c']);
    await expect(house.policySets.update('t', { policyIds: ['b', 'b'] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('that ship are not changed', async () => {
    await expect(house.policySets.update('careful', { name: 'x' })).rejects.toMatchObject({
      code: 'policy_read_only',
    });
    await expect(house.policySets.remove('careful')).rejects.toMatchObject({ code: 'policy_read_only' });
    await expect(house.policySets.create(set('x', [], { id: 'careful' }))).rejects.toMatchObject({
      code: 'policy_exists',
    });
  });

  it('take no policy of one session', async () => {
    const session = await house.addSession();
    await house.policies.create(request('own', deny, { id: 'own' }), session);
    await expect(house.policySets.create(set('t', ['own']))).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('are applied to a session and withdrawn, and withdrawn everywhere when they are removed', async () => {
    const session = await house.addSession({ name: 'review' });
    await house.policySets.create(set('t', ['reads'], { id: 't' }));
    expect((await house.sessions.apply('review', 't')).map(({ id }) => id)).toEqual(['t']);
    await expect(house.sessions.apply('review', 't')).rejects.toMatchObject({ code: 'policy_exists' });
    await house.sessions.apply('review', 'careful');
    expect((await house.sessions.withdraw('review', 'careful')).map(({ id }) => id)).toEqual(['t']);
    await expect(house.sessions.withdraw('review', 'careful')).rejects.toMatchObject({
      code: 'policy_set_not_found',
    });
    await house.policySets.remove('t');
    expect((await house.sessionsStore.get(session.id))?.policySets).toEqual([]);
    expect((await house.events()).filter(({ type }) => type === 'session.policies').at(-1)).toEqual({
      type: 'session.policies',
      payload: { sets: [], default: null },
    });
  });
});

describe('the default', () => {
  it("is the session's, else the daemon's, else the configured one", async () => {
    await house.addSession({ name: 'review' });
    expect(house.policies.defaultOf(null)).toEqual({ action: 'ask', from: 'config' });
    await house.setDefault('deny');
    expect(house.policies.defaultOf(null)).toEqual({ action: 'deny', from: 'daemon' });
    const session = await house.sessions.setDefault('review', 'agent');
    expect(house.policies.defaultOf(session)).toEqual({ action: 'agent', from: 'session' });
    const back = await house.sessions.setDefault('review', null);
    expect(house.policies.defaultOf(back)).toEqual({ action: 'deny', from: 'daemon' });
    await house.setDefault(null);
    expect(house.policies.defaultOf(null)).toEqual({ action: 'ask', from: 'config' });
  });
});
