import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthHouse, type Browser, password } from '../../test/auth-house.ts';
import { networkOf, waitAfter } from './attempts.ts';

describe('the wait', () => {
  it('is none at first, then doubles, and is never longer than 15 minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 30 }), (failures, free) => {
        const wait = waitAfter(failures, free);
        if (failures < free) expect(wait).toBe(0);
        else expect(wait).toBeGreaterThanOrEqual(2000);
        expect(wait).toBeLessThanOrEqual(900_000);
        expect(waitAfter(failures + 1, free)).toBeGreaterThanOrEqual(wait);
      }),
    );
    expect([4, 5, 6, 7, 13, 14, 99].map((n) => waitAfter(n, 5))).toEqual([
      ...[0, 2000, 4000, 8000, 512_000, 900_000, 900_000],
    ]);
  });

  it('is that of a whole network', () => {
    const hex = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
    fc.assert(
      fc.property(fc.array(hex, { minLength: 8, maxLength: 8 }), hex, (groups, other) => {
        const neighbour = [...groups.slice(0, 7), other];
        expect(networkOf(neighbour.join(':'))).toBe(networkOf(groups.join(':')));
        const far = [
          ...groups.slice(0, 3),
          (Number.parseInt(groups[3] ?? '0', 16) ^ 1).toString(16),
          ...groups.slice(4),
        ];
        expect(networkOf(far.join(':'))).not.toBe(networkOf(groups.join(':')));
      }),
    );
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:0DB8:0:0:ffff::2'));
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(networkOf('10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('somebody who guesses', () => {
  let house: AuthHouse;
  beforeEach(async () => {
    house = await AuthHouse.open({ guard: { trustProxyHeaders: true } });
  });
  afterEach(() => house[Symbol.asyncDispose]());

  const from = (address: string): Browser => house.browser({ address });
  const guess = async (browser: Browser) =>
    (await browser.post('/auth/login', { password: 'a guess' })).status;
  const fill = async (address: string) => {
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await guess(from(address)));
    return answers;
  };

  it('waits after five wrong passwords, longer each time, and is told how long', async () => {
    await house.enrolled();
    expect(await fill('203.0.113.9')).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await from('203.0.113.9').post('/auth/login', { password: 'a guess' });
    expect(refused.headers['retry-after']).toBe('2');
    expect(refused.body).toMatchObject({ code: 'too_many_attempts', details: { retryAfterSeconds: 2 } });
    for (const wait of [2, 4, 8, 16, 32]) {
      house.now += wait * 1000 - 1;
      expect(await guess(from('203.0.113.9'))).toBe(429);
      house.now += 1;
      expect(await guess(from('203.0.113.9'))).toBe(401);
    }
    // The right one does not count either while the wait is on.
    expect((await from('203.0.113.9').post('/auth/login', { password })).status).toBe(429);
  });

  it('does not get around it by asking many at once', async () => {
    await house.enrolled();
    const before = house.hasher.verified;
    const all = await Promise.all(Array.from({ length: 40 }, () => guess(from('203.0.113.9'))));
    expect(all.filter((status) => status === 401)).toHaveLength(5);
    expect(house.hasher.verified - before).toBe(5);
  });

  it('does not get around it by a restart', async () => {
    await house.enrolled();
    await fill('203.0.113.9');
    await house.restart();
    expect(await guess(from('203.0.113.9'))).toBe(429);
  });

  it('from many addresses, makes unknown browsers wait and the owner not', async () => {
    const { browser, secret } = await house.enrolled();
    const elsewhere = house.browser({ address: '198.51.100.7' });
    const statuses = [];
    for (let i = 0; i < 60; i++) statuses.push(await guess(from(`203.0.113.${i}`)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    // The owner's browser that is signed in, also when it signs out and in again, from any address.
    expect((await browser.get('/policies')).status).toBe(200);
    await browser.post('/auth/logout');
    browser.address = '203.0.113.1';
    expect((await browser.signIn(house.nextCode(secret))).status).toBe(200);
    // A browser that nobody knows has to wait; not when the machine itself has been asked.
    for (let i = 0; i < 3; i++) await guess(from(`203.0.113.${100 + i}`));
    expect((await elsewhere.post('/auth/login', { password })).status).toBe(429);
    await house.room.account.resetPassword(password);
    expect((await elsewhere.post('/auth/login', { password })).status).toBe(200);
  });

  it('from the same address, as behind a tunnel, does not keep the owner out', async () => {
    const { browser, secret } = await house.enrolled();
    await browser.post('/auth/logout');
    browser.address = '203.0.113.9';
    await fill('203.0.113.9');
    expect((await browser.signIn(house.nextCode(secret))).status).toBe(200);
  });

  it('with the cookie of a known browser waits too, and alone', async () => {
    const { browser, secret } = await house.enrolled();
    const phone = house.browser();
    await phone.signIn(house.nextCode(secret));
    const thief = browser.clone();
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await guess(thief));
    expect(answers.at(-1)).toBe(429);
    await phone.post('/auth/logout');
    expect((await phone.signIn(house.nextCode(secret))).status).toBe(200);
  });

  it('with the cookie of a browser that was known before a reset is one of all unknown ones', async () => {
    const { browser } = await house.enrolled();
    await house.room.account.resetPassword('another long password');
    for (let i = 0; i < 21; i++) await guess(from(`203.0.113.${i}`));
    expect(await guess(browser)).toBe(429);
  });

  it('with the right password waits for codes as well', async () => {
    const { secret } = await house.enrolled();
    const thief = from('203.0.113.9');
    const statuses = [];
    for (let round = 0; round < 3; round++) {
      const first = await thief.post('/auth/login', { password });
      statuses.push(first.status);
      for (let i = 0; i < 5 && first.status === 200; i++) {
        statuses.push((await thief.post('/auth/mfa/verify', { totpCode: '000000' })).status);
      }
    }
    expect(statuses).toEqual([200, 401, 401, 401, 401, 401, 429, 429]);
    house.now += 2000;
    expect((await thief.post('/auth/login', { password })).status).toBe(200);
    // Having waited, the right code is taken at once: what was right has not counted.
    expect((await thief.post('/auth/mfa/verify', { totpCode: house.nextCode(secret) })).status).toBe(200);
  });

  it('is forgotten after a day, and after the right code', async () => {
    const { secret } = await house.enrolled();
    const owner = from('203.0.113.9');
    for (let i = 0; i < 4; i++) await guess(owner);
    expect((await owner.signIn(house.nextCode(secret))).status).toBe(200);
    const again = from('203.0.113.9');
    for (let i = 0; i < 4; i++) expect(await guess(again)).toBe(401);
    await guess(again);
    house.now += 24 * 3_600_000;
    expect((await fill('203.0.113.9')).slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  });

  it('leaves a trail that the owner sees', async () => {
    await house.enrolled();
    await fill('203.0.113.9');
    const failed = (await house.events()).filter(({ type }) => type === 'auth.failed');
    expect(failed).toHaveLength(5);
    expect(failed[0]?.payload).toMatchObject({ address: '203.0.113.9', what: 'password' });
  });
});
