import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, openSync } from 'node:fs';
import { appendFile, chmod, mkdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { anySourceSchema } from '@codepiper/core/events/event.ts';
import { providerIds } from '@codepiper/core/providers/provider.ts';
import { maxPromptBytes, sessionStatuses } from '@codepiper/core/sessions/session.ts';
import { type Setting, settings } from '@codepiper/core/settings/settings.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, test } from 'vitest';
import { attachPlan } from '../src/attach.ts';
import { commands, findCommand } from '../src/commands.ts';
import { followLines, lastLines, prettyLine } from '../src/daemon/log-lines.ts';
import { tmuxCosts, tmuxVersion } from '../src/doctor/programs.ts';
import { providerNames, statusNames } from '../src/options.ts';
import { launchdAgent, systemdUnit } from '../src/service/files.ts';
import { textLimit } from '../src/text-input.ts';
import { version } from '../src/version.ts';
import { aSession, sessionId, startFakeDaemon } from './fake-daemon.ts';
import { cli } from './harness.ts';

const root = resolve(import.meta.dirname, '../../..');
const main = join(root, 'packages/cli/src/main.ts');
const node = [
  process.execPath,
  '--conditions=source',
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
];

/** The CLI as a program of its own. */
function program(args: string[], env: Record<string, string> = {}) {
  const [command = '', ...rest] = node;
  return spawn(command, [...rest, main, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ReturnType<typeof program>) {
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const code = await new Promise((done) => child.once('close', done));
  return { code, out, err };
}

describe('what the CLI repeats of core, to start without zod, is the same', () => {
  test('limits and words', () => {
    expect(textLimit).toBe(maxPromptBytes);
    expect(statusNames).toEqual(sessionStatuses);
    expect(providerNames).toEqual(providerIds);
    expect(findCommand('logs')?.options.source?.complete).toEqual(anySourceSchema.options);
  });

  test('every flag of a setting is an option of daemon', () => {
    const flags = Object.values<Setting>(settings).flatMap(({ flag }) => flag ?? []);
    expect(Object.keys(findCommand('daemon')?.options ?? {})).toEqual(expect.arrayContaining(flags));
  });

  test('names, aliases and short options are unique', () => {
    const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const { options } of commands) {
      const shorts = Object.values(options).flatMap(({ short }) => short ?? []);
      expect(new Set(shorts).size).toBe(shorts.length);
    }
  });
});

describe('the program', () => {
  test('exit codes and streams', async () => {
    expect(await ended(program(['--version']))).toEqual({ code: 0, out: '0.1.0\n', err: '' });
    const absent = await ended(program(['ls'], { CODEPIPER_SOCKET: '/nonexistent/s' }));
    expect(absent).toMatchObject({ code: 3, out: '' });
    expect(await ended(program(['ls'], { CODEPIPER_HOME: 'x' }))).toMatchObject({
      code: 2,
      err: 'Error: CODEPIPER_HOME is "x"; it must be an absolute path.\n',
    });
  });

  test('a reader that leaves is no error', async () => {
    await using daemon = await startFakeDaemon();
    daemon.on('GET /sessions', () => ({ sessions: Array.from({ length: 3000 }, () => aSession()) }));
    const child = program(['ls', '--json', '-s', daemon.socket]);
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    expect(await new Promise((done) => child.once('close', done))).toBe(0);
    expect(err).toBe('');
  });

  test('a slow reader of much output gets all of it', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = Array.from({ length: 3000 }, () => aSession());
    daemon.on('GET /sessions', () => ({ sessions }));
    const { out, code } = await ended(program(['ls', '--json', '-s', daemon.socket]));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveLength(sessions.length);
  });

  test('so does the reader of a pipe that does not block', async () => {
    await using daemon = await startFakeDaemon();
    await using directory = await makeTempDir();
    const sessions = Array.from({ length: 3000 }, () => aSession());
    daemon.on('GET /sessions', () => ({ sessions }));
    const pipe = join(directory.path, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const end = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const reader = createReadStream(pipe, 'utf8');
    await once(reader, 'open');
    // Node lets the first three block for a program it starts; a shell hands on the fourth as it is.
    const line = [...node, main, 'ls', '--json', '-s', daemon.socket];
    const child = spawn('sh', ['-c', 'exec "$@" >&3', 'sh', ...line], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent' },
      stdio: ['ignore', 'ignore', 'inherit', end],
    });
    closeSync(end);
    const code = once(child, 'exit');
    let out = '';
    for await (const text of reader) out += text;
    expect(await code).toEqual([0, null]);
    expect(JSON.parse(out)).toHaveLength(sessions.length);
  });

  test('the reference pages are fresh', () => {
    const [command = '', ...rest] = node;
    const check = spawnSync(command, [...rest, join(root, 'packages/cli/src/reference.ts'), '--check'], {
      encoding: 'utf8',
    });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
  });
});

describe('completion', () => {
  test('bash offers commands, options, values and sessions', async () => {
    await using directory = await makeTempDir();
    const { out } = await cli(['completion', 'bash']);
    await writeFile(join(directory.path, 'codepiper'), '#!/bin/sh\necho review\necho 3fa2b1c0\n');
    await chmod(join(directory.path, 'codepiper'), 0o755);
    const complete = (...words: string[]) => {
      const script = `${out}\nCOMP_WORDS=(codepiper ${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length}; _codepiper; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const ran = spawnSync('bash', ['--norc', '-c', script], {
        encoding: 'utf8',
        env: { PATH: `${directory.path}:${process.env.PATH}` },
      });
      expect(ran.stderr).toBe('');
      return ran.stdout.trim().split('\n');
    };
    expect(complete('se')).toEqual(['sessions', 'send', 'search', 'service']);
    expect(complete('send', 're')).toEqual(['review']);
    expect(complete('start', '--b')).toEqual(['--billing']);
    expect(complete('start', '-p', 'c')).toEqual(['claude-code', 'codex']);
    expect(complete('daemon', 'sta')).toEqual(['start', 'status']);
    expect(complete('help', 'tai')).toEqual(['tail']);
  });

  test.each(['zsh', 'fish'])('%s knows every command and option', async (shell) => {
    const { out } = await cli(['completion', shell]);
    for (const { name, options, isHidden } of commands) {
      if (isHidden) continue;
      expect(out).toContain(name);
      for (const option of Object.keys(options)) expect(out).toMatch(new RegExp(`(--|-l )${option}\\b`));
    }
    expect(out).toContain('codepiper __complete sessions');
  });
});

describe('attach', () => {
  const session = aSession();
  const target = `=codepiper-${sessionId}`;
  const outside = { tmux: undefined, uid: 1000 };
  const inside = (socket: string) => ({ tmux: `${socket},123,0`, uid: 1000 });

  test('runs the command of the session as words', () => {
    expect(attachPlan(session, outside, false)).toEqual({
      program: 'tmux',
      args: ['-L', 'codepiper', 'attach-session', '-t', target],
      isSwitch: false,
    });
    expect(attachPlan(session, outside, true).args.at(-1)).toBe('-r');
  });

  test('switches inside the same server, nests in another', () => {
    expect(attachPlan(session, inside('/tmp/tmux-1000/codepiper'), false)).toMatchObject({
      args: ['-L', 'codepiper', 'switch-client', '-t', target],
      isSwitch: true,
    });
    for (const other of ['/tmp/tmux-1000/default', '/run/tmux-1000/codepiper', '/tmp/tmux-1/codepiper'])
      expect(attachPlan(session, inside(other), false).isSwitch).toBe(false);
    const onDefault = aSession({ attachCommand: `tmux attach-session -t ${target}` });
    expect(attachPlan(onDefault, inside('/tmp/tmux-1000/default'), false).args[0]).toBe('switch-client');
  });

  test('a whole socket path is taken as it is, quoted or not, and compared with where we are', async () => {
    await using directory = await makeTempDir();
    const folder = join(directory.path, "it's here");
    await mkdir(folder);
    await symlink(folder, join(directory.path, 'link'));
    const quoted = `'${join(folder, 's').replaceAll("'", "'\\''")}'`;
    const there = aSession({ attachCommand: `tmux -S ${quoted} attach-session -t ${target}` });
    expect(attachPlan(there, outside, false)).toEqual({
      program: 'tmux',
      args: ['-S', join(folder, 's'), 'attach-session', '-t', target],
      isSwitch: false,
    });
    expect(attachPlan(there, inside(join(folder, 's')), false)).toMatchObject({
      args: ['-S', join(folder, 's'), 'switch-client', '-t', target],
      isSwitch: true,
    });
    expect(attachPlan(there, inside('/tmp/tmux-1000/s'), false).isSwitch).toBe(false);
    await writeFile(join(folder, 's'), '');
    const linked = aSession({
      attachCommand: `tmux -S ${directory.path}/link/s attach-session -t ${target}`,
    });
    expect(attachPlan(linked, inside(join(folder, 's')), false).isSwitch).toBe(true);
  });

  test('an ended session, and words a shell would read otherwise, are refused', () => {
    expect(() =>
      attachPlan(aSession({ attachCommand: null, status: 'stopped', activity: null }), outside, false),
    ).toThrow('has ended');
    for (const attachCommand of ['tmux; rm -rf /', "tmux 'open", 'tmux $(x)', 'tmux \'a\'"b"', ''])
      expect(() => attachPlan(aSession({ attachCommand }), outside, false)).toThrow('not understood');
  });
});

describe('log of the daemon', () => {
  test('last lines come whole from the end of a large file', async () => {
    await using directory = await makeTempDir();
    const file = join(directory.path, 'log');
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ü`);
    await writeFile(file, `${lines.join('\n')}\nhalf`);
    expect(lastLines(file, 9000).lines).toEqual(lines.slice(-9000));
    expect(lastLines(file, 50_000).lines).toEqual(lines);
    expect(lastLines(file, 1).end).toBe(Buffer.byteLength(`${lines.join('\n')}\n`));
  });

  test('following goes on over half lines and a rotation', async () => {
    await using directory = await makeTempDir();
    const file = join(directory.path, 'log');
    await writeFile(file, 'a\nhal');
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const line of followLines(file, lastLines(file, 1), stop.signal)) seen.push(line);
    })();
    await appendFile(file, 'f\nb\n');
    await waitFor('the line that was finished', () => seen.includes('b'));
    await rename(file, `${file}.1`);
    await writeFile(file, 'new\n');
    await waitFor('a line of the new file', () => seen.includes('new'));
    stop.abort();
    await following;
    expect(seen).toEqual(['half', 'b', 'new']);
  });

  test('pino lines become text, others stay', () => {
    expect(
      prettyLine('{"level":40,"time":0,"pid":1,"hostname":"h","msg":"slow","ms":5,"err":{"message":"a b"}}'),
    ).toBe('1970-01-01T00:00:00.000Z WARN  slow ms=5 err="a b"');
    expect(prettyLine('no json')).toBe('no json');
  });
});

