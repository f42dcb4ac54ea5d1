import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandHelp } from '../src/commands/help.ts';
import { commands, findCommand } from '../src/commands.ts';
import { processIo } from '../src/io.ts';
import { aSession, type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

let daemon: FakeDaemon;

beforeAll(async () => {
  daemon = await startFakeDaemon();
  daemon.on('GET /sessions', () => ({ sessions: [aSession()] }));
});
afterAll(() => daemon[Symbol.asyncDispose]());

const withDaemon = (options: RunOptions = {}): RunOptions => ({ socket: daemon.socket, ...options });

describe('bad input is refused before the daemon is asked', () => {
  const cases: [line: string[], message: string | RegExp, more?: RunOptions][] = [
    [['sesions'], 'Did you mean sessions?'],
    [['sess'], 'Did you mean sessions?'],
    [['qqqqqqq'], "Run 'codepiper --help'"],
    [['help', 'strat'], 'Did you mean start?'],
    [['sessions', '--jsn'], 'Did you mean --json?'],
    [['sessions', '-Z'], 'has no option -Z'],
    [['sessions', 'extra'], '"extra" is one argument too many'],
    [['sessions', '--status', 'asleep'], '--status is "asleep"'],
    [['sessions', '--status'], '--status needs a value'],
    [['sessions', '--live=1'], '--live takes no value'],
    [['sessions', '--format', 'yaml'], '--format is "yaml"'],
    [['sessions', '--', 'x'], 'takes nothing behind --'],
    [['sessions', '-s', 'relative'], 'must be an absolute path'],
    [['show'], '<session> is required'],
    [['start', '-p', '--json'], '-p needs a value'],
    [['start', '-p', 'shell', '--env', '1A=x'], 'is no name of a variable'],
    [['start', '-p', 'shell', '--env', 'secret'], 'needs KEY=VALUE'],
    [['start', '-p', 'shell', '--env-file', '/nonexistent/f'], 'there is no such file'],
    [['start', '-p', 'shell', '--billing', 'free'], 'must be subscription or api'],
    [['start', '-p', 'shell', '--resume', 'a', '--fork', 'b'], 'exclude each other'],
    [['start', '-p', 'shell', '--prompt', '-'], 'is empty'],
    [['start', '-p', 'shell', '--attach'], 'needs a terminal'],
    [['attach', 'review'], 'needs a terminal'],
    [['attach', 'review', '--stream'], 'needs a terminal'],
    [['attach', 'review', '--take'], '--take belongs to --stream'],
    [['attach', 'review', '--stream', '--take', '-r'], 'with --read-only nothing is changed'],
    [['attach', 'review', '--stream=1'], '--stream takes no value'],
    [['attach', 'review', '--json'], 'has no option --json'],
    [['send', 'review', 'x', '--wait', '-1'], /--wait needs a value|must be a whole number/],
    [['send', 'review', 'x', '--wait=1.5'], 'must be a whole number'],
    [['send', 'review', 'x', '--wait', '1', '--no-wait'], 'exclude each other'],
    [['send', 'review', 'x', '-n', '--no-newline'], 'exclude each other'],
    [['send', 'review', ''], 'is empty'],
    [['send', 'review', 'a\0b'], 'NUL'],
    [['send', 'review', 'x'.repeat(1_048_577)], 'more than 1 MB'],
    [['send', 'review', '- item'], 'goes behind --'],
    [['send', 'review', '-'], 'not valid UTF-8', { stdin: Buffer.from([0x61, 0xff]) }],
    [['send', 'review', '-'], 'more than 1 MB', { stdin: Buffer.alloc(5_000_000, 97) }],
    [['send', 'review', '-'], 'NUL', { stdin: Buffer.from([0]) }],
    [['send', 'review'], 'no text to send', { isTTY: { stdin: true } }],
    [['send', '', 'x'], '<session> is empty'],
    [['send', 'review', 'x', '--image'], '--image needs a value'],
    [['send', 'review', 'x', '--image', '/no/such.png'], 'there is no file "/no/such.png"'],
    [['send', 'review', 'x', '-i', '/dev'], 'it must be a file'],
    [['keys', 'review'], '<key> is required'],
    [['keys', 'review', 'entr'], 'Did you mean enter?'],
    [['keys', 'review', ...Array<string>(101).fill('a')], 'at most 100'],
    [['slash', 'review'], '<command> is required'],
    [['resize', 'review', '1', '40'], '<columns> is "1"'],
    [['resize', 'review', '80', '0x10'], '<rows> is "0x10"'],
    [['tail', 'review', '-n', '0'], '--lines is "0"'],
    [['tail', 'review', '-f', '--json'], 'has no --json'],
    [['logs', 'review', '--source', 'moon'], '--source is "moon"'],
    [['logs', 'review', '--since', 'x'], '--since is "x"'],
    [['logs', 'review', '-m', '--source', 'hook'], '--messages is --source transcript'],
    [['tail', 'review', '--conversation', '-n', 'x'], '--lines is "x"'],
    [['conversations', 'shwo'], 'Did you mean show?'],
    [['conversations', 'show'], '<conversation> is required'],
    [['conversations', 'show', '1', '--wide'], '--wide belongs to the list'],
    [['conversations', '-n', '0'], '--limit is "0"'],
    [['search'], '<words> is required'],
    [['search', ' '], '<words> is required'],
    [['search', 'x', '--kind', 'anwser'], '--kind is "anwser"'],
    [['search', 'x', '-n', '0'], '--limit is "0"'],
    [['search', 'x', '--cwd', '.', '--workspace', '.'], 'are the same'],
    [['search', '-x y'], 'goes behind --'],
    [['analytics', 'tolls'], 'Did you mean tools?'],
    [['analytics', '--range', '8d'], '--range is "8d"'],
    [['analytics', '--limit', '5'], '--limit does not go with analytics overview'],
    [['analytics', 'turns', '-n', '0'], '--limit is "0"'],
    [['analytics', 'tools', '--order', 'name'], '--order is "name"'],
    [['analytics', '--csv', '--json'], 'exclude each other'],
    [['import', ''], '[directory] is empty'],
    [['import', '--provider', 'gpt'], '--provider is "gpt"'],
    [['import', '--detach=1'], '--detach takes no value'],
    [['verify', 'x'], 'one argument too many'],
    [['replay'], '<session> is required'],
    [['replay', 'review', '--at', '90:99'], '--at is "90:99"'],
    [['replay', 'review', '--at', 'turn 0'], '--at is "turn 0"'],
    [['replay', 'review', '--speed', 'fast'], '--speed is "fast"'],
    [['replay', 'review', '--idle-limit', '1'], 'needs a terminal'],
    [['config', 'unse'], 'Did you mean unset?'],
    [['config', 'set', 'sessions.preserve'], 'set needs a key and a value'],
    [['config', 'set', 'sessions.presrve', 'on'], 'Did you mean sessions.preserve?'],
    [['config', 'set', 'sessions.preserve', 'perhaps'], 'allowed is 1, 0'],
    [['config', 'set', 'web.port', '1'], 'is read when the daemon starts'],
    [['config', 'unset', 'sessions.preserve', 'on'], 'one argument too many'],
    [['daemon', 'stop', '--kill-sessions', '--keep-sessions'], 'exclude each other'],
    [['record'], '<action> is required'],
    [['record', 'on'], '<session> is required'],
    [['record', 'stats', 'review'], 'Did you mean status?'],
    [['record', 'off', 'review', '--at', '1'], '--at belongs to record export'],
    [['record', 'export', 'review', '-f', 'v4'], '--format is "v4"'],
    [['record', 'export', 'review', '-o', ''], '--output is empty'],
    [['export'], 'is required'],
    [['export', ''], '<session> is empty'],
    [['export', 'review', '--format', 'pdf'], '--format is "pdf"; it must be markdown or json or html'],
    [['export', 'review', '--json', '--format', 'html'], 'exclude each other'],
    [['export', 'review', '-o', 'review.txt'], 'says no format'],
    [['export', 'review', '-o', ''], '--output is empty'],
    [['export', 'review', '-o', '/nonexistent/x.md'], 'There is no directory /nonexistent'],
    [['export', 'review', '-f', 'md', '-o', '/'], '--format is "md"'],
    [['export', 'review', '-f', 'html', '-o', '/'], 'is a directory'],
    [['export', 'review', '--force'], '--force belongs to --output'],
    [['export', 'review', 'more'], 'one argument too many'],
    [['backup', ''], '[directory] is empty'],
    [['backup', 'a', 'b'], 'one argument too many'],
    [['backup', '--check'], 'has no option --check'],
    [['restore'], '<directory> is required'],
    [['restore', ''], '<directory> is empty'],
    [['restore', 'a', '--force'], 'has no option --force'],
    [['auth'], '<action> is required'],
    [['auth', 'statsu'], 'Did you mean status?'],
    [['auth', 'status', '--generate'], '--generate belongs to auth reset-password'],
    [['auth', 'status', 'x'], 'one argument too many'],
    [['auth', 'reset-password', 'secret'], 'one argument too many'],
    [['auth', 'reset-password'], 'no password on stdin'],
    [['auth', 'reset-password'], 'at least 8 characters', { stdin: 'short\n' }],
    [['auth', 'reset-password'], 'several lines', { stdin: 'long enough\nand more\n' }],
    [['auth', 'reset-password'], 'too long', { stdin: Buffer.alloc(5000, 97) }],
    [
      ['auth', 'reset-password'],
      'are not the same',
      { isTTY: { stdin: true }, answers: ['long enough', 'long enougj'] },
    ],
    [['auth', 'reset-mfa'], 'add --yes'],
    [['auth', 'reset-mfa'], 'Nothing was changed', { isTTY: { stdin: true }, answers: ['y'] }],
    [['auth', 'revoke'], '<device> is required'],
    [['auth', 'revoke', ''], '<device> is empty'],
    [['auth', 'sessions', '--yes'], '--yes belongs to auth reset-mfa'],
    [['stop'], '<session> is required'],
    [['stop', 'review', '--all'], 'not both'],
    [['stop', '--all'], 'add --yes'],
    [['rename', 'review'], '<name> is required'],
    [['rename', 'review', 'x', '--clear'], 'not both'],
    [['rm'], '<session> is required'],
    [['fork'], '<session> is required'],
    [['resume'], '<session> is required'],
    [['recover'], '<session> is required'],
    [['model'], '<session> is required'],
    [['interrupt', 'a', 'b'], 'one argument too many'],
    [['kill', '--timeout', '1', 'a'], 'has no option --timeout'],
    [['providers', 'x'], 'one argument too many'],
    [['doctor', 'x'], 'one argument too many'],
    [['config', 'x'], 'cannot "x"'],
    [['version', 'x'], 'one argument too many'],
    [['completion'], '<shell> is required'],
    [['completion', 'tcsh'], 'must be bash, zsh or fish'],
    [['service', 'start'], 'cannot "start"'],
    [['service', 'status', '--print'], '--print belongs to'],
    [['daemon', 'stat'], 'Did you mean status?'],
    [['daemon', 'stop', '--detach'], '--detach belongs to daemon start'],
    [['daemon', 'status', '--insecure-dev', '80'], '--insecure-dev belongs to daemon start and restart'],
    [['daemon', 'stop', '--web'], '--web belongs to daemon start and restart, not to stop'],
    [['daemon', 'logs', '--tls-key', '/k'], '--tls-key belongs to daemon start and restart'],
    [['daemon', 'start', '--host'], '--host needs a value'],
    [['daemon', 'logs', '-n', 'x'], '--lines is "x"'],
  ];
  test.each(cases)('%j', async (line, message, more) => {
    const before = daemon.asked.filter((asked) => asked.method !== 'GET').length;
    const result = await cli(line, withDaemon(more));
    expect(result.err).toMatch(message);
    expect(result.out).toBe('');
    expect(result.code).toBe(2);
    expect(daemon.asked.filter((asked) => asked.method !== 'GET')).toHaveLength(before);
  });

  test.each([
    ['CODEPIPER_HOME', 'x'],
    ['CODEPIPER_SOCKET', './s'],
  ])('%s=%s', async (name, value) => {
    await expect(cli(['ls'], { env: { [name]: value } })).rejects.toThrow(`${name} is "${value}"`);
  });
});

describe('without a daemon', () => {
  const arguments_: Record<string, string[]> = {
    send: ['x', 'hello'],
    keys: ['x', 'a'],
    slash: ['x', 'y'],
    resize: ['x', '80', '24'],
    rename: ['x', 'y'],
    daemon: ['status'],
    audit: [],
    conversations: [],
    search: ['x'],
    analytics: [],
    record: ['status', 'x'],
    trust: ['x', '--end'],
    policy: ['list'],
    'policy-set': ['list'],
    start: ['-p', 'shell'],
  };
  const without = [
    'daemon',
    'service',
    'doctor',
    'config',
    'completion',
    'version',
    'help',
    '__complete',
    'attach',
    'backup',
    'restore',
    'auth',
  ];
  const clients = commands.filter((c) => !without.includes(c.name)).map((c) => c.name);
  test.each([...clients, 'daemon'])('%s says so and exits with 3', async (name) => {
    const command = commands.find((c) => c.name === name);
    const positionals = command?.positionals?.length ? ['x'] : [];
    const { code, err, out } = await cli([name, ...(arguments_[name] ?? positionals)]);
    expect(err).toBe(
      'Error: The daemon is not running (no answer at /nonexistent/socket). Start it: codepiper daemon start --detach\n',
    );
    expect(out).toBe('');
    expect(code).toBe(3);
  });

  test('version, config and completion do without, daemon stop has nothing to do', async () => {
    expect((await cli(['version'])).out).toContain('daemon: not running');
    const config = await cli(['config', '--json']);
    expect(JSON.parse(config.out)).toContainEqual({
      key: 'socket',
      value: '/nonexistent/socket',
      origin: 'env',
      from: 'CODEPIPER_SOCKET',
      line: null,
    });
    expect(await cli(['__complete', 'sessions'])).toMatchObject({ code: 0, out: '', err: '' });
    expect(await cli(['daemon', 'stop'])).toMatchObject({ code: 0, err: '' });
  });

  test('the socket is the one that the running daemon of the home noted', async () => {
    const { directory, socket } = daemon;
    await writeFile(join(directory, 'daemon.json'), JSON.stringify({ pid: 1, socket }));
    const env = { CODEPIPER_HOME: directory, CODEPIPER_SOCKET: '' };
    expect((await cli(['ls', '-q'], { env })).code).toBe(0);
    expect((await cli(['ls', '-q'], { env: { ...env, CODEPIPER_SOCKET: '/nonexistent/s' } })).code).toBe(3);
    expect((await cli(['ls', '-q', '-s', '/nonexistent/s'], { env })).code).toBe(3);
  });
});

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j is the overview', async (argv) => {
    const { out, code } = await cli(argv);
    expect(code).toBe(0);
    for (const { name, isHidden } of commands) expect(out.includes(`\n  ${name}`)).toBe(!isHidden);
  });

  test.each(commands.filter((c) => !c.isHidden).map((c) => c.name))(
    '%s --help: examples first',
    async (name) => {
      const { out, code } = await cli([name, '--help']);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: codepiper ${name}`);
      expect(out.indexOf('codepiper')).toBeLessThanOrEqual(out.indexOf('Usage:'));
      expect((await cli(['help', name])).out).toBe(out);
    },
  );

  test('every example is a command line that the command takes', async () => {
    const { parseInput } = await import('../src/args.ts');
    for (const command of commands) {
      for (const [line] of command.examples) {
        const words = line.split(/ [<>] /)[0]?.match(/"[^"]*"|\S+/g) ?? [];
        await parseInput(
          command,
          words.slice(1).map((word) => word.replaceAll('"', '')),
        );
      }
    }
  });

  test('--version is the bare number', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' });
  });
});

test('says what to do in a directory that is gone', () => {
  const gone = vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw Object.assign(new Error('uv_cwd'), { code: 'ENOENT' });
  });
  try {
    expect(() => processIo()).toThrow('The current directory is gone. Change to another one: cd ~');
  } finally {
    gone.mockRestore();
  }
});

test('lets notes flow on a narrow terminal', () => {
  const command = findCommand('import');
  if (!command) throw new Error('there is no import');
  expect(commandHelp(command, 80)).toMatch(/is not read\stwice: import as often as you like\./);
  const lines = commandHelp(command, 80).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines).not.toContainEqual(expect.stringMatching(/^is there already is not read$/));
});
