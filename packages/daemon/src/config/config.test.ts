import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settings } from '@codepiper/core/settings/settings.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, type ConfigSources, loadConfig } from './config.ts';

let home: TempDir;
beforeEach(async () => {
  home = await makeTempDir();
});
afterEach(() => home[Symbol.asyncDispose]());

const yaml = (text: string | Buffer) => writeFile(join(home.path, 'config.yaml'), text);

function load(sources: Partial<ConfigSources> = {}) {
  return loadConfig({
    flags: {},
    uid: 1000,
    ...sources,
    env: { HOME: '/home/ada', CODEPIPER_HOME: home.path, ...sources.env },
  });
}

function problems(sources: Partial<ConfigSources> = {}): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('nothing was refused');
}

const origin = (config: ReturnType<typeof load>, key: string) => {
  const found = config.effective.find((setting) => setting.key === key);
  return found && [found.value, found.origin, found.from];
};

describe('defaults', () => {
  it('computes what depends on the home and the user', () => {
    const config = loadConfig({ flags: {}, env: { HOME: '/home/ada' }, uid: 1000 });
    expect(config.home).toBe('/home/ada/.codepiper');
    expect(config.values).toMatchObject({
      socket: '/tmp/codepiper-1000/codepiper.sock',
      dbPath: '/home/ada/.codepiper/codepiper.db',
      tmuxSocket: 'codepiper',
      httpPort: 3000,
      pushPrivateKey: null,
    });
    expect(config.effective.map((setting) => setting.key)).toEqual(
      Object.values(settings).map((setting) => setting.key),
    );
  });

  it('gives every other home a tmux server of its own', () => {
    const names = ['/srv/a', '/srv/b', '/home/ada/.codepiper/'].map(
      (path) => load({ env: { CODEPIPER_HOME: path } }).values.tmuxSocket,
    );
    expect(names[0]).toMatch(/^codepiper-[0-9a-f]{8}$/);
    expect(names[1]).not.toBe(names[0]);
    expect(names[2]).toBe('codepiper');
  });

  it('takes the runtime directory for the socket', () => {
    const { values } = load({ env: { XDG_RUNTIME_DIR: '/run/user/1000' } });
    expect(values.socket).toBe('/run/user/1000/codepiper.sock');
  });
});

describe('precedence', () => {
  it('is flag, environment, file, default', async () => {
    await yaml('web:\n  port: 1\nlog.level: debug\n');
    const env = { CODEPIPER_HTTP_PORT: '2' };
    const all = load({ flags: { port: '3', unrelated: 'x' }, env });
    expect(origin(all, 'web.port')).toEqual([3, 'flag', '--port']);
    expect(origin(load({ env }), 'web.port')).toEqual([2, 'env', 'CODEPIPER_HTTP_PORT']);
    expect(origin(load(), 'web.port')).toEqual([1, 'file', join(home.path, 'config.yaml')]);
    expect(origin(all, 'log.level')).toEqual(['debug', 'file', join(home.path, 'config.yaml')]);
    expect(origin(all, 'web.host')).toEqual(['127.0.0.1', 'default', null]);
  });

  it('takes an empty variable for one that is not set', async () => {
    await yaml('web.port: 1\n');
    expect(load({ env: { CODEPIPER_HTTP_PORT: '' } }).values.httpPort).toBe(1);
  });

  it('takes an empty setting of the file for one that is not given', async () => {
    await yaml('web:\n  port:\n');
    expect(load().values.httpPort).toBe(3000);
  });
});

