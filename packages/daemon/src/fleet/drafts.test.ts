import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionDraft } from '@codepiper/core/fleet/new-session.ts';
import { draftVerdictSchema } from '@codepiper/core/fleet/new-session.ts';
import { createSessionSchema } from '@codepiper/core/sessions/session.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPolicyHouse, type PolicyHouse } from '../../test/policy-house.ts';
import { silentLog } from '../log/log.ts';
import { Launcher } from '../sessions/launcher.ts';
import {
  requireProvider,
  SessionLaunches,
  type SessionLaunchesOptions,
} from '../sessions/session-launches.ts';
import { Directories } from './directories.ts';
import { Drafts } from './drafts.ts';

let temp: TempDir;
let house: PolicyHouse;
let launches: SessionLaunches;
let drafts: Drafts;
let home: string;
let project: string;

beforeEach(async () => {
  temp = await makeTempDir();
  house = await openPolicyHouse();
  home = join(temp.path, 'home');
  project = join(home, 'project');
  const bin = join(temp.path, 'bin');
  for (const folder of [project, bin]) mkdirSync(folder, { recursive: true });
  // Claude Code is installed here, Codex is not.
  writeFileSync(join(bin, 'claude'), '#!/bin/sh\n');
  chmodSync(join(bin, 'claude'), 0o755);
  const environment = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, SHELL: '/bin/sh' };
  const launcher = new Launcher({
    sessionsDirectory: join(temp.path, 's'),
    spoolDirectory: join(temp.path, 'spool'),
    binDirectory: bin,
    socket: join(temp.path, 'socket'),
    forwardSshAgent: () => false,
    codexHostAccess: () => false,
    ...{ environment, umask: 0o022, cli: null, hookFallback: 'deny', hookPatienceSeconds: 1 },
  });
  launches = new SessionLaunches({
    ledger: house.ledger,
    store: house.sessionsStore,
    launcher,
    policies: house.sessions,
    clock: { now: () => 1000 },
    log: silentLog,
    maxSessions: 3,
  } as unknown as SessionLaunchesOptions);
  drafts = new Drafts({
    checks: launches.checks,
    requireProvider,
    liveSessions: () => house.sessionsStore.list({ live: true }),
    directories: new Directories({ store: { directories: async () => [] }, home }),
    environment,
  });
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** The verdict, which never differs from what a start would say. */
async function check(draft: Partial<SessionDraft>) {
  const whole = { cwd: project, provider: 'claude-code', trust: true, ...draft };
  const verdict = draftVerdictSchema.parse(await drafts.check(whole));
  const request = createSessionSchema.safeParse({ ...whole, cwd: verdict.cwd });
  const refused = request.success
    ? await launches.plan(request.data).then(
        () => null,
        (error: Error) => error.message,
      )
    : 'it is not well formed';
  expect({ refused, valid: verdict.valid }).toEqual({
    refused: verdict.valid ? null : expect.any(String),
    valid: refused === null,
  });
  return verdict;
}

it('finds nothing wrong with what can be started', async () => {
  expect(await check({ name: 'mine', model: 'opus', args: ['--verbose'], env: { A: '1' } })).toEqual({
    valid: true,
    cwd: project,
    directoryExists: true,
    isGitRepo: false,
    isTrusted: false,
    errors: [],
    warnings: [{ field: 'cwd', message: expect.stringContaining('no git repository') }],
    git: null,
  });
});

it('takes ~ for the home directory, and says which directory it is', async () => {
  expect(await check({ cwd: '~/project/' })).toMatchObject({ valid: true, cwd: project });
});

it.each([
  [
    'a directory that is mistyped',
    'projcet',
    /^.*\/projcet: there is no such directory\. .*\/home is there\. Did you mean .*\/home\/project\?$/,
  ],
  ['one far below what is there', 'project/a/b/c', /\/project is there\.$/],
  ['a file', 'file', /is not a directory\.$/],
])('names the nearest directory for %s', async (_, name, message) => {
  writeFileSync(join(home, 'file'), '');
  const verdict = await check({ cwd: join(home, name) });
  expect(verdict).toMatchObject({ valid: false, directoryExists: false, isTrusted: null });
  expect(verdict.errors).toEqual([{ field: 'cwd', message: expect.stringMatching(message) }]);
});

it('says all that is wrong at once, each with its field', async () => {
  await house.addSession({ name: 'taken', cwd: project });
  const { errors } = await check({
    cwd: 'project',
    name: 'taken',
    model: '--model',
    env: { '1A': 'x' },
    policySets: ['tema'],
    policyDefault: 'maybe',
    billingMode: 'gold',
  });
  expect(new Set(errors.map(({ field }) => field))).toEqual(
    new Set(['cwd', 'name', 'model', 'env.1A', 'policySets', 'policyDefault', 'billingMode']),
  );
  expect(errors.find(({ field }) => field === 'name')?.message).toContain('named "taken" already');
});

it('speaks of a provider that is not there, is not installed, or cannot do what is asked', async () => {
  const fieldsOf = async (draft: Partial<SessionDraft>) =>
    (await check(draft)).errors.map(({ field, message }) => `${field}: ${message}`);
  expect(await fieldsOf({ provider: 'gpt' })).toEqual([expect.stringMatching(/^provider: .*Must be one of/)]);
  expect(await fieldsOf({ provider: 'codex' })).toEqual([
    expect.stringMatching(/^provider: .*is not installed/),
  ]);
  expect(await fieldsOf({ provider: 'shell', dangerousMode: true })).toEqual([
    expect.stringMatching(/^dangerousMode: /),
  ]);
  expect(await fieldsOf({ provider: 'shell', args: ['no-such-program'] })).toEqual([
    expect.stringMatching(/^args: "no-such-program" is no program/),
  ]);
  expect(await fieldsOf({ provider: 'shell', providerResume: { providerSessionId: 'a' } })).toEqual([
    expect.stringMatching(/^providerResume: /),
  ]);
});

it('asks for trust where the agent would, and remembers what was said', async () => {
  expect(await check({ trust: false })).toMatchObject({ isTrusted: false, errors: [{ field: 'trust' }] });
  await house.sessionsStore.trustDirectory(project, 'claude-code', 1);
  expect(await check({ trust: false })).toMatchObject({ isTrusted: true, errors: [] });
});

it('says when there is no room, and who works in the same directory', async () => {
  for (const n of [1, 2, 3]) {
    await house.addSession({ id: `0000000${n}-8b86-4d01-b42d-00cf4fc964ff`, name: `n${n}`, cwd: project });
  }
  const { errors, warnings } = await check({ dangerousMode: true });
  expect(errors).toEqual([{ field: 'session', message: expect.stringContaining('(3) reached') }]);
  expect(warnings.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    expect.stringMatching(/^cwd: 3 sessions work in this directory: n\d, n\d, n\d/),
    expect.stringMatching(/no git repository/),
    expect.stringMatching(/^dangerousMode: /),
  ]);
});

it('checks the place alone as long as no provider is chosen', async () => {
  const verdict = await drafts.check({ cwd: project });
  expect(verdict).toMatchObject({ valid: true, isTrusted: null, errors: [] });
  expect((await drafts.check({ cwd: '/nowhere', name: '-x' })).errors.map(({ field }) => field)).toEqual([
    'name',
    'cwd',
  ]);
});

it('looks at the repository: branch, branches, and what is not committed', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', project, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      env: { PATH: process.env.PATH, HOME: home },
      stdio: 'ignore',
    });
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'x');
  git('switch', '-qc', 'fix');
  mkdirSync(join(project, 'src'));
  const cwd = join(project, 'src');
  const clean = await check({ cwd });
  expect(clean).toMatchObject({ isGitRepo: true, warnings: [] });
  expect(clean.git).toEqual({
    root: project,
    branch: 'fix',
    hasUncommittedChanges: false,
    branches: expect.arrayContaining(['fix', 'main']),
  });
  writeFileSync(join(project, 'new'), '');
  const dirty = await check({ cwd });
  expect(dirty.git?.hasUncommittedChanges).toBe(true);
  expect(dirty.warnings).toEqual([{ field: 'cwd', message: expect.stringContaining('uncommitted') }]);
});
