import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthHouse, password } from '../../test/auth-house.ts';

let house: AuthHouse;
beforeEach(async () => {
  house = await AuthHouse.open();
});
afterEach(() => house[Symbol.asyncDispose]());

const day = 24 * 3_600_000;

describe('the way in', () => {
  it('goes from the password over the authenticator to recovery codes, and only then there is a session', async () => {
    await house.room.account.resetPassword(password);
    const browser = house.browser();
    expect((await browser.get('/auth/status')).body).toEqual({
      ...{ state: 'signed-out', setupRequired: false, mfaSetupRequired: true, hasPasskeys: false },
    });
    const first = await browser.post('/auth/login', { password });
    expect(first).toMatchObject({ status: 200, body: { state: 'password', mfaSetupRequired: true } });
    expect(await browser.get('/policies')).toMatchObject({
      ...{ status: 401, body: { code: 'sign_in_required', details: { state: 'password' } } },
    });
    expect((await browser.get('/auth/sessions')).status).toBe(401);

    const setUp = await browser.post('/auth/mfa/setup');
    const { secret, otpauthUri, qrSvg } = setUp.body;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(otpauthUri).toContain(`secret=${secret}`);
    expect(otpauthUri).toContain('issuer=codepiper');
    expect(qrSvg).toMatch(/^<svg /);
    // A page that is loaded again shows what was scanned.
    expect((await browser.post('/auth/mfa/setup')).body.secret).toBe(secret);

    expect((await browser.post('/auth/mfa/verify', { totpCode: '000000' })).status).toBe(401);
    const second = await browser.post('/auth/mfa/verify', { totpCode: house.code(secret) });
    expect(second).toMatchObject({ status: 200, body: { state: 'full', recoveryCodesLeft: 8 } });
    expect(new Set(second.body.recoveryCodes).size).toBe(8);
    expect((await browser.get('/policies')).status).toBe(200);
    expect(await browser.state()).toBe('full');
    expect((await browser.post('/auth/mfa/setup')).status).toBe(403);
  });

  it('is one step where the code comes with the password', async () => {
    const { secret } = await house.enrolled();
    const other = house.browser();
    const totpCode = house.nextCode(secret);
    expect((await other.post('/auth/login', { password, totpCode })).body).toMatchObject({ state: 'full' });
    expect((await other.get('/policies')).status).toBe(200);
  });

  it('does not let a second enrolment in that began beside the first', async () => {
    await house.room.account.resetPassword(password);
    const [mine, thief] = [house.browser(), house.browser()];
    await mine.post('/auth/login', { password });
    await thief.post('/auth/login', { password });
    const { secret } = (await mine.post('/auth/mfa/setup')).body;
    const theirs = (await thief.post('/auth/mfa/setup')).body.secret;
    expect(theirs).not.toBe(secret);
    expect((await mine.post('/auth/mfa/verify', { totpCode: house.code(secret) })).status).toBe(200);
    expect((await thief.post('/auth/mfa/verify', { totpCode: house.code(theirs) })).status).toBe(401);
    expect(await thief.state()).toBe('password');
  });

  it('begins with a password that is made once, and told once', async () => {
    const made = await house.room.account.bootstrap();
    expect(made).toMatch(/^[a-z2-9]{24}$/);
    expect(await house.room.account.bootstrap()).toBeNull();
    expect(await house.room.account.describe()).toMatchObject({ exists: true, isPasswordGenerated: true });
    expect((await house.browser().post('/auth/login', { password: made })).status).toBe(200);
  });

  it('says of a page without an account that it has to be made', async () => {
    expect((await house.browser().get('/auth/status')).body).toMatchObject({ setupRequired: true });
    expect((await house.browser().post('/auth/login', { password })).status).toBe(401);
  });
});

