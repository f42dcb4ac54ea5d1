import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getProvider } from '@codepiper/providers/registry.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkDirectory,
  hasConversation,
  Launcher,
  type LauncherOptions,
  repositoryRoot,
} from './launcher.ts';
import type { SessionRecord } from './session-record.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const at = (...parts: string[]) => join(temp.path, ...parts);
const launcher = (environment: Record<string, string>, settings: Partial<LauncherOptions> = {}) =>
  new Launcher({
    sessionsDirectory: at('sessions'),
    spoolDirectory: at('spool'),
    binDirectory: at('bin'),
    socket: at('s'),
    forwardSshAgent: () => false,
    codexHostAccess: () => false,
    environment: { PATH: '/usr/bin:/bin', HOME: temp.path, SHELL: '/bin/sh', ...environment },
    umask: 0o022,
    hookFallback: 'deny',
    hookPatienceSeconds: 20,
    cli: ['/usr/bin/node', '--', "/opt/it's/codepiper.cjs"],
    ...settings,
  });

describe('what a pane is given', () => {
  it('stands in private files, and nothing of it in the arguments of the pane', async () => {
    mkdirSync(at('bin'));
    const made = launcher({ DAEMON_SECRET: 'stays here' });
    await made.install();
    const record = {
      id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      cwd: temp.path,
      model: null,
      run: 2,
      launch: {
        args: ['cat'],
        billingMode: 'subscription',
        dangerousMode: false,
        envKeys: [],
        trusted: true,
      },
    } as unknown as SessionRecord;
    const prepared = await made.prepare(getProvider('shell'), record, null, { GIVEN: 'top secret' });
    expect(prepared.paneArgv.join(' ')).not.toContain('secret');
    const launch = at('sessions', record.id, 'launch');
    expect(statSync(launch).mode & 0o777).toBe(0o600);
    const text = readFileSync(launch, 'utf8');
    expect(text).toContain("export GIVEN='top secret'");
    expect(text).toContain(`export CODEPIPER_SESSION='${record.id}'`);
    expect(text).not.toContain('stays here');
    expect(prepared.paneArgv.at(-1)).toBe(`${record.id}.2`);
    expect(await made.givenEnvironment(record.id)).toEqual({ GIVEN: 'top secret' });
  });

  it('holds for an agent what its hooks ask the daemon with, for its owner only', async () => {
    mkdirSync(at('bin'));
    mkdirSync(at('programs'));
    const program = at('programs', 'codex');
    writeFileSync(program, '', { mode: 0o700 });
    const made = launcher({ PATH: `${at('programs')}:/usr/bin:/bin` });
    await made.install();
    const record = {
      id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      cwd: temp.path,
      model: null,
      run: 2,
      launch: { args: [], billingMode: 'subscription', dangerousMode: false, envKeys: [], trusted: true },
    } as unknown as SessionRecord;
    await made.prepare(getProvider('codex'), record, null, {});
    const file = (name: string) => at('sessions', record.id, name);
    for (const name of ['decide', 'decide.curl']) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    const token = /export CODEPIPER_TOKEN='(.*)'/.exec(readFileSync(file('launch'), 'utf8'))?.[1] ?? '';
    expect(readFileSync(file('decide.curl'), 'utf8')).toContain(`"Authorization: Bearer ${token}"`);
    const settings = readFileSync(file('decide'), 'utf8');
    expect(settings).toContain(`decide_socket='${at('s')}'\ndecide_patience='20'\ndecide_fallback='deny'\n`);
    const argv =
      readFileSync(file('launch'), 'utf8')
        .split('\n')
        .find((line) => line.startsWith('set -- ')) ?? '';
    expect(argv).toContain(at('bin', 'decide.sh'));
    expect(argv).not.toContain(token);
  });

  it('is what the settings say at that moment: the host for Codex alone, and not in dangerous mode', () => {
    let isOn = false;
    const made = launcher(
      { SSH_AUTH_SOCK: '/agent' },
      { forwardSshAgent: () => isOn, codexHostAccess: () => isOn },
    );
    const ssh = () =>
      made.environment(getProvider('shell'), { launch: { billingMode: 'api' } } as SessionRecord, {});
    const hosts = () =>
      (['codex', 'claude-code', 'shell'] as const).map((id) =>
        made.hasHostAccess(getProvider(id), { dangerousMode: false }),
      );
    expect(ssh()).not.toHaveProperty('SSH_AUTH_SOCK');
    expect(hosts()).toEqual([false, false, false]);
    isOn = true;
    expect(ssh().SSH_AUTH_SOCK).toBe('/agent');
    expect(hosts()).toEqual([true, false, false]);
    expect(made.hasHostAccess(getProvider('codex'), { dangerousMode: true })).toBe(false);
  });

  it('has a command `codepiper` that runs whatever its path holds', async () => {
    mkdirSync(at('bin'));
    await launcher({}).install();
    expect(readFileSync(at('bin', 'codepiper'), 'utf8')).toContain(
      "exec '/usr/bin/node' '--' '/opt/it'\\''s/codepiper.cjs'",
    );
    execFileSync('/bin/sh', ['-n', at('bin', 'codepiper')]);
  });
});

describe('the repository of a directory', () => {
  it('is found from below, and for a worktree it is the one it was made from', () => {
    const git = (...args: string[]) => execFileSync('git', ['-C', at('repo'), ...args], { stdio: 'pipe' });
    mkdirSync(at('repo', 'deep', 'er'), { recursive: true });
    git('init', '-q');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'first');
    git('worktree', 'add', '-q', at('tree'));
    expect(repositoryRoot(at('repo', 'deep', 'er'))).toBe(at('repo'));
    expect(repositoryRoot(at('tree'))).toBe(at('repo'));
  });

  it('is none outside of git', () => {
    expect(repositoryRoot('/proc/self')).toBeNull();
  });
});

describe('a stored conversation', () => {
  const claude = getProvider('claude-code');
  const prompt = JSON.stringify({
    type: 'user',
    message: { role: 'user', content: 'hello' },
    promptSource: 'typed',
    origin: { kind: 'human' },
  });

  it('needs a prompt in its transcript: the agent writes other lines first', async () => {
    writeFileSync(at('t.jsonl'), `${JSON.stringify({ type: 'mode', mode: 'default' })}\n`);
    expect(await hasConversation(claude, at('t.jsonl'))).toBe(false);
    writeFileSync(at('t.jsonl'), `{"type":"mode"}\nno json\n${prompt}\n`);
    expect(await hasConversation(claude, at('t.jsonl'))).toBe(true);
  });

  it('is none without a file', async () => {
    expect(await hasConversation(claude, at('missing.jsonl'))).toBe(false);
    expect(await hasConversation(claude, null)).toBe(false);
  });
});

it('says what is wrong with a directory', async () => {
  writeFileSync(at('file'), '');
  await expect(checkDirectory(at('file'))).rejects.toThrow('is not a directory');
  await expect(checkDirectory(at('nowhere'))).rejects.toThrow('there is no such directory');
  await expect(checkDirectory(temp.path)).resolves.toBeUndefined();
});
