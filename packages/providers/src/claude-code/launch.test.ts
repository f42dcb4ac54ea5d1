import { describe, expect, test } from 'vitest';
import { launchRequest } from '../testing.ts';
import { claudeCode } from './claude-code.ts';

const state = '/home/dev/.claude.json';
const settingsOf = (plan: ReturnType<typeof claudeCode.plan>) => JSON.parse(plan.files[0]?.content ?? '');

describe('plan', () => {
  test('a new conversation', () => {
    const plan = claudeCode.plan(
      launchRequest({ conversation: { mode: 'new', id: 'id-1' }, model: 'opus', args: ['--add-dir', '/x'] }),
    );
    expect(plan.argv).toEqual([
      '/opt/bin/agent',
      '--session-id',
      'id-1',
      '--settings',
      '/home/dev/.codepiper/sessions/s1/claude-settings.json',
      '--permission-mode',
      'manual',
      '--model',
      'opus',
      '--add-dir',
      '/x',
    ]);
    expect(plan.conversationId).toBe('id-1');
    expect(plan.env).toEqual({ CLAUDECODE: null, CLAUDE_CODE_SIMPLE: null, CLAUDE_CODE_SAFE_MODE: null });
  });

  test('resume and fork', () => {
    const resume = claudeCode.plan(launchRequest({ conversation: { mode: 'resume', id: 'a' } }));
    expect(resume.argv.slice(1, 3)).toEqual(['--resume', 'a']);
    expect(resume.conversationId).toBe('a');
    const fork = claudeCode.plan(launchRequest({ conversation: { mode: 'fork', id: 'a', newId: 'b' } }));
    expect(fork.argv.slice(1, 6)).toEqual(['--resume', 'a', '--fork-session', '--session-id', 'b']);
    expect(fork.conversationId).toBe('b');
  });

  test('hooks run the command, and are not switched off by a setting of the person', () => {
    const settings = settingsOf(
      claudeCode.plan(launchRequest({ version: '2.1.329', hookCommand: 'file-it', decideCommand: 'ask-it' })),
    );
    expect(settings.disableAllHooks).toBe(false);
    // Either would silence them as well, from the environment or from the person's settings.
    expect(settings.env).toEqual({ CLAUDE_CODE_SIMPLE: '0', CLAUDE_CODE_SAFE_MODE: '0' });
    expect(Object.keys(settings.hooks)).toEqual([
      'SessionStart',
      'UserPromptSubmit',
      'PreToolUse',
      'PostToolUse',
      'Stop',
      'SessionEnd',
      'Notification',
      'PermissionRequest',
      'PostToolUseFailure',
      'StopFailure',
      'PostModelSwitch',
    ]);
    expect(settings.hooks.Stop).toEqual([{ hooks: [{ type: 'command', command: 'file-it', timeout: 10 }] }]);
    const asks = {
      type: 'command',
      command: 'ask-it',
      timeout: 86_400,
      statusMessage: 'Waiting for codepiper (Ctrl+B a to answer)',
      onFailure: 'block',
    };
    expect(settings.hooks.PreToolUse).toEqual([{ hooks: [asks] }]);
    expect(settings.hooks.PermissionRequest).toEqual([{ hooks: [asks] }]);
    const after = { type: 'command', command: 'file-it', timeout: 10, async: true };
    expect(settings.hooks.PostToolUse).toEqual([{ hooks: [after] }]);
    expect(settings.hooks.PostToolUseFailure).toEqual([{ hooks: [after] }]);
  });

  test("where the person chose the agent's own rules as the fallback, a hook that fails blocks nothing", () => {
    const settings = settingsOf(claudeCode.plan(launchRequest({ hookFallback: 'agent' })));
    expect(settings.hooks.PreToolUse[0].hooks[0]).not.toHaveProperty('onFailure');
  });

  test.each([
    ['2.1.250', 10],
    ['2.1.251', 11],
    ['2.1.77', 9],
    ['2.0.59', 8],
    ['2.0.45', 8],
    ['2.0.44', 7],
    ['3.0.0', 11],
    [null, 7],
    ['odd', 7],
  ])('version %s gets %i events: one it does not know would open a dialog', (version, count) => {
    const settings = settingsOf(claudeCode.plan(launchRequest({ version })));
    expect(Object.keys(settings.hooks)).toHaveLength(count);
  });

  test("plan mode leaves no call to a classifier, unless the person's settings say so", () => {
    const own = (text: string) => ({ config: { '/home/dev/.claude/settings.json': text } });
    const choice = (changes: object) =>
      settingsOf(claudeCode.plan(launchRequest(changes))).useAutoModeDuringPlan;
    expect(choice({})).toBe(false);
    expect(choice(own('{"model":"x"}'))).toBe(false);
    expect(choice(own('{"useAutoModeDuringPlan":true}'))).toBeUndefined();
  });

  test('a chosen permission mode stays: by argument, by setting, by dangerous mode', () => {
    const byArgument = claudeCode.plan(launchRequest({ args: ['--permission-mode=plan'] }));
    expect(byArgument.argv).not.toContain('manual');
    const config = { '/home/dev/.claude/settings.json': '{"permissions":{"defaultMode":"acceptEdits"}}' };
    expect(claudeCode.plan(launchRequest({ config })).argv).not.toContain('manual');
    const dangerous = claudeCode.plan(launchRequest({ dangerous: true }));
    expect(dangerous.argv).toContain('--dangerously-skip-permissions');
    expect(dangerous.argv).not.toContain('manual');
    expect(settingsOf(dangerous).skipDangerousModePermissionPrompt).toBe(true);
    expect(settingsOf(claudeCode.plan(launchRequest())).skipDangerousModePermissionPrompt).toBeUndefined();
  });

  test("trust is handed on only where the person gave it and Claude's own file does not have it", () => {
    const own = {
      [state]: JSON.stringify({ projects: { '/home/dev/repo': { hasTrustDialogAccepted: true } } }),
    };
    const sandboxed = (changes: object) => claudeCode.plan(launchRequest(changes)).env.CLAUDE_CODE_SANDBOXED;
    expect(sandboxed({ trusted: true })).toBe('1');
    expect(sandboxed({ trusted: true, config: own })).toBeUndefined();
    expect(sandboxed({ trusted: false })).toBeUndefined();
  });

  test('an API key Claude does not know goes by a command, never by argument or environment', () => {
    const env = { HOME: '/home/dev', ANTHROPIC_API_KEY: 'sk-ant-0123456789-0123456789' };
    const plan = claudeCode.plan(launchRequest({ billing: 'api', env, sessionDir: "/it's here" }));
    expect(plan.env.ANTHROPIC_API_KEY).toBeNull();
    expect(plan.files[1]).toEqual({ name: 'anthropic-api-key', content: env.ANTHROPIC_API_KEY });
    expect(settingsOf(plan).apiKeyHelper).toBe("cat '/it'\\''s here/anthropic-api-key'");
    expect(JSON.stringify([plan.argv, plan.env, settingsOf(plan)])).not.toContain(env.ANTHROPIC_API_KEY);
  });

  test.each([
    ['whole', (key: string) => key],
    ['by its last 20 characters', (key: string) => key.slice(-20)],
  ])('an API key the person approved before, %s, stays where it is', (_case, noted) => {
    const key = 'sk-ant-0123456789-0123456789';
    const config = { [state]: JSON.stringify({ customApiKeyResponses: { approved: [noted(key)] } }) };
    const env = { HOME: '/home/dev', ANTHROPIC_API_KEY: key };
    const plan = claudeCode.plan(launchRequest({ billing: 'api', env, config }));
    expect(plan.env).toEqual({ CLAUDECODE: null, CLAUDE_CODE_SIMPLE: null, CLAUDE_CODE_SAFE_MODE: null });
    expect(plan.files).toHaveLength(1);
  });

  test.each([
    '--settings',
    '--session-id=x',
    '--resume',
    '--resume=6f1c0d7e',
    '-r',
    '-r6f1c0d7e-0000-4000-8000-000000000001',
    '-r=6f1c0d7e',
    '-c',
    '--fork-session',
    '--bare',
    '--safe-mode',
    '--bg',
    '--background',
  ])('refuses %s', (arg) => {
    expect(() => claudeCode.plan(launchRequest({ args: [arg, 'x'] }))).toThrowError(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringMatching(new RegExp(`^${/^(--[^=]+|-.)/.exec(arg)?.[0]} cannot be`)),
      }),
    );
    expect(() => claudeCode.plan(launchRequest({ args: ['--', arg] }))).not.toThrow();
  });
});

