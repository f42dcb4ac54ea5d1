import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { type Person, sitDown } from '@codepiper/testkit/person.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\x00-\x09\x0b-\x1f\x7f]/;

let house: House;
let work: string;
beforeAll(async () => {
  house = await House.open();
  work = await house.workDirectory();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Starts a shell session and waits until its program is there. */
async function startShell(name: string, ...argv: string[]): Promise<string> {
  const id = await house.run('start', '-p', 'shell', '-d', work, '--name', name, '--', ...argv);
  await house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
  return id;
}
const startBash = (name: string) => startShell(name, 'bash', '--norc', '--noprofile');
const shows = (id: string, label: string, pattern: RegExp) =>
  waitFor(label, async () => pattern.test(await house.screen(id)));
const json = async <T>(...args: string[]) => JSON.parse(await house.run(...args, '--json')) as T;

/** A person whose terminal runs the command. */
function sit(
  args: string[],
  options: { cols?: number; rows?: number; env?: Record<string, string> } = {},
): Person {
  const { env = {}, ...size } = options;
  return sitDown([process.execPath, builtCli, ...args], {
    cwd: work,
    env: { ...house.env, ...env },
    ...size,
  });
}

/** Sessions that a terminal is attached to. The daemon's own clients, which record, have none. */
const attached = async () =>
  (await house.tmux('list-clients', '-F', '#{client_control_mode} #{session_name}'))
    .split('\n')
    .flatMap((line) => (line.startsWith('0 ') ? [line.slice(2)] : []));

/** A command that goes on until it is ended, and what it has printed. */
function follow(...args: string[]): { output: () => string; code: Promise<number | null>; end: () => void } {
  const child = spawn(process.execPath, [builtCli, ...args], {
    env: house.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output: () => output, code, end: () => child.kill('SIGINT') };
}

describe('start', () => {
  it('gives the program its name, directory, variables and arguments', async () => {
    const file = join(work, 'vars');
    await writeFile(file, '# comment\nexport A=from file\nB="two\\nlines"\nC=file\n');
    const script = 'printf "%s|%s|%s|%s|%s\\n" "$PWD" "$A" "$B" "$C" "$1" > started; exec sleep 1000';
    const id = await house.run(
      'start',
      '-p',
      'sh',
      '-d',
      work,
      '-n',
      'named',
      '--env-file',
      file,
      '-e',
      'C=flag',
      '-e',
      'D==',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      'an  "argument"',
    );
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const started = await waitFor('the program', () =>
      readFile(join(work, 'started'), 'utf8').catch(() => ''),
    );
    expect(started).toBe(`${work}|from file|two\nlines|flag|an  "argument"\n`);
    const session = await json<Session>('show', 'named');
    expect(session).toMatchObject({
      id,
      name: 'named',
      provider: 'shell',
      cwd: work,
      metadata: { launch: { envKeys: ['A', 'B', 'C', 'D'] } },
    });
    expect(await house.run('show', 'named')).toMatch(/^attach with +tmux -L/m);
    await house.run('kill', 'named');
  });

  it('starts where it is called, and prints the session as JSON when asked', async () => {
    const session = await json<Session>('start', '-p', 'shell');
    expect(session).toMatchObject({
      provider: 'shell',
      cwd: process.cwd(),
      status: expect.stringMatching(/starting|running/),
    });
    await house.run('kill', session.id);
  });

  it('takes the first prompt from stdin and types it', async () => {
    const { code, stdout } = await house.cli(
      ['start', '-p', 'shell', '-d', work, '--prompt', '-', '--', 'bash', '--norc'],
      { input: 'echo $((6*7)) answered\n' },
    );
    expect(code).toBe(0);
    await shows(stdout.trim(), 'the answer', /^42 answered$/m);
    await house.run('kill', stdout.trim());
  });

  it('tells a person how to go on', async () => {
    await using person = sit(['start', '-p', 'shell', '--name', 'seen']);
    const screen = await person.waitForText(/codepiper stop seen/);
    expect(screen).toContain('codepiper attach seen');
    expect((await person.exit).code).toBe(0);
    await house.run('kill', 'seen');
  });
});

describe('sessions', () => {
  it('filters, and prints ids, JSON and a table', async () => {
    const live = await startBash('a-live-one');
    const ended = await house.run(
      'start',
      '-p',
      'shell',
      '-d',
      work,
      '-n',
      'an-ended-one',
      '--',
      'sh',
      '-c',
      'exit 3',
    );
    await house.until(ended, 'ended', ({ endedAt }) => endedAt !== null);
    const ids = async (...args: string[]) => (await house.run('sessions', '-q', ...args)).split('\n');
    expect(await ids()).toEqual(expect.arrayContaining([live, ended]));
    expect(await ids('--live')).toContain(live);
    expect(await ids('--live')).not.toContain(ended);
    expect(await ids('--status', 'crashed')).toEqual([ended]);
    expect(await ids('-p', 'shell')).toContain(live);
    expect(await house.run('sessions', '-p', 'claude')).toBe('');
    expect(await house.run('ls', '--format', 'json')).toBe(await house.run('sessions', '--json'));
    const [first] = await json<Session[]>('sessions', '--status', 'crashed');
    expect(first).toEqual(await json('show', 'an-ended-one'));
    expect(await house.run('sessions')).toMatch(/^ID +NAME +PROVIDER +STATUS +MODEL +DIRECTORY +AGE$/m);
    expect(await house.run('sessions')).toMatch(/an-ended-one +shell +crashed \(exit code 3\)/);
    expect(await house.run('sessions', '--wide')).toContain((await house.session(live)).attachCommand);
    await house.run('kill', live);
  });

  it.each([80, 40])('fits %i columns', async (cols) => {
    const name = `a-name-of-${'x'.repeat(60)}`;
    const id = await startBash(name);
    await using person = sit(['sessions'], { cols, rows: 50 });
    const { code } = await person.exit;
    await person.waitForText(/^[0-9a-f]{8} /m);
    expect(code).toBe(0);
    const lines = person.screen().split('\n');
    // A line that wraps would leave one that begins with no id.
    expect(lines.filter((line) => line !== '' && !/^(ID|[0-9a-f]{8}) /.test(line))).toEqual([]);
    expect(person.output()).toContain('\x1b[');
    await using plain = sit(['sessions'], { cols, env: { NO_COLOR: '1' } });
    await plain.exit;
    await plain.waitForText(/^[0-9a-f]{8} /m);
    expect(plain.output()).not.toContain('\x1b[');
    await house.run('kill', id);
    await house.run('rm', id);
  });
});

describe('a session by another name', () => {
  it('is found by its beginning and its name, and an ambiguous beginning lists who it may be', async () => {
    const ids = [await startShell('red', 'sleep', '1000')];
    while (new Set(ids.map((id) => id[0])).size === ids.length)
      ids.push(await house.run('start', '-p', 'shell', '-d', work, '--', 'sleep', '1000'));
    const [id = ''] = ids;
    expect((await json<Session>('show', id.slice(0, 13))).id).toBe(id);
    expect((await json<Session>('show', 'red')).id).toBe(id);
    const all = (await house.sessions()).map((session) => session.id);
    const shared = ids.find((one) => ids.some((other) => other !== one && other[0] === one[0]))?.[0] ?? '';
    const { code, stderr } = await house.cli(['show', shared]);
    expect(code).toBe(4);
    const candidates = stderr.split('\n').filter((line) => /^ {2}[0-9a-f]{8} /.test(line));
    expect(candidates).toHaveLength(all.filter((one) => one.startsWith(shared)).length);
    const killed = await json<Session[]>('kill', ...ids);
    expect(killed.map((session) => session.id).sort()).toEqual([...ids].sort());
    expect((await house.run('rm', ...ids)).split('\n')).toHaveLength(ids.length);
  });
});

describe('talking to a session', () => {
  it('proves each text, the very first after a start of the daemon too', async () => {
    await using fresh = await House.open();
    const id = await fresh.run('start', '-p', 'shell', '--', 'bash', '--norc');
    await waitFor(
      'the prompt',
      async () => (await fresh.screen(id)).includes('$') || (await fresh.screen(id)).includes('#'),
    );
    for (const text of ['echo one', 'echo one', 'echo two']) {
      expect(await fresh.run('send', id, text)).toBe('delivered (screen: the program echoed it)');
    }
  });

  it('sends words, stdin, drafts and what begins with a dash', async () => {
    const id = await startBash('talk');
    await house.run('send', 'talk', 'echo', 'several', 'words');
    await shows(id, 'the words', /^several words$/m);
    await house.cli(['send', 'talk', '-'], { input: 'echo "from\nstdin"\n' });
    await shows(id, 'both lines', /^from\nstdin$/m);
    await house.run('send', 'talk', '--no-newline', 'echo a draft');
    expect(await house.screen(id)).not.toMatch(/^a draft$/m);
    await house.run('keys', 'talk', 'space', 'i', 's', 'enter');
    await shows(id, 'the draft with its end', /^a draft is$/m);
    await house.run('send', 'talk', '--', '- x 2>/dev/null; echo dashed');
    await shows(id, 'the dashed one', /^dashed$/m);
    const key = ['send', 'talk', 'echo once >> once', '--key', 'k', '--json'];
    const [one, two] = [await house.cli(key), await house.cli(key)].map(
      ({ stdout }) => JSON.parse(stdout).delivery.id,
    );
    expect(one).toBe(two);
    await house.run('send', 'talk', 'echo sentinel');
    await shows(id, 'the sentinel', /^sentinel$/m);
    expect(await readFile(join(work, 'once'), 'utf8')).toBe('once\n');
    await house.run('kill', 'talk');
  });

  it('interrupts, resizes and names', async () => {
    const id = await startBash('first');
    await house.run('send', id, 'sleep 1000; echo interrupted with $?');
    expect(await house.run('interrupt', id)).toContain('interrupted');
    await house.run('send', id, 'echo back');
    await shows(id, 'the shell again', /^back$/m);
    expect(await house.run('resize', id, '91', '33')).toBe('first is 91x33');
    await house.run('send', id, 'stty size');
    await shows(id, 'the new size', /^33 91$/m);
    expect(await json('show', id)).toMatchObject({ ptyCols: 91, ptyRows: 33 });
    expect(await house.run('rename', 'first', 'second')).toContain('second');
    expect(await json('show', 'second')).toMatchObject({ id });
    await house.run('rename', 'second', '--clear');
    expect(await json('show', id)).toMatchObject({ name: null });
    expect(await house.run('recover', id)).toContain(id.slice(0, 8));
    expect(await json('model', id)).toEqual({ model: null, supportsModelSwitch: false });
    expect((await house.cli(['slash', id, 'help'])).stderr).toContain('no slash commands; use send');
    await house.run('kill', id);
  });

  it('stops several, resumes one and forgets the rest', async () => {
    const ids = [await startBash('s1'), await startBash('s2')];
    expect(await house.run('stop', 's1', 's2')).toBe('s1: stopped\ns2: stopped');
    expect(await house.run('resume', 's1')).toBe(ids[0]);
    const { code, stdout, stderr } = await house.cli(['rm', 's1', 's2']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 's2 is gone\n' });
    expect(stderr).toMatch(/"s1".*still live/);
    await house.run('kill', 's1');
    await house.run('rm', 's1');
    expect((await house.cli(['show', 's1'])).code).toBe(4);
  });
});

describe('reading a session', () => {
  it('forgets every ended session at once, and no live one', async () => {
    const live = await startBash('kept');
    const ended = await startBash('swept');
    await house.run('kill', ended);
    expect((await house.cli(['rm', '--all'])).code).toBe(2);
    await house.run('rm', '--all', '--yes');
    const left = (await house.sessions()).map((session) => session.id);
    expect(left).toContain(live);
    expect(left).not.toContain(ended);
    await house.run('kill', live);
  });

  it('tails, and follows as plain text until the session ends', async () => {
    const id = await startBash('read');
    await house.run('send', id, 'for i in $(seq 200); do echo line $i; done');
    await shows(id, 'the last line', /^line 200$/m);
    const lines = (await house.run('tail', id, '-n', '20')).split('\n');
    expect(lines).toHaveLength(20);
    expect(lines).toContain('line 190');
    const following = follow('tail', id, '--follow', '-n', '5');
    await waitFor('the past', () => following.output().includes('line 200'));
    await house.run(
      'send',
      id,
      "printf '\\033[31mred\\033[0m and \\033]0;title\\007plain\\n'; printf 'w\\bx\\n'",
    );
    await waitFor('what comes', () => following.output().includes('red and plain'));
    // The shell may be gone before anything could prove it.
    await house.run('send', id, 'exit 0', '--no-wait');
    expect(await following.code).toBe(0);
    expect(following.output()).not.toMatch(controls);
    expect(await json('tail', id)).toMatchObject({
      live: false,
      output: expect.stringContaining('red and plain'),
    });
  });

  it('logs what happened, and follows it', async () => {
    const id = await startBash('logged');
    const following = follow('logs', id, '--follow', '--json');
    await waitFor('the past', () => following.output().includes('session.created'));
    await house.run('send', id, 'echo hello');
    await waitFor('the delivery', () => following.output().includes('delivery.delivered'));
    following.end();
    await following.code;
    const events = following
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; type: string });
    expect(events.map(({ id: number }) => number)).toEqual(
      [...new Set(events.map(({ id: number }) => number))].sort((a, b) => a - b),
    );
    expect(await house.run('logs', id)).toMatch(/session\.created.*\n[\s\S]*delivery\.delivered/);
    const deliveries = await json<{ source: string }[]>('logs', id, '--source', 'delivery');
    expect(new Set(deliveries.map(({ source }) => source))).toEqual(new Set(['delivery']));
    await house.run('kill', id);
  });
});