describe('service', () => {
  const self = ['/usr/bin/node', '/opt/a "b" %h $x/bin'];

  test('a systemd unit reads its words as they are', () => {
    const unit = systemdUnit(self, { PATH: '/bin:/x y', CODEPIPER_HOME: '/h%' });
    expect(unit).toContain('ExecStart="/usr/bin/node" "/opt/a \\"b\\" %%h $$x/bin" "daemon" "start"\n');
    expect(unit).toContain('Environment="PATH=/bin:/x y"\nEnvironment="CODEPIPER_HOME=/h%%"\n');
    expect(unit).toContain('KillMode=process\n');
  });

  test('a launchd agent escapes what XML would read', () => {
    expect(launchdAgent(['/a&b', '<c>'], { A: '"' })).toContain(
      '<string>/a&amp;b</string>\n    <string>&lt;c&gt;</string>',
    );
  });

  test.skipIf(process.platform === 'darwin')(
    'install, status and uninstall with a systemd of our own',
    async () => {
      await using directory = await makeTempDir();
      const bin = join(directory.path, 'bin');
      await mkdir(bin);
      const calls = join(directory.path, 'calls');
      await writeFile(join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >> '${calls}'\n`);
      await chmod(join(bin, 'systemctl'), 0o755);
      const home = { HOME: directory.path, XDG_CONFIG_HOME: join(directory.path, 'c'), PATH: bin };
      const file = join(directory.path, 'c/systemd/user/codepiper.service');
      const service = async (action: string) => {
        const result = await ended(program(['service', action, '--json'], home));
        return { code: result.code, ...JSON.parse(result.out) };
      };
      expect(await service('status')).toEqual({ code: 1, file, installed: false, active: false });
      expect(await service('install')).toEqual({ code: 0, file, installed: true, active: true });
      expect((await stat(file)).mode & 0o777).toBe(0o644);
      expect(await service('status')).toEqual({ code: 0, file, installed: true, active: true });
      expect(await service('uninstall')).toEqual({ code: 0, file, installed: false, active: false });
      await expect(stat(file)).rejects.toThrow('ENOENT');
    },
  );
});

describe('the environment of a service', () => {
  test('is the one of the person who installs it', async () => {
    const env = {
      PATH: '/bin',
      TMUX_TMPDIR: '/run/tmux',
      CODEPIPER_MAX_SESSIONS: '7',
      CLAUDE_CONFIG_DIR: '/claude',
      CODEPIPER_TOKEN: 'the-token',
      ANTHROPIC_API_KEY: 'the-key',
    };
    const { code, out, err } = await cli(['service', 'install', '--print'], { env });
    expect(code).toBe(0);
    for (const part of ['/run/tmux', 'CODEPIPER_MAX_SESSIONS', '/claude']) expect(out).toContain(part);
    expect(out).not.toMatch(/the-token|the-key/);
    expect(err).toContain('Left out of the service file, because they hold secrets: ANTHROPIC_API_KEY.');
  });

  test('a secret of the daemon is not written, and has a place named', async () => {
    const { code, out, err } = await cli(['service', 'install', '--print'], {
      env: { CODEPIPER_PUSH_PRIVATE_KEY: 'the-key' },
    });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Put push.privateKey into /nonexistent/codepiper/config.yaml');
    expect(err).not.toContain('the-key');
  });
});

test('daemon restart stops nothing when the configuration is wrong', async () => {
  await using daemon = await startFakeDaemon();
  daemon.on('GET /config', () => ({ settings: [] }));
  await writeFile(join(daemon.directory, 'config.yaml'), 'colour: blue\n');
  const { code, err } = await cli(['daemon', 'restart'], {
    socket: daemon.socket,
    env: { CODEPIPER_HOME: daemon.directory },
  });
  expect(code).toBe(2);
  expect(err).toMatch(/colour[\s\S]*Nothing was stopped/);
  expect(daemon.asked.map(({ path }) => path)).toEqual(['/config']);
});

const aSet = { name: 'team', description: null, isDefault: false, policyIds: [], source: 'user' };

describe('doctor', () => {
  interface Report {
    ok: boolean;
    checks: { name: string; status: string; message: string; hint: string | null }[];
  }

  async function doctor(home: string, env: Record<string, string> = {}) {
    const { out, code } = await cli(['doctor', '--json'], {
      socket: join(home, 's'),
      env: { CODEPIPER_HOME: home, HOME: home, ...env },
    });
    const report: Report = JSON.parse(out);
    const find = (name: string) => report.checks.find((check) => check.name === name);
    return { code, report, find };
  }

  test('a fresh home is well', async () => {
    await using directory = await makeTempDir();
    const { code, report, find } = await doctor(directory.path);
    expect(report.checks.filter((check) => check.status === 'fail')).toEqual([]);
    expect(code).toBe(0);
    expect(find('daemon')).toMatchObject({ status: 'warn', hint: expect.stringContaining('daemon start') });
  });

  test('an open home, a damaged database, a broken config and a foreign file are named', async () => {
    await using directory = await makeTempDir();
    await writeFile(join(directory.path, 'codepiper.db'), 'SQLite format 3\0 and then nonsense', {
      mode: 0o600,
    });
    await writeFile(join(directory.path, 'config.yaml'), 'colour: blue\n');
    await writeFile(join(directory.path, 's'), '');
    await chmod(directory.path, 0o755);
    const { code, find } = await doctor(directory.path);
    expect(code).toBe(1);
    expect(find('home')).toMatchObject({ status: 'fail', hint: expect.stringContaining('chmod 700') });
    expect(find('database')).toMatchObject({ status: 'fail' });
    expect(find('config')).toMatchObject({ status: 'fail', message: expect.stringContaining('colour') });
    expect(find('daemon')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('is no socket'),
    });
  });

  test('a broken rules file is named with its line, and sets that are nowhere', async () => {
    await using directory = await makeTempDir();
    const rules = join(directory.path, 'rules.yaml');
    const config = `policies:\n  file: ${rules}\n  sets: [careful, team]\n`;
    await writeFile(join(directory.path, 'config.yaml'), config);
    const missing = await doctor(directory.path);
    expect(missing.find('rules file')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${rules} cannot be read`),
    });
    // Without a daemon nobody knows the sets that people made.
    expect(missing.find('policy sets')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('"team"'),
    });

    await writeFile(rules, 'policies:\n  - name: x\n    rules:\n      - { action: alow }\n');
    const broken = await doctor(directory.path);
    expect(broken.code).toBe(1);
    expect(broken.find('rules file')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${rules}:4:`),
    });

    await writeFile(rules, 'policies:\n  - name: x\n    rules:\n      - { action: allow }\n');
    const right = await doctor(directory.path, { CODEPIPER_POLICY_SETS: 'ci' });
    expect(right.find('rules file')).toMatchObject({ status: 'ok' });
    expect(right.find('policy sets')).toMatchObject({ status: 'ok' });
  });

  test.each([
    ['team', 'ok'],
    ['tema', 'fail'],
  ])('a running daemon knows whether there is a set %s', async (set, status) => {
    await using daemon = await startFakeDaemon();
    daemon
      .on('GET /health', () => ({ version: '0', pid: 1, liveSessions: 0 }))
      .on('GET /policy-sets', () => ({ policySets: [{ id: 'team', ...aSet }] }));
    const { out } = await cli(['doctor', '--json'], {
      socket: daemon.socket,
      env: { CODEPIPER_HOME: daemon.directory, CODEPIPER_POLICY_SETS: set },
    });
    const { checks }: Report = JSON.parse(out);
    expect(checks.find(({ name }) => name === 'policy sets')).toMatchObject({ status });
  });

  test('what is missing is named with the way to get it', async () => {
    await using directory = await makeTempDir();
    const { code, find } = await doctor(directory.path, { PATH: '/nonexistent' });
    expect(code).toBe(1);
    expect(find('tmux')).toMatchObject({ status: 'fail', hint: expect.stringContaining('apt-get') });
    expect(find('codex')).toMatchObject({ status: 'warn', hint: 'Install it: npm install -g @openai/codex' });
  });

  test('whoever holds the socket without a word is a failure', async () => {
    await using directory = await makeTempDir();
    const server = createServer((socket) => socket.resume().end('hello\r\n'));
    await new Promise<void>((done) => server.listen(join(directory.path, 's'), done));
    const { find } = await doctor(directory.path);
    expect(find('daemon')).toMatchObject({ status: 'fail' });
    await new Promise((done) => server.close(done));
  });

  test.each([
    ['tmux 3.3a', { text: '3.3a', number: 303 }],
    ['tmux next-3.6', { text: 'next-3.6', number: 306 }],
    ['tmux 3.10', { text: '3.10', number: 310 }],
    ['tmux master', { text: 'master', number: Number.POSITIVE_INFINITY }],
    ['screen', undefined],
  ])('%s', (said, version) => {
    expect(tmuxVersion(said)).toEqual(version);
  });

  test.each([
    ['3.0a', 'warn', ['the largest', 'flow control', 'titles', 'links', 'cursor', 'bracketed']],
    ['3.2a', 'ok', ['over its attached terminal', 'may crash', 'links', 'cursor', 'bracketed']],
    ['3.3a', 'ok', ['may crash', 'links', 'cursor', 'bracketed']],
    ['3.5', 'ok', ['may crash', 'cursor', 'bracketed']],
    ['3.6b', 'ok', ['may crash', 'bracketed']],
    ['3.7c', 'ok', []],
    ['2.9', 'fail', []],
  ])('what tmux %s costs is said', async (version, status, costs) => {
    await using directory = await makeTempDir();
    await writeFile(join(directory.path, 'tmux'), `#!/bin/sh\necho tmux ${version}\n`, { mode: 0o755 });
    const { find } = await doctor(directory.path, { PATH: `${directory.path}:/usr/bin:/bin` });
    const check = find('tmux');
    expect(check).toMatchObject({ status });
    for (const cost of costs) expect(check?.message).toContain(cost);
    if (costs.length === 0) expect(check?.message).not.toContain('older than 3.7');
  });

  test('a version that has everything costs nothing', () => {
    expect(tmuxCosts(307)).toEqual([]);
    expect(tmuxCosts(Number.POSITIVE_INFINITY)).toEqual([]);
  });

  test.each([
    ['a port that is served without sign-in', { insecureDev: 4321, dashboard: null }],
    [
      'a dashboard that other machines reach without TLS',
      {
        insecureDev: null,
        dashboard: { url: 'http://localhost:4321', port: 4321, isTls: false, isPublic: true },
      },
    ],
  ])('%s is a warning', async (_what, ways) => {
    await using daemon = await startFakeDaemon();
    daemon.on('GET /health', () => ({ version, pid: 1, liveSessions: 0, ...ways }));
    const { out } = await cli(['doctor', '--json'], {
      socket: daemon.socket,
      env: { CODEPIPER_HOME: daemon.directory },
    });
    const { checks }: Report = JSON.parse(out);
    expect(checks.find(({ name }) => name === 'daemon')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('4321'),
    });
  });
});