describe('isTrusted', () => {
  const env = { HOME: '/home/dev' };
  const trusting = (...dirs: string[]) => ({
    [state]: JSON.stringify({
      projects: Object.fromEntries(dirs.map((dir) => [dir, { hasTrustDialogAccepted: true }])),
    }),
  });
  const isTrusted = (
    config: Record<string, string | null>,
    cwd: string,
    repositoryRoot: string | null = null,
  ) => claudeCode.isTrusted(config, env, { cwd, repositoryRoot });

  test.each([
    ['itself', '/p/a', '/p/a', null, true],
    ['a directory above', '/p', '/p/a/b', null, true],
    ['the root', '/', '/p/a', null, true],
    ['a neighbour', '/p/ab', '/p/a', null, false],
    ['a directory below', '/p/a/b', '/p/a', null, false],
    ['its repository', '/r', '/r/src', '/r', true],
    ['above its repository', '/p', '/p/r/src', '/p/r', false],
    ['the repository of a worktree', '/r', '/wt/one', '/r', true],
    ['a worktree itself', '/wt/one', '/wt/one', '/r', true],
    ['above a worktree', '/wt', '/wt/one', '/r', false],
  ])('%s', (_case, trusted, cwd, root, expected) => {
    expect(isTrusted(trusting(trusted), cwd, root)).toBe(expected);
  });

  test.each([null, '', '{', '[]', '{"projects":[]}', '{"projects":{"/p":{"hasTrustDialogAccepted":"yes"}}}'])(
    'a file of %j trusts nothing',
    (content) => {
      expect(isTrusted({ [state]: content }, '/p')).toBe(false);
      expect(isTrusted({}, '/p')).toBe(false);
    },
  );

  test('reads the file of CLAUDE_CONFIG_DIR where that is set', () => {
    const own = { HOME: '/home/dev', CLAUDE_CONFIG_DIR: '/c' };
    expect(claudeCode.configFiles(own)).toEqual(['/c/.claude.json', '/c/settings.json']);
    expect(claudeCode.configFiles(env)).toEqual([state, '/home/dev/.claude/settings.json']);
  });
});
