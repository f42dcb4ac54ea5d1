import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { settingsEndpoints } from '@codepiper/core/settings/settings.endpoints.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse } from '../../test/policy-house.ts';
import { mountEndpoints } from '../http/mount.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { Doctor } from './doctor.ts';
import { Restart } from './restart.ts';
import { settingsHandlers } from './settings.routes.ts';

let home: TempDir;
let house: PolicyHouse;
let app: FastifyInstance;
let happened: string[];
let wrong: Error | null;

beforeEach(async () => {
  home = await makeTempDir();
  house = await openPolicyHouse({ env: { CODEPIPER_FORWARD_SSH_AUTH_SOCK: '0' } });
  happened = [];
  wrong = null;
  await serve(null);
});
afterEach(async () => {
  await app.close();
  await house[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** @param script what the doctor runs, in JavaScript */
async function serve(
  script: string | null,
  { canRestart = true, argv = [process.execPath] }: { canRestart?: boolean; argv?: string[] } = {},
): Promise<void> {
  await app?.close();
  app = createServer({ log: silentLog, authenticate: async () => null });
  const check = () => {
    if (wrong) throw wrong;
  };
  mountEndpoints(
    app,
    settingsEndpoints,
    settingsHandlers({
      settings: house.settings,
      restart: new Restart({
        check: canRestart ? check : null,
        argv,
        preserveSessions: () => house.settings.value('preserveSessions'),
        endSessions: async () => void happened.push('ended'),
        go: () => happened.push('went'),
      }),
      doctor: new Doctor({
        cli: script === null ? null : [process.execPath, '-e', script, '--'],
        socket: '/run/s',
        home: home.path,
        environment: { ...process.env, CODEPIPER_TOKEN: 'of a session' },
      }),
    }),
    { validateReplies: true },
  );
}

async function ask(method: 'GET' | 'PUT' | 'POST', url: string, body?: object) {
  const reply = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
  return { status: reply.statusCode, body: reply.json() };
}

it('shows every setting and where it comes from, and changes what may be', async () => {
  const { body } = await ask('GET', '/settings/daemon');
  expect(body.origins.forwardSshAuthSock).toMatchObject({ origin: 'env', isFixed: true });
  const put = await ask('PUT', '/settings/daemon', { defaultPolicyAction: 'deny' });
  expect(put).toMatchObject({ status: 200, body: { settings: { defaultPolicyAction: 'deny' } } });
  expect(house.book.defaultAction).toEqual({ action: 'deny', from: 'daemon' });
  expect(await ask('PUT', '/settings/daemon', { forwardSshAuthSock: true })).toMatchObject({
    status: 409,
    body: { code: 'setting_fixed' },
  });
});

it.each([
  { preserveSession: true },
  { preserveSessions: 'yes' },
  { terminalFeatures: null },
  { terminalFeatures: { wsPtyPasteEnabled: true } },
  { notificationEventDefaults: { 'session.created': true } },
  { notificationSoundMap: { 'session.crashed': 'trumpet' } },
  { defaultPolicyAction: 'allow' },
])('refuses %j', async (body) => {
  expect(await ask('PUT', '/settings/daemon', body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});

it('wants a proof of who asks for what is dangerous, from a browser', async () => {
  const { setDaemonSettings } = settingsHandlers({ settings: house.settings } as never);
  const put = (body: object) =>
    setDaemonSettings({ params: undefined, query: undefined, body }, { kind: 'user' }, {
      requireRecent: () => {
        throw new CodepiperError('reauthentication_required', 'Prove it again.');
      },
    } as never);
  await expect(put({ codexHostAccessProfileEnabled: true })).rejects.toMatchObject({
    code: 'reauthentication_required',
  });
  expect(house.settings.value('codexHostAccessProfileEnabled')).toBe(false);
  await put({ codexHostAccessProfileEnabled: false, notificationsEnabled: false });
  expect(house.settings.value('notificationsEnabled')).toBe(false);
});

it('begins again after the answer, and only once', async () => {
  const [one, two] = await Promise.all([
    ask('POST', '/settings/daemon/restart', {}),
    ask('POST', '/settings/daemon/restart', {}),
  ]);
  expect(one).toMatchObject({ status: 202, body: { restarting: true, preserveSessions: true } });
  expect(two).toEqual(one);
  await waitFor('the end of the daemon', () => happened.length > 0);
  expect(happened).toEqual(['went']);
});

it('ends the sessions first where they are not to be preserved', async () => {
  await house.settings.change({ preserveSessions: false });
  const { body } = await ask('POST', '/settings/daemon/restart', {});
  expect(body).toMatchObject({ preserveSessions: false, message: expect.stringMatching(/ended/) });
  await waitFor('the end of the daemon', () => happened.length > 1);
  expect(happened).toEqual(['ended', 'went']);
});

it('goes on as it was where no daemon could start, or none can take its place', async () => {
  wrong = new Error('config.yaml:1: unknown setting "x"');
  expect(await ask('POST', '/settings/daemon/restart', {})).toMatchObject({
    status: 409,
    body: { code: 'restart_refused', error: expect.stringMatching(/config\.yaml:1: unknown setting/) },
  });
  wrong = null;
  const newer = join(home.path, 'node');
  await serve(null, { argv: [newer, '--', process.execPath] });
  expect(await ask('POST', '/settings/daemon/restart', {})).toMatchObject({
    status: 409,
    body: { code: 'restart_refused', error: expect.stringContaining(`${newer} is gone`) },
  });
  await serve(null, { canRestart: false });
  expect(await ask('POST', '/settings/daemon/restart', {})).toMatchObject({
    status: 501,
    body: { code: 'restart_unavailable' },
  });
  expect(happened).toEqual([]);
});

it('tells what the doctor finds, also when something fails', async () => {
  await serve(`
    const { argv, env, exit } = process;
    console.log(JSON.stringify({ ok: false, checks: [
      { name: 'socket directory', status: 'fail', message: argv.slice(1).join(' '), hint: 'mend it' },
      { name: 'claude-code', status: 'ok', message: [env.CODEPIPER_HOME, env.CODEPIPER_TOKEN].join(' '), hint: null },
    ] }));
    exit(1);
  `);
  expect((await ask('GET', '/doctor')).body).toEqual({
    checks: [
      {
        id: 'socket-directory',
        title: 'Socket directory',
        status: 'fail',
        detail: 'doctor --json --socket /run/s',
        fix: 'mend it',
      },
      { id: 'claude-code', title: 'Claude Code', status: 'ok', detail: `${home.path} `, fix: null },
    ],
  });
});

it.each([
  ['nothing', null, /the command of this daemon is not known/],
  ['a fault', 'console.error("it broke"); process.exit(2)', /it broke/],
  ['nonsense', 'console.log("{}")', /nothing that can be understood/],
])('says so when the doctor is %s', async (_, script, why) => {
  await serve(script);
  expect(await ask('GET', '/doctor')).toMatchObject({
    status: 503,
    body: { code: 'doctor_unavailable', error: expect.stringMatching(why) },
  });
});