describe('attach', () => {
  it('is the terminal of the session: bash, vim and less', async () => {
    const id = await startBash('desk');
    await using person = sit(['attach', 'desk'], { cols: 100, rows: 30 });
    await person.waitForText(/\$|#/);
    person.type('echo typed $((40+2))\r');
    await person.waitForText(/^typed 42$/m);
    person.type('stty size\r');
    await person.waitForText(/^\d+ 100$/m);
    person.resize(70, 20);
    await waitFor('the program to hear of it', async () => {
      person.type('stty size\r');
      return /^\d+ 70$/m.test(person.screen());
    });
    person.type('vim -u NONE -N note.txt\r');
    await person.waitForText(/^~$/m);
    person.type('iwritten in vim');
    await person.waitForText(/written in vim/);
    person.press('escape');
    person.type(':wq\r');
    await waitFor(
      'the file',
      async () => (await readFile(join(work, 'note.txt'), 'utf8').catch(() => '')) === 'written in vim\n',
    );
    person.type('clear; seq 1000 > many; less many\r');
    await person.waitForText(/^5$[\s\S]*(:|many)$/m);
    person.type('G');
    await person.waitForText(/^1000$/m);
    person.type('q');
    person.type('echo still here\r');
    await person.waitForText(/^still here$/m);
    person.press('ctrl-b');
    person.type('d');
    await person.waitForText(/\[detached from desk\]/);
    expect((await person.exit).code).toBe(0);
    expect(await house.session(id)).toMatchObject({ status: 'running' });
    await house.run('kill', id);
  });

  it('gives the terminal back when it is ended from outside', async () => {
    const id = await startBash('ended');
    await using person = sit(['attach', 'ended']);
    await waitFor('the client', async () => (await attached()).includes(`codepiper-${id}`));
    process.kill(person.pid, 'SIGTERM');
    await person.exit;
    await waitFor('the client to be gone', async () => !(await attached()).includes(`codepiper-${id}`));
    expect((await house.session(id)).status).toBe('running');
    await house.run('kill', id);
  });

  it('reads only with --read-only', async () => {
    const id = await startBash('glass');
    await using person = sit(['attach', 'glass', '--read-only']);
    await person.waitForText(/\$|#/);
    person.type('touch must-not-be\r');
    await house.run('send', id, 'echo beside');
    await person.waitForText(/^beside$/m);
    expect(person.screen()).not.toContain('must-not-be');
    await expect(stat(join(work, 'must-not-be'))).rejects.toThrow();
    await house.run('kill', id);
    await person.waitForText(/\[glass: stopped\]/);
    expect((await person.exit).code).toBe(0);
  });

  it('works from inside a session, and by the command that sessions prints', async () => {
    const outer = await startBash('outer');
    const inner = await startBash('inner');
    await using person = sit(['attach', 'outer']);
    await person.waitForText(/\$|#/);
    person.type('codepiper attach inner\r');
    await waitFor('the inner session to have the terminal', async () =>
      (await attached()).includes(`codepiper-${inner}`),
    );
    person.type('echo inside\r');
    await shows(inner, 'what was typed', /^inside$/m);
    const command = (await house.session(outer)).attachCommand ?? '';
    await using other = sitDown(['sh', '-c', command], { cwd: work, env: house.env });
    await other.waitForText(/codepiper attach inner/);
    other.type('echo by tmux\r');
    await shows(outer, 'what was typed', /^by tmux$/m);
    await house.run('kill', outer, inner);
  });
});

describe('the agent in a session', () => {
  it('calls the command, and may not stop the daemon', async () => {
    const id = await startBash('agent');
    await house.run(
      'send',
      id,
      'codepiper sessions --live --json > mine.json; codepiper daemon stop 2> refused; echo code $?',
    );
    await shows(id, 'the refusal', /^code 1$/m);
    const seen = JSON.parse(await readFile(join(work, 'mine.json'), 'utf8')) as Session[];
    expect(seen.map((session) => session.id)).toContain(id);
    expect(await readFile(join(work, 'refused'), 'utf8')).toMatch(
      /^Error: Only a person may do this, and this call comes from inside session/,
    );
    expect((await house.http('GET', '/health')).body).toMatchObject({ pid: house.daemonPid });
    await house.run('kill', id);
  });
});

describe('the rest', () => {
  it('lists providers and settings, and doctors', async () => {
    expect((await json<{ id: string }[]>('providers')).map(({ id }) => id)).toEqual([
      'claude-code',
      'codex',
      'shell',
    ]);
    expect(await house.run('providers')).toMatch(/^codex +no: npm install/m);
    expect(await json('config')).toContainEqual({
      key: 'socket',
      value: house.socket,
      origin: 'env',
      from: 'CODEPIPER_SOCKET',
      line: null,
    });
    const doctor = await json<{ ok: boolean; checks: { name: string; status: string }[] }>('doctor');
    expect(doctor.ok).toBe(true);
    expect(doctor.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'tmux', 'daemon', 'database', 'disk', 'clock']),
    );
    expect(await house.run('--version')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await json('version')).toMatchObject({
      version: await house.run('-V'),
      daemon: await house.run('-V'),
    });
    expect(await house.run('service', 'install', '--print')).toMatch(/codepiper/);
    expect(await house.run('help', 'send')).toBe(await house.run('send', '--help'));
  });

  it('keeps every line of every help within 120 columns', async () => {
    const overview = await house.run('--help');
    const names = [...overview.matchAll(/^ {2}([a-z-]+)(?:, [a-z]+)? {2,}[A-Z]/gm)].map(
      ([, name]) => name ?? '',
    );
    expect(names.length).toBeGreaterThan(20);
    const helps = await Promise.all(names.map((name) => house.run(name, '--help')));
    expect(
      [overview, ...helps].flatMap((help) => help.split('\n')).filter((line) => line.length > 120),
    ).toEqual([]);
  });

  it('folds help to the terminal', async () => {
    await using person = sit(['start', '--help'], { cols: 74, rows: 70 });
    await person.waitForText(/^--json prints the session\.$/m);
    const whole = (await house.run('start', '--help')).split(/\s+/);
    // What the terminal itself had to wrap would be words cut in two.
    expect(person.screen().split(/\s+/)).toEqual(whole);
  });

  it('completes commands and the names of sessions in bash', async () => {
    await startBash('completed');
    const script = `eval "$("$NODE" "$CLI" completion bash)"
      codepiper() { "$NODE" "$CLI" "$@"; }
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codepiper; printf '%s,' "\${COMPREPLY[@]}"; echo; }
      try codepiper sess; try codepiper attach comp; try codepiper start --pro; try codepiper start --provider co`;
    const env = { ...house.env, NODE: process.execPath, CLI: builtCli };
    const child = spawn('bash', ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(output).toBe('sessions,\ncompleted,\n--provider,--prompt,\ncodex,\n');
    await house.run('kill', 'completed');
  });

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s with every command', async (shell) => {
    const script = await house.run('completion', shell);
    for (const word of ['sessions', 'attach', 'daemon', '__complete']) expect(script).toContain(word);
    expect(script).not.toMatch(/undefined|\[object/);
    const check = spawn('bash', ['-n'], { stdio: ['pipe', 'ignore', 'inherit'] });
    check.stdin.end(shell === 'bash' ? script : ':');
    expect(await new Promise((resolve) => check.once('close', resolve))).toBe(0);
  });
});

describe('the daemon', () => {
  it('starts in the background, tells of itself, restarts under its sessions and stops', async () => {
    await using own = await House.build();
    try {
      expect(await own.run('daemon', 'start', '--detach')).toMatch(
        /^codepiper daemon is running \(pid \d+, socket /,
      );
      const id = await own.run('start', '-p', 'shell', '-n', 'survivor', '--', 'bash', '--norc');
      const status = async () =>
        JSON.parse(await own.run('daemon', 'status', '--json')) as { pid: number; liveSessions: number };
      const first = await status();
      expect(first.liveSessions).toBe(1);
      expect(await own.run('daemon', 'restart')).toContain('is running');
      const second = await status();
      expect(second.pid).not.toBe(first.pid);
      expect(await own.session(id)).toMatchObject({ status: 'running' });
      expect(await own.run('send', 'survivor', 'echo alive')).toContain('delivered');
      expect((await own.run('daemon', 'logs', '-n', '5')).split('\n')).toHaveLength(5);
      expect(await own.run('daemon', 'logs', '-n', '200')).toMatch(/INFO .*the daemon is ready/);
      expect(await own.run('daemon', 'stop')).toContain('1 session goes on');
      expect((await own.cli(['daemon', 'status'])).code).toBe(3);
      expect(await own.run('daemon', 'stop')).toContain('nothing to stop');
      expect(await own.tmux('ls')).toContain(id);
      await own.run('daemon', 'start', '--detach');
      expect(await own.run('daemon', 'stop', '--kill-sessions')).toContain('has stopped');
      expect(await own.tmux('ls')).not.toContain(id);
    } finally {
      await own.cli(['daemon', 'stop', '--kill-sessions']);
    }
  });
});
