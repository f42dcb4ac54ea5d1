import { expect, it } from 'vitest';
import { serviceEnvironment } from './service-environment.ts';

it('keeps settings, the place of tmux, and what agents inherit', () => {
  const environment = {
    PATH: '/bin',
    HOME: '/home/ada',
    SHELL: '/bin/zsh',
    LANG: 'de_DE.UTF-8',
    LC_TIME: 'C',
    XDG_RUNTIME_DIR: '/run/user/1',
    XDG_CONFIG_HOME: '/c',
    TMUX_TMPDIR: '/run/tmux',
    CODEPIPER_HOME: '/h',
    CODEPIPER_SOCKET: '/s',
    CODEPIPER_TMUX_SOCKET: 'mine',
    CODEPIPER_MAX_SESSIONS: '7',
    CODEPIPER_PUSH_PUBLIC_KEY: 'BPub',
    CLAUDE_CONFIG_DIR: '/claude',
    CLAUDE_CODE_CLIENT_KEY: '/keys/client.pem',
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: '9000',
    CLAUDE_CODE_USE_BEDROCK: '1',
    CODEX_HOME: '/codex',
    https_proxy: 'http://proxy:3128',
  };
  expect(serviceEnvironment(environment)).toEqual({ kept: environment, secrets: [] });
});

it('names secrets and keeps none of them', () => {
  const { kept, secrets } = serviceEnvironment({
    ANTHROPIC_API_KEY: 'a',
    ANTHROPIC_CUSTOM_HEADERS: 'Authorization: b',
    CLAUDE_CODE_OAUTH_TOKEN: 'c',
    CLAUDE_CODE_CLIENT_KEY_PASSPHRASE: 'd',
    OPENAI_API_KEY: 'e',
    AWS_BEARER_TOKEN_BEDROCK: 'f',
    CODEPIPER_PUSH_PRIVATE_KEY: 'g',
    HTTPS_PROXY: 'http://me:h@proxy:3128',
  });
  expect(kept).toEqual({});
  expect(secrets.sort()).toEqual([
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_CUSTOM_HEADERS',
    'AWS_BEARER_TOKEN_BEDROCK',
    'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CODEPIPER_PUSH_PRIVATE_KEY',
    'HTTPS_PROXY',
    'OPENAI_API_KEY',
  ]);
});

it('leaves out what belongs to a session, to one login, or to nobody we know', () => {
  const environment = {
    CODEPIPER_SESSION: 's',
    CODEPIPER_TOKEN: 't',
    TMUX: '/tmp/tmux-1/default,1,0',
    SSH_AUTH_SOCK: '/tmp/agent',
    XDG_SESSION_ID: '3',
    XDG_SEAT: 'seat0',
    DATABASE_URL: 'x',
    CODEPIPER_MAX_SESSIONS: '',
  };
  expect(serviceEnvironment(environment)).toEqual({ kept: {}, secrets: [] });
});
