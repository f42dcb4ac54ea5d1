import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthHouse, type Browser, password } from '../../test/auth-house.ts';
import { Authenticator } from '../../test/authenticator.ts';

let house: AuthHouse;
let browser: Browser;
let device: Authenticator;
const origin = () => `http://localhost:${house.port}`;

beforeEach(async () => {
  house = await AuthHouse.open();
  ({ browser } = await house.enrolled());
  device = new Authenticator();
});
afterEach(() => house[Symbol.asyncDispose]());

const add = async (by = device, from = origin()) => {
  const { options } = (await browser.post('/auth/passkeys/options')).body;
  return browser.post('/auth/passkeys', { name: 'phone', response: by.create(options, from) });
};
const ask = async (who: Browser) => (await who.post('/auth/passkeys/login/options')).body.options;

describe('a passkey', () => {
  it('signs in, in one step, and is listed', async () => {
    expect(await add()).toMatchObject({
      status: 201,
      body: { passkey: { name: 'phone', host: 'localhost' } },
    });
    const phone = house.browser();
    expect((await phone.get('/auth/status')).body).toMatchObject({ hasPasskeys: true });
    const options = await ask(phone);
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    expect(options.allowCredentials ?? []).toEqual([]);
    const answer = await phone.post('/auth/passkeys/login', { response: device.get(options, origin()) });
    expect(answer).toMatchObject({ status: 200, body: { state: 'full' } });
    expect((await phone.get('/policies')).status).toBe(200);
    const { passkeys } = (await phone.get('/auth/passkeys')).body;
    expect(passkeys).toMatchObject([{ id: device.id, lastUsedAt: expect.any(String) }]);
    expect((await phone.get('/auth/sessions')).body.sessions).toContainEqual(
      expect.objectContaining({ method: 'passkey', isCurrent: true }),
    );
  });

  it('is not kept waiting by somebody who guesses', async () => {
    await add();
    for (let i = 0; i < 30; i++) await house.browser().post('/auth/login', { password: 'a guess' });
    const phone = house.browser();
    expect((await phone.post('/auth/login', { password })).status).toBe(429);
    const response = device.get(await ask(phone), origin());
    expect((await phone.post('/auth/passkeys/login', { response })).status).toBe(200);
  });

  it('answers each question once', async () => {
    await add();
    const phone = house.browser();
    const response = device.get(await ask(phone), origin());
    const all = await Promise.all(
      [phone, house.browser(), house.browser()].map((each) =>
        each.post('/auth/passkeys/login', { response }),
      ),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect((await house.browser().post('/auth/passkeys/login', { response })).status).toBe(401);
  });

  it('answers our questions only, for five minutes, of this process', async () => {
    await add();
    const phone = house.browser();
    const options = await ask(phone);
    const signIn = (challenge: string) =>
      phone.post('/auth/passkeys/login', { response: device.get({ ...options, challenge }, origin()) });
    expect((await signIn(Buffer.alloc(38, 7).toString('base64url'))).status).toBe(401);
    expect((await signIn('')).status).toBe(401);
    // A question to somebody who is signed in is none to somebody who is not.
    const again = (await browser.post('/auth/reauthenticate/options')).body.options;
    expect((await signIn(again.challenge)).status).toBe(401);
    house.now += 5 * 60_000;
    expect((await signIn(options.challenge)).status).toBe(401);
    const { challenge } = await ask(phone);
    await house.restart();
    expect((await signIn(challenge)).status).toBe(401);
    expect((await signIn((await ask(phone)).challenge)).status).toBe(200);
  });

  it.each<[string, (given: Authenticator) => void, (() => string) | undefined]>([
    ['made for another page', () => undefined, () => 'https://evil.example'],
    ['made for another port', () => undefined, () => 'http://localhost:1'],
    [
      'used without asking who is there',
      (given) => void Object.assign(given, { isVerifying: false }),
      undefined,
    ],
    ['copied: its counter goes back', (given) => void Object.assign(given, { counter: -1 }), undefined],
  ])('that was %s does not sign in', async (_name, spoil, page) => {
    device.counter = 5;
    await add();
    const phone = house.browser();
    spoil(device);
    const response = device.get(await ask(phone), page?.() ?? origin());
    expect(await phone.post('/auth/passkeys/login', { response })).toMatchObject({
      ...{ status: 401, body: { code: 'credentials_wrong' } },
    });
    expect(await phone.state()).toBe('signed-out');
  });

  it('of somebody else does not sign in', async () => {
    await add();
    const other = new Authenticator();
    const phone = house.browser();
    const foreign = other.get(await ask(phone), origin());
    expect((await phone.post('/auth/passkeys/login', { response: foreign })).status).toBe(401);
    const forged = { ...other.get(await ask(phone), origin()), id: device.id, rawId: device.id };
    expect((await phone.post('/auth/passkeys/login', { response: forged })).status).toBe(401);
  });

  it('is made by whoever has proved lately who is there, for this page and this session', async () => {
    const { options } = (await browser.post('/auth/passkeys/options')).body;
    const keep = (response: unknown) => browser.post('/auth/passkeys', { name: 'x', response });
    expect((await keep(device.create(options, 'https://evil.example'))).status).toBe(401);
    const login = await ask(house.browser());
    expect((await keep(device.create({ ...options, challenge: login.challenge }, origin()))).status).toBe(
      401,
    );
    device.isVerifying = false;
    expect((await keep(device.create(options, origin()))).status).toBe(401);
    device.isVerifying = true;
    const good = device.create(options, origin());
    expect((await keep(good)).status).toBe(201);
    expect((await keep(good)).status).toBe(401);
    house.now += 10 * 60_000;
    expect((await browser.post('/auth/passkeys/options')).status).toBe(403);
    expect((await house.browser().post('/auth/passkeys/options')).status).toBe(401);
  });

  it('proves again who is there', async () => {
    await add();
    house.now += 10 * 60_000;
    expect((await browser.post('/auth/recovery-codes')).status).toBe(403);
    const { options } = (await browser.post('/auth/reauthenticate/options')).body;
    const response = device.get(options, origin());
    expect((await browser.post('/auth/reauthenticate', { response })).status).toBe(200);
    expect((await browser.post('/auth/recovery-codes')).status).toBe(200);
    expect((await browser.post('/auth/reauthenticate', { response })).status).toBe(401);
  });

  it('that is removed, or goes with the second factor, signs in no more', async () => {
    await add();
    const other = new Authenticator();
    await add(other);
    expect((await browser.remove(`/auth/passkeys/${device.id}`)).status).toBe(200);
    expect((await browser.remove(`/auth/passkeys/${device.id}`)).status).toBe(404);
    const phone = house.browser();
    const gone = device.get(await ask(phone), origin());
    expect((await phone.post('/auth/passkeys/login', { response: gone })).status).toBe(401);
    await house.room.account.resetMfa();
    const late = other.get(await ask(phone), origin());
    expect((await phone.post('/auth/passkeys/login', { response: late })).status).toBe(401);
  });

  it('is refused with words where it cannot work', async () => {
    const bare = house.browser({ host: `127.0.0.1:${house.port}` });
    expect(await bare.post('/auth/passkeys/login/options')).toMatchObject({
      ...{
        status: 409,
        body: { code: 'unsupported', error: expect.stringContaining('127.0.0.1 is an address') },
      },
    });
    const program = await house.browser().post('/auth/passkeys/login/options', undefined, {
      headers: { origin: undefined, 'sec-fetch-site': undefined },
    });
    expect(program.status).toBe(409);
  });

  it.each([
    {},
    { id: 5 },
    { id: 'a', rawId: 'a', type: 'public-key', response: {} },
    { id: 'x'.repeat(3000) },
  ])('that is %j is an error of whoever sent it', async (response) => {
    const { status } = await house.browser().post('/auth/passkeys/login', { response });
    expect([400, 401]).toContain(status);
  });
});