describe('a code', () => {
  it('is taken once, whoever has seen it', async () => {
    const { secret } = await house.enrolled();
    const code = house.nextCode(secret);
    expect((await house.browser().signIn(code)).status).toBe(200);
    expect(await house.browser().signIn(code)).toMatchObject({
      ...{ status: 401, body: { code: 'credentials_wrong' } },
    });
  });

  it('is not taken again after a restart', async () => {
    const { secret } = await house.enrolled();
    const code = house.nextCode(secret);
    expect((await house.browser().signIn(code)).status).toBe(200);
    await house.restart();
    expect((await house.browser().signIn(code)).status).toBe(401);
    expect((await house.browser().signIn(house.nextCode(secret))).status).toBe(200);
  });

  it('is not taken when a later one was', async () => {
    const { secret } = await house.enrolled();
    house.now += 60_000;
    const early = house.code(secret);
    expect((await house.browser().signIn(house.code(secret, 1))).status).toBe(200);
    expect((await house.browser().signIn(early)).status).toBe(401);
  });

  it('signs one in when it comes twice at the same moment', async () => {
    const { secret } = await house.enrolled();
    const browsers = [house.browser(), house.browser(), house.browser()];
    for (const browser of browsers) await browser.post('/auth/login', { password });
    const totpCode = house.nextCode(secret);
    const answers = await Promise.all(browsers.map((each) => each.post('/auth/mfa/verify', { totpCode })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  it.each([-2, 2])('%i steps away is none', async (steps) => {
    const { secret } = await house.enrolled();
    house.now += 300_000;
    expect((await house.browser().signIn(house.code(secret, steps))).status).toBe(401);
  });

  it('of a recovery signs in once', async () => {
    const { recoveryCodes } = await house.enrolled();
    const use = async (code: string | undefined) => {
      const browser = house.browser();
      await browser.post('/auth/login', { password });
      return browser.post('/auth/mfa/verify', { recoveryCode: code });
    };
    const [first, second] = recoveryCodes;
    expect(await use(first)).toMatchObject({
      status: 200,
      body: { recoveryCodesLeft: 7, recoveryCodes: null },
    });
    expect((await use(first)).status).toBe(401);
    expect((await use(second?.toUpperCase().replaceAll('-', ' '))).status).toBe(200);
    await house.restart();
    expect((await use(second)).status).toBe(401);
  });

  it('wrong five times sends back to the password', async () => {
    const { secret } = await house.enrolled();
    const browser = house.browser();
    await browser.post('/auth/login', { password });
    for (let i = 0; i < 5; i++) {
      const { body } = await browser.post('/auth/mfa/verify', { totpCode: '000000' });
      expect(body.details).toEqual({ startOver: i === 4 });
    }
    house.now += 10_000;
    const { status, body } = await browser.post('/auth/mfa/verify', { totpCode: house.code(secret) });
    expect([status, body.code]).toEqual([401, 'sign_in_required']);
  });
});

describe('a session', () => {
  it('gets a new cookie and key at every step: what was set before it is worth nothing', async () => {
    const { secret } = await house.enrolled();
    const browser = house.browser();
    browser.cookies.set('codepiper_session', 'chosen-by-somebody-else');
    browser.key = 'chosen-too';
    await browser.post('/auth/login', { password });
    expect(browser.cookies.get('codepiper_session')).not.toBe('chosen-by-somebody-else');
    const planted = browser.clone();
    await browser.post('/auth/mfa/verify', { totpCode: house.nextCode(secret) });
    expect(await browser.state()).toBe('full');
    expect(await planted.state()).toBe('signed-out');
  });

  it('is not found by the cookie alone, nor by the key alone', async () => {
    const { browser } = await house.enrolled();
    // Any program on another port of this host gets the cookie from the browser.
    const stolen = browser.clone();
    stolen.key = undefined;
    expect((await stolen.get('/policies')).status).toBe(401);
    stolen.key = 'x'.repeat(43);
    expect((await stolen.get('/policies')).status).toBe(401);
    const keyOnly = browser.clone();
    keyOnly.cookies.clear();
    expect((await keyOnly.get('/policies')).status).toBe(401);
  });

  it('ends when nobody uses it for seven days', async () => {
    const { browser } = await house.enrolled();
    house.now += 7 * day - 1;
    expect((await browser.get('/policies')).status).toBe(200);
    house.now += 7 * day - 1;
    expect((await browser.get('/policies')).status).toBe(200);
    house.now += 7 * day;
    expect((await browser.get('/policies')).status).toBe(401);
    expect((await house.room.account.describe()).sessions).toBe(0);
  });

  it('ends after thirty days, however much it is used', async () => {
    const { browser } = await house.enrolled();
    for (let i = 0; i < 29; i++) {
      house.now += day;
      expect((await browser.get('/policies')).status).toBe(200);
    }
    house.now += day;
    expect((await browser.get('/policies')).status).toBe(401);
  });

  it('that waits for the second factor ends after fifteen minutes', async () => {
    await house.room.account.resetPassword(password);
    const browser = house.browser();
    await browser.post('/auth/login', { password });
    house.now += 15 * 60_000;
    expect(await browser.state()).toBe('signed-out');
    expect((await browser.post('/auth/mfa/setup')).status).toBe(401);
  });

  it('outlives the daemon', async () => {
    const { browser } = await house.enrolled();
    await house.restart();
    expect((await browser.get('/policies')).status).toBe(200);
  });

  it('ends by signing out, and with it the one that a browser had before', async () => {
    const { browser, secret } = await house.enrolled();
    const copy = browser.clone();
    expect((await browser.post('/auth/logout')).status).toBe(200);
    expect(browser.cookies.has('codepiper_session')).toBe(false);
    expect((await copy.get('/policies')).status).toBe(401);

    await browser.signIn(house.nextCode(secret));
    const before = browser.clone();
    await browser.signIn(house.nextCode(secret));
    expect((await before.get('/policies')).status).toBe(401);
    expect((await house.room.account.describe()).sessions).toBe(1);
  });

  it('is listed by device, and ended from another one', async () => {
    const { browser, secret } = await house.enrolled();
    const phone = house.browser();
    await phone.signIn(house.nextCode(secret));
    const { sessions } = (await browser.get('/auth/sessions')).body;
    expect(sessions).toHaveLength(2);
    expect(sessions).toContainEqual(expect.objectContaining({ isCurrent: true, device: 'Firefox on Linux' }));
    const other = sessions.find((each: { isCurrent: boolean }) => !each.isCurrent);
    expect((await browser.remove(`/auth/sessions/${other.id}`)).status).toBe(200);
    expect((await phone.get('/policies')).status).toBe(401);
    expect((await browser.remove(`/auth/sessions/${other.id}`)).status).toBe(404);
    await phone.signIn(house.nextCode(secret));
    expect((await browser.post('/auth/sessions/revoke-all', { keepCurrent: true })).body).toEqual({
      revoked: 1,
    });
    expect((await phone.get('/policies')).status).toBe(401);
    expect((await browser.get('/policies')).status).toBe(200);
    await browser.post('/auth/sessions/revoke-all', {});
    expect((await browser.get('/policies')).status).toBe(401);
  });
});

describe('what is dangerous', () => {
  it('needs that somebody has proved lately who is there', async () => {
    const { browser, secret } = await house.enrolled();
    expect((await browser.post('/auth/recovery-codes')).status).toBe(200);
    house.now += 10 * 60_000;
    expect(await browser.post('/auth/recovery-codes')).toMatchObject({
      ...{ status: 403, body: { code: 'reauthentication_required' } },
    });
    expect((await browser.post('/auth/reauthenticate', { totpCode: '000000' })).status).toBe(401);
    const totpCode = house.nextCode(secret);
    expect((await browser.post('/auth/reauthenticate', { totpCode })).status).toBe(200);
    expect((await browser.post('/auth/recovery-codes')).body.recoveryCodes).toHaveLength(8);
    house.now += 10 * 60_000;
    expect((await browser.post('/auth/reauthenticate', { totpCode })).status).toBe(401);
    expect((await browser.post('/auth/recovery-codes')).status).toBe(403);
  });

  it('changes the password with the old one, and signs all other devices out', async () => {
    const { browser, secret } = await house.enrolled();
    const phone = house.browser();
    await phone.signIn(house.nextCode(secret));
    const change = (currentPassword: string) =>
      browser.post('/auth/password', { currentPassword, newPassword: 'another long password' });
    expect((await change('wrong')).status).toBe(401);
    const old = browser.clone();
    expect((await change(password)).status).toBe(200);
    expect((await browser.get('/policies')).status).toBe(200);
    expect((await old.get('/policies')).status).toBe(401);
    expect((await phone.get('/policies')).status).toBe(401);
    expect((await house.browser().post('/auth/login', { password })).status).toBe(401);
  });

  it('is done on the machine only: no browser resets anything', async () => {
    const { browser } = await house.enrolled();
    const calls = [
      browser.post('/auth/cli/reset-mfa'),
      browser.post('/auth/cli/reset-password', { generate: true }),
      browser.post('/auth/cli/bootstrap'),
    ];
    for (const call of calls) expect(await call).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await house.browser().post('/auth/cli/reset-password', { generate: true })).status).toBe(403);
  });

  it('a reset of the password signs every device out, one of the second factor begins anew', async () => {
    const { browser, secret, recoveryCodes } = await house.enrolled();
    await house.room.account.resetPassword('another long password');
    expect(await browser.state()).toBe('signed-out');
    expect((await browser.post('/auth/login', { password: 'another long password' })).body).toMatchObject({
      mfaSetupRequired: false,
    });
    await browser.post('/auth/mfa/verify', { totpCode: house.nextCode(secret) });
    await house.room.account.resetMfa();
    expect(await browser.state()).toBe('signed-out');
    const { body } = await browser.post('/auth/login', { password: 'another long password' });
    expect(body.mfaSetupRequired).toBe(true);
    expect((await browser.post('/auth/mfa/verify', { totpCode: house.nextCode(secret) })).status).toBe(401);
    expect((await browser.post('/auth/mfa/verify', { recoveryCode: recoveryCodes[0] })).status).toBe(401);
  });
});

describe('at rest', () => {
  it('nothing that signs in is readable in the database, the log of events or the key beside it', async () => {
    const { browser, secret, recoveryCodes } = await house.enrolled();
    const { ticket } = (await browser.post('/auth/tickets')).body;
    const secrets = [
      ...[password, secret, ticket, browser.key ?? '', ...browser.cookies.values()],
      ...recoveryCodes.flatMap((code) => [code, code.replaceAll('-', '')]),
    ];
    await house.browser().post('/auth/login', { password: 'a wrong guess at it' });
    const dump = new Sqlite(house.file, { readonly: true });
    const tables = dump
      .prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`)
      .pluck()
      .all() as string[];
    const text = JSON.stringify(tables.map((table) => dump.prepare(`SELECT * FROM "${table}"`).all()));
    dump.close();
    expect(text).toContain('$argon2id$');
    for (const each of [...secrets, 'a wrong guess at it']) expect(text).not.toContain(each);
    const key = join(house.home, homeFiles.authKey);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(text).not.toContain(readFileSync(key, 'utf8').trim());
  });

  it('another key makes the second factor unreadable, and says so', async () => {
    const { secret } = await house.enrolled();
    const { rmSync } = await import('node:fs');
    rmSync(join(house.home, homeFiles.authKey));
    await house.restart();
    expect(await house.browser().signIn(house.nextCode(secret))).toMatchObject({
      ...{ status: 409, body: { code: 'mfa_unreadable', error: expect.stringContaining('auth reset-mfa') } },
    });
  });

  it('what happened is in the ledger, without what was entered', async () => {
    const { browser, secret } = await house.enrolled();
    await house.browser().post('/auth/login', { password: 'wrong' });
    await browser.post('/auth/logout');
    await browser.signIn(house.nextCode(secret));
    const events = await house.events();
    expect(events.map(({ type }) => type)).toEqual([
      ...['auth.password_set', 'auth.signed_in', 'auth.mfa_set_up'],
      ...['auth.failed', 'auth.signed_out', 'auth.signed_in'],
    ]);
    expect(events[3]?.payload).toEqual({
      ...{ what: 'password', device: 'Firefox on Linux', address: '127.0.0.1' },
    });
  });
});

it('a password that is changed while it is looked at is the old one', async () => {
  await house.room.account.resetPassword(password);
  const { verify } = house.hasher;
  house.hasher.verify = async (stored, given) => {
    const isRight = await verify.call(house.hasher, stored, given);
    await house.room.account.resetPassword('another long password');
    return isRight;
  };
  expect((await house.browser().post('/auth/login', { password })).status).toBe(401);
});

it('an account that is not there is asked for its password as thoroughly as one that is', async () => {
  const asked = async () => {
    const before = house.hasher.verified;
    const answer = await house.browser().post('/auth/login', { password: 'wrong wrong' });
    return { times: house.hasher.verified - before, status: answer.status, body: answer.body };
  };
  const none = await asked();
  await house.room.account.resetPassword(password);
  expect(await asked()).toEqual(none);
  expect(none).toMatchObject({ times: 1, status: 401 });
});
