import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewDecision } from '../audit/audit.service.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { settingsOffline } from './offline.store.ts';
import { DaemonSettingsService } from './settings.service.ts';
import { SettingsStore } from './settings.store.ts';

const clock = { now: () => Date.parse('2026-11-21T10:00:00.000Z') };
let home: TempDir;
let database: OpenDatabase;
let ledger: Ledger;
let audited: NewDecision[];
let settings: DaemonSettingsService;

beforeEach(async () => {
  home = await makeTempDir();
  database = await openDatabase(join(home.path, 'codepiper.db'), { log: silentLog, clock });
  ledger = createLedger({ db: database.db, clock, log: silentLog });
  audited = [];
  settings = await open();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Outside {
  flags?: Record<string, string>;
  env?: Record<string, string>;
}

function configOf({ flags = {}, env = {} }: Outside = {}): Config {
  return loadConfig({ flags, env: { CODEPIPER_HOME: home.path, ...env }, uid: 1000 });
}

/** A daemon's settings over the same database. */
async function open(outside: Outside = {}): Promise<DaemonSettingsService> {
  const opened = new DaemonSettingsService({
    config: configOf(outside),
    store: new SettingsStore(database.db),
    ledger,
    audit: {
      append: async (_tx, entry) => {
        audited.push(entry);
      },
    },
    clock,
    log: silentLog,
  });
  await opened.load();
  return opened;
}

const changes = async () =>
  (await ledger.list({ type: 'daemon.settings_changed' })).events.map(({ payload }) => payload.changes);

describe('what nobody said', () => {
  it('is safe: sessions go on, a person is asked, Codex keeps its sandbox', () => {
    expect(settings.present().settings).toEqual({
      preserveSessions: true,
      defaultPolicyAction: 'ask',
      forwardSshAuthSock: true,
      codexHostAccessProfileEnabled: false,
      notificationsEnabled: true,
      systemNotificationsEnabled: true,
      notificationSoundsEnabled: true,
      notificationEventDefaults: {},
      notificationSoundMap: {},
      terminalFeatures: { recordingsEnabled: true },
    });
    expect(settings.present().origins.preserveSessions).toEqual({
      key: 'sessions.preserve',
      origin: 'default',
      from: null,
      line: null,
      isFixed: false,
      advice: null,
    });
  });
});

describe('a change', () => {
  it('holds at once, is told with old and new, and is there after a restart', async () => {
    const reply = await settings.change({
      forwardSshAuthSock: false,
      terminalFeatures: { recordingsEnabled: false },
    });
    expect(reply.settings).toMatchObject({
      forwardSshAuthSock: false,
      terminalFeatures: { recordingsEnabled: false },
      preserveSessions: true,
    });
    expect(reply.origins.forwardSshAuthSock).toMatchObject({ origin: 'stored', isFixed: false });
    expect(settings.value('forwardSshAuthSock')).toBe(false);
    expect(await changes()).toEqual([
      {
        forwardSshAuthSock: { from: true, to: false },
        'terminalFeatures.recordingsEnabled': { from: true, to: false },
      },
    ]);
    expect((await open()).present()).toEqual(reply);
  });

  it('goes back with null', async () => {
    await settings.change({ notificationSoundMap: { 'session.crashed': 'none' } });
    expect(settings.notifications().soundMap).toEqual({ 'session.crashed': 'none' });
    const reply = await settings.change({ notificationSoundMap: null });
    expect(reply.settings.notificationSoundMap).toEqual({});
    expect(reply.origins.notificationSoundMap.origin).toBe('default');
    expect((await open()).present()).toEqual(reply);
  });

  it('that is none is not told', async () => {
    await settings.change({ notificationsEnabled: false });
    await settings.change({ notificationsEnabled: false });
    await settings.change({});
    await settings.change({ forwardSshAuthSock: true, preserveSessions: null });
    expect(await changes()).toHaveLength(1);
  });

  it('of what agents may do is in the audit trail, one of a sound is not', async () => {
    await settings.change({ notificationSoundsEnabled: false });
    expect(audited).toEqual([]);
    await settings.change({ codexHostAccessProfileEnabled: true, defaultPolicyAction: 'deny' });
    expect(audited.map(({ reason }) => reason).sort()).toEqual([
      'The default for calls no rule speaks of is now deny.',
      'The setting codex.hostAccess is now true.',
    ]);
    expect((await ledger.list({ type: 'policy.default' })).events.map(({ payload }) => payload)).toEqual([
      { action: 'deny' },
    ]);
  });

  it('made at the same time as another loses neither', async () => {
    await Promise.all([
      settings.change({ notificationsEnabled: false }),
      settings.change({ preserveSessions: false }),
      settings.change({ notificationsEnabled: true }),
    ]);
    expect(settings.present().settings).toMatchObject({
      notificationsEnabled: true,
      preserveSessions: false,
    });
    expect((await open()).present()).toEqual(settings.present());
  });

  it('that cannot be stored does not hold', async () => {
    const failing = new DaemonSettingsService({
      config: configOf(),
      store: new SettingsStore(database.db),
      ledger,
      audit: { append: () => Promise.reject(new Error('disk')) },
      clock,
      log: silentLog,
    });
    await expect(failing.change({ preserveSessions: false })).rejects.toThrow('disk');
    expect(failing.value('preserveSessions')).toBe(true);
    expect(await changes()).toEqual([]);
    await failing.change({ notificationsEnabled: false });
    expect(failing.value('notificationsEnabled')).toBe(false);
  });
});

describe('what is said from outside', () => {
  it.each([
    [
      'a variable',
      { env: { CODEPIPER_PRESERVE_SESSIONS: '0' } },
      '',
      { origin: 'env', from: 'CODEPIPER_PRESERVE_SESSIONS', line: null },
      /Unset CODEPIPER_PRESERVE_SESSIONS where the daemon is started/,
    ],
    [
      'the file',
      {},
      '# mine\nsessions:\n  preserve: off\n',
      { origin: 'file', line: 3 },
      /Change or remove sessions\.preserve in line 3 of .*config\.yaml/,
    ],
  ])('by %s wins over what was stored, and says what to do', async (_, outside, yaml, origin, advice) => {
    await settings.change({ preserveSessions: true });
    await writeFile(join(home.path, 'config.yaml'), yaml);
    const fixed = await open(outside);
    expect(fixed.value('preserveSessions')).toBe(false);
    expect(fixed.present().origins.preserveSessions).toMatchObject({ ...origin, isFixed: true });
    expect(fixed.present().origins.preserveSessions.advice).toMatch(advice);
    const refused = fixed.change({ preserveSessions: true, notificationsEnabled: false });
    await expect(refused).rejects.toMatchObject({
      code: 'setting_fixed',
      message: expect.stringMatching(advice),
      details: { field: 'preserveSessions', key: 'sessions.preserve' },
    });
    await expect(fixed.change({ preserveSessions: null })).rejects.toMatchObject({ code: 'setting_fixed' });
    // Nothing of the refused change was made; what is the same already is no change.
    expect(fixed.value('notificationsEnabled')).toBe(true);
    expect((await fixed.change({ preserveSessions: false })).settings.preserveSessions).toBe(false);
  });

  it('fixes the default of the policies too', async () => {
    await settings.change({ defaultPolicyAction: 'agent' });
    expect(settings.defaultAction()).toEqual({ action: 'agent', from: 'daemon' });
    const fixed = await open({ env: { CODEPIPER_POLICY_DEFAULT: 'deny' } });
    expect(fixed.defaultAction()).toEqual({ action: 'deny', from: 'config' });
    await expect(fixed.change({ defaultPolicyAction: 'ask' })).rejects.toMatchObject({
      code: 'setting_fixed',
    });
  });
});

describe('what is dangerous', () => {
  it.each([
    [{ defaultPolicyAction: 'agent' }, true],
    [{ codexHostAccessProfileEnabled: true }, true],
    [{ defaultPolicyAction: 'deny' }, false],
    [{ codexHostAccessProfileEnabled: false, preserveSessions: false }, false],
    [{ codexHostAccessProfileEnabled: null }, false],
  ] as const)('%j: %s', (change, is) => {
    expect(settings.isDangerous(change)).toBe(is);
  });

  it('is not what holds already', async () => {
    await settings.change({ codexHostAccessProfileEnabled: true });
    expect(settings.isDangerous({ codexHostAccessProfileEnabled: true })).toBe(false);
  });
});

it('leaves out what an older version stored otherwise', async () => {
  await new SettingsStore(database.db).set('sessions.preserve', 'perhaps', 0);
  await new SettingsStore(database.db).set('gone.setting', true, 0);
  expect((await open()).value('preserveSessions')).toBe(true);
});

it('tells the same to the list of all settings, with the daemon and without', async () => {
  await settings.change({ forwardSshAuthSock: false });
  const line = {
    key: 'sessions.forwardSshAuthSock',
    value: false,
    origin: 'stored',
    from: null,
    line: null,
  };
  expect(settings.effective()).toContainEqual(line);
  expect(settingsOffline(configOf())).toEqual(settings.effective());
  const outside = { env: { CODEPIPER_FORWARD_SSH_AUTH_SOCK: '1' } };
  expect(settingsOffline(configOf(outside))).toContainEqual({
    ...line,
    value: true,
    origin: 'env',
    from: 'CODEPIPER_FORWARD_SSH_AUTH_SOCK',
  });
});
