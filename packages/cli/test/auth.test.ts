import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Account, WebSessionInfo } from '@codepiper/core/auth/auth.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import { openAuthOffline } from '@codepiper/daemon/auth/offline.ts';
import { acquireLock } from '@codepiper/daemon/platform/lock.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

const account: Account = {
  ...{ exists: true, createdAt: '2026-11-20T12:00:00.000Z', passwordChangedAt: '2026-11-21T09:00:00.000Z' },
  ...{ isPasswordGenerated: true, mfaVerifiedAt: null, recoveryCodesLeft: 7, passkeys: 1, sessions: 2 },
};
const phone: WebSessionInfo = {
  ...{
    id: '3f2a5c1e-0000-4000-8000-000000000001',
    device: 'Safari on iPhone\u001b[31m',
    address: '10.0.0.7',
  },
  ...{ method: 'passkey', createdAt: '2026-11-20T12:00:00.000Z', lastSeenAt: '2026-11-21T11:58:00.000Z' },
  ...{ expiresAt: '2026-11-28T11:58:00.000Z', endsAt: '2026-12-20T12:00:00.000Z', isCurrent: false },
};

describe('with a daemon', () => {
  let daemon: FakeDaemon;
  beforeAll(async () => {
    daemon = await startFakeDaemon();
    daemon
      .on('GET /version', () => ({ version: '0.1.0', node: '24.0.0' }))
      .on('GET /auth/account', () => ({ account }))
      .on('GET /auth/sessions', () => ({ sessions: [phone] }))
      .on('POST /auth/cli/reset-password', ({ body }) => ({
        password: (body as { generate?: boolean }).generate ? 'abcdefghijkmnpqrstuvwxyz' : null,
      }))
      .on('POST /auth/cli/reset-mfa', () => ({ success: true }))
      .on(`DELETE /auth/sessions/3f2a`, () => ({ success: true }))
      .on('POST /auth/sessions/revoke-all', () => ({ revoked: 2 }));
  });
  afterAll(() => daemon[Symbol.asyncDispose]());
  const auth = (words: string[], options: RunOptions = {}) =>
    cli(['auth', ...words], { socket: daemon.socket, ...options });
  const bodies = () =>
    daemon.asked.filter(({ method }) => method === 'POST').map(({ path, body }) => [path, body]);
  beforeEach(() => {
    daemon.asked.length = 0;
  });

  it('status tells what guards the account', async () => {
    const { out } = await auth(['status']);
    expect(out).toContain('one that codepiper made');
    expect(out).toContain('not set up: the next sign-in does');
    expect(out).toContain('7 left');
    expect(JSON.parse((await auth(['status', '--json'])).out)).toEqual(account);
  });

  it('sessions are a table, and nothing in it moves the terminal', async () => {
    const { out } = await auth(['sessions']);
    expect(out).toMatch(/3f2a5c1e +Safari on iPhone.* +10\.0\.0\.7 +passkey +2m +24h/);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await auth(['sessions', '--json'])).out)).toHaveLength(1);
  });

  it('a made password is printed, one of your own is not', async () => {
    expect((await auth(['reset-password', '--generate'])).out).toBe('abcdefghijkmnpqrstuvwxyz\n');
    const piped = await auth(['reset-password'], { stdin: 'correct horse battery\n' });
    expect(piped.out).toBe('The password is set.\n');
    const answers = ['a typed password', 'a typed password'];
    const typed = await auth(['reset-password'], { isTTY: { stdin: true }, answers });
    expect(typed.asked).toEqual(['New password: ', 'The same again: ']);
    expect(bodies()).toEqual([
      ['/auth/cli/reset-password', { generate: true }],
      ['/auth/cli/reset-password', { password: 'correct horse battery' }],
      ['/auth/cli/reset-password', { password: 'a typed password' }],
    ]);
  });

  it('the second factor is forgotten when somebody says yes', async () => {
    expect((await auth(['reset-mfa'], { isTTY: { stdin: true }, answers: ['yes'] })).code).toBe(0);
    expect((await auth(['reset-mfa', '--yes'])).code).toBe(0);
    expect(bodies()).toHaveLength(2);
  });

  it('devices are signed out', async () => {
    expect((await auth(['revoke', '3f2a'])).out).toBe('3f2a is signed out\n');
    expect((await auth(['revoke-all'])).out).toBe('2 devices are signed out\n');
  });
});

describe('without a daemon', () => {
  let temp: TempDir;
  const home = () => join(temp.path, 'home');
  beforeEach(async () => {
    temp = await makeTempDir();
  });
  afterEach(() => temp[Symbol.asyncDispose]());
  const auth = (words: string[], more: Record<string, string> = {}, options: RunOptions = {}) =>
    cli(['auth', ...words], {
      env: { CODEPIPER_HOME: home(), CODEPIPER_SOCKET: join(temp.path, 'none'), ...more },
      ...options,
    });

  it('reading makes nothing', async () => {
    expect((await auth(['status'])).out).toContain('no account yet');
    expect(JSON.parse((await auth(['sessions', '--json'])).out)).toEqual([]);
    expect((await auth(['reset-mfa', '--yes'])).err).toContain('no account yet');
    expect(existsSync(home())).toBe(false);
  });

  it('the account is made, and changed, in the file', async () => {
    const made = await auth(['reset-password', '--generate']);
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^[a-z2-9]{24}\n$/) });
    expect(JSON.parse((await auth(['status', '--json'])).out)).toMatchObject({
      ...{ exists: true, isPasswordGenerated: true },
    });
    expect((await auth(['reset-password'], {}, { stdin: 'correct horse battery' })).code).toBe(0);
    expect((await auth(['reset-mfa', '--yes'])).code).toBe(0);
    const two = await auth(['revoke', 'abcd', 'efgh']);
    expect(two).toMatchObject({
      code: 4,
      err: expect.stringContaining('No signed-in device has the id abcd'),
    });
    expect((await auth(['revoke-all'])).out).toBe('0 devices are signed out\n');
    // Nothing is left locked, and the daemon reads the same.
    await using room = await openAuthOffline(home(), join(home(), homeFiles.database));
    expect(await room.account.describe()).toMatchObject({ isPasswordGenerated: false });
  });

  it('is left alone while somebody else has it', async () => {
    await auth(['reset-password', '--generate']);
    const lock = acquireLock(join(home(), homeFiles.lock));
    const refused = await auth(['reset-password', '--generate']);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--socket') });
    lock?.[Symbol.dispose]();
    expect((await auth(['reset-password', '--generate'])).code).toBe(0);
  });

  it('is not for what runs inside a session', async () => {
    const refused = await auth(['reset-password', '--generate'], { CODEPIPER_TOKEN: 'abc' });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Only a person may do this') });
    expect(existsSync(home())).toBe(false);
  });
});
