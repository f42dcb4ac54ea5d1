import { describe, expect, it } from 'vitest';
import { paneEnvironment } from './pane-environment.ts';

const provider = { apiKeyVariables: ['AGENT_API_KEY'], inheritedVariables: ['AGENT_HOME'] };
const inherited = {
  PATH: '/bin',
  LC_ALL: 'C',
  SSH_AUTH_SOCK: '/agent',
  AGENT_HOME: '/a',
  AGENT_API_KEY: 'from the daemon',
  DATABASE_PASSWORD: 'hunter2',
  CODEPIPER_SESSION: 'another',
  CLAUDECODE: '1',
  TMUX: '/tmp/x,1,2',
};

const env = (change: Partial<Parameters<typeof paneEnvironment>[0]> = {}) =>
  paneEnvironment({
    inherited,
    provider,
    billing: 'subscription',
    forwardSshAgent: true,
    given: {},
    ...change,
  });

describe('the environment of a pane', () => {
  it('has the safe list and what the provider needs, and nothing else of the daemon', () => {
    expect(env()).toEqual({ PATH: '/bin', LC_ALL: 'C', SSH_AUTH_SOCK: '/agent', AGENT_HOME: '/a' });
  });

  it('keeps the SSH agent back when told to', () => {
    expect(env({ forwardSshAgent: false })).not.toHaveProperty('SSH_AUTH_SOCK');
  });

  it('passes API keys on for api billing, and what is given wins', () => {
    expect(env({ billing: 'api' }).AGENT_API_KEY).toBe('from the daemon');
    expect(env({ billing: 'api', given: { AGENT_API_KEY: 'mine' } }).AGENT_API_KEY).toBe('mine');
  });

  it('scrubs API keys for subscription billing even when they are given', () => {
    expect(env({ given: { AGENT_API_KEY: 'mine', WORD: 'kept' } })).toMatchObject({ WORD: 'kept' });
    expect(env({ given: { AGENT_API_KEY: 'mine' } })).not.toHaveProperty('AGENT_API_KEY');
  });

  it('never passes the marks of a surrounding agent or terminal, given or not', () => {
    const marked = env({ given: { CLAUDECODE: '1', TMUX: 'x' } });
    expect(marked).not.toHaveProperty('CLAUDECODE');
    expect(marked).not.toHaveProperty('TMUX');
  });
});