describe('values', () => {
  it('reads lists and toggles from text and from YAML', async () => {
    await yaml(
      'web:\n  allowedOrigins: [a.example, b.example]\n  forceSecureCookies: true\npush.enabled: "off"\n',
    );
    expect(load().values).toMatchObject({
      allowedOrigins: ['a.example', 'b.example'],
      forceSecureCookies: true,
      pushEnabled: false,
    });
    expect(load({ env: { CODEPIPER_ALLOWED_ORIGINS: 'c, d' } }).values.allowedOrigins).toEqual(['c', 'd']);
  });

  it('masks secrets', () => {
    const config = load({ env: { CODEPIPER_PUSH_PRIVATE_KEY: 'hush' } });
    expect(config.values.pushPrivateKey).toBe('hush');
    expect(JSON.stringify(config.effective)).not.toContain('hush');
    expect(origin(config, 'push.privateKey')?.[1]).toBe('env');
  });

  it.each([['abc'], ['70000'], ['-1'], ['1.5'], ['0x50'], ['1e3'], [' ']])(
    'refuses %j as a port and says what is allowed',
    (value) => {
      expect(problems({ env: { CODEPIPER_HTTP_PORT: value } })).toEqual([
        `CODEPIPER_HTTP_PORT is ${JSON.stringify(value)}: allowed is a whole number from 0 to 65535`,
      ]);
    },
  );

  it.each(['true', '[]', '[1]', '{}', '"x"'])('refuses %s as a port in the file', async (value) => {
    await yaml(`# ports\nweb:\n  port: ${value}\n`);
    expect(problems()).toEqual([
      `${home.path}/config.yaml:3: web.port is ${JSON.stringify(JSON.parse(value))}: allowed is a whole number from 0 to 65535`,
    ]);
  });

  it('never shows a secret that is not valid', () => {
    expect(problems({ env: { CODEPIPER_PUSH_PRIVATE_KEY: 'not base64!' } })).toEqual([
      'CODEPIPER_PUSH_PRIVATE_KEY has a value that is not valid: allowed is a Base64URL VAPID private key',
    ]);
  });

  it.each(['relative', '~/x', './x', 'a\0b'])('refuses the home %j', (path) => {
    expect(problems({ env: { CODEPIPER_HOME: path } })).toEqual([
      `CODEPIPER_HOME is ${JSON.stringify(path)}: allowed is an absolute path`,
    ]);
  });

  it('refuses an empty flag, which somebody did type', () => {
    expect(problems({ flags: { socket: '' } })).toEqual(['--socket is "": allowed is an absolute path']);
  });
});

describe('the file', () => {
  it.each([
    ['web.prot: 1', 'unknown setting "web.prot"; did you mean "web.port"?'],
    ['web:\n  prot: 1', 'unknown setting "web.prot"; did you mean "web.port"?'],
    ['Web.Port: 1', 'unknown setting "Web.Port"; did you mean "web.port"?'],
    ['zzzzzz: 1', 'unknown setting "zzzzzz"; `codepiper config` lists the settings'],
    ['web.port: 1\nweb:\n  port: 2', '"web.port" is given twice (first on line 1)'],
    ['- 1', 'the file must be a map of settings'],
    ['just text', 'the file must be a map of settings'],
    ['web: [1', 'broken YAML'],
    ['web: *nowhere', 'broken YAML'],
    ['a: 1\na: 2', 'broken YAML'],
    ['\tweb: 1', 'broken YAML'],
  ])('says what is wrong with %j', async (text, message) => {
    await yaml(text);
    const found = problems();
    expect(found.join('\n')).toContain(message);
    for (const problem of found) expect(problem).toMatch(/config\.yaml:\d+: /);
  });

  it.each(['', '\n', '# nothing\n', 'null', '---\n'])('takes %j for empty', async (text) => {
    await yaml(text);
    expect(load().values.httpPort).toBe(3000);
  });

  it('is refused in words when it cannot be read', async () => {
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(home.path, 'config.yaml'));
    expect(problems()[0]).toMatch(/config\.yaml cannot be read: /);
  });

  it('bears a bomb of aliases', async () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(',')}]`;
    await yaml(['a: &a [x]', level('b', 'a'), level('c', 'b'), level('d', 'c'), level('e', 'd')].join('\n'));
    expect(problems().length).toBeGreaterThan(0);
  });
});

it('lists every problem of every source at once', async () => {
  await yaml('web.prot: 1\nlog.level: loud\n');
  const found = problems({ flags: { port: 'x' }, env: { CODEPIPER_MAX_SESSIONS: '0' } });
  expect(found.map((line) => line.replace(`${home.path}/`, ''))).toEqual([
    'config.yaml:1: unknown setting "web.prot"; did you mean "web.port"?',
    'CODEPIPER_MAX_SESSIONS is "0": allowed is a whole number from 1 to 10000',
    'config.yaml:2: log.level is "loud": allowed is trace, debug, info, warn, error, fatal or silent',
    '--port is "x": allowed is a whole number from 0 to 65535',
  ]);
});
