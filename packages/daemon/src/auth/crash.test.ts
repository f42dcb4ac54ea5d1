import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuthHouse, password } from '../../test/auth-house.ts';

let house: AuthHouse;
beforeEach(async () => {
  house = await AuthHouse.open();
  house.now = Date.now();
});
afterEach(() => house[Symbol.asyncDispose]());

const program = fileURLToPath(new URL('../../test/killed-sign-in.ts', import.meta.url));

/** Another process signs in over the same file, and is killed on the way. */
async function killed(where: 'inside' | 'behind', kind: 'totp' | 'recovery', code: string): Promise<void> {
  const flags = [
    '--conditions=source',
    '--experimental-strip-types',
    '--disable-warning=ExperimentalWarning',
  ];
  const child = spawn(process.execPath, [...flags, program, house.home, where, password, kind, code], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const [, signal] = await once(child, 'exit');
  expect([signal, said]).toEqual(['SIGKILL', '']);
}

it.each(['inside', 'behind'] as const)(
  'a recovery code is used up exactly when somebody is signed in by it, killed %s the transaction',
  async (where) => {
    const { recoveryCodes } = await house.enrolled();
    const [code = ''] = recoveryCodes;
    await killed(where, 'recovery', code);
    await house.restart();
    const isSignedIn = where === 'behind';
    expect(await house.room.account.describe()).toMatchObject({
      ...{ recoveryCodesLeft: isSignedIn ? 7 : 8, sessions: isSignedIn ? 2 : 1 },
    });
    const browser = house.browser();
    house.now += 10_000;
    await browser.post('/auth/login', { password });
    const { status } = await browser.post('/auth/mfa/verify', { recoveryCode: code });
    expect(status).toBe(isSignedIn ? 401 : 200);
  },
);

it.each(['inside', 'behind'] as const)(
  'a code of the authenticator counts once, killed %s the transaction',
  async (where) => {
    const { secret } = await house.enrolled();
    // One step ahead of the clock of the other process: it was not used for the enrolment.
    const code = house.code(secret, 1);
    await killed(where, 'totp', code);
    await house.restart();
    const isSignedIn = where === 'behind';
    expect((await house.room.account.describe()).sessions).toBe(isSignedIn ? 2 : 1);
    house.now += 10_000;
    expect((await house.browser().signIn(code)).status).toBe(isSignedIn ? 401 : 200);
  },
);
