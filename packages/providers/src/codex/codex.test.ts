import { describe, expect, test } from 'vitest';
import { byName, launchRequest, statesOf } from '../testing.ts';
import { codex } from './codex.ts';
import { trustHash } from './hooks.ts';

const hooks = byName(
  import.meta.glob('./fixtures/hooks/*.json', { query: '?raw', import: 'default', eager: true }),
);
const screens = byName(
  import.meta.glob('./fixtures/screens/*.txt', { query: '?raw', import: 'default', eager: true }),
);
const rollouts = byName(
  import.meta.glob('./fixtures/rollouts/*.jsonl', { query: '?raw', import: 'default', eager: true }),
);

const readHook = (name: string) => codex.readHook(JSON.parse(hooks[name] ?? 'null'));

describe('hooks', () => {
  test.each(['startup', 'clear', 'compact'])('SessionStart by %s', (origin) => {
    const hook = JSON.parse(hooks[`SessionStart.${origin}.json`] ?? '');
    expect(codex.readHook(hook)).toEqual([
      { kind: 'conversation', id: hook.session_id, transcriptPath: hook.transcript_path, origin },
      { kind: 'model', model: hook.model },
    ]);
  });

  test('a prompt', () => {
    const facts = readHook('UserPromptSubmit.json');
    expect(facts).toContainEqual({ kind: 'prompt', text: 'hello there' });
    expect(facts).toContainEqual(expect.objectContaining({ kind: 'conversation', origin: 'unknown' }));
    expect(statesOf(facts)).toEqual(['running busy']);
  });

  test("a sub-agent's prompt is not the session's, its question is", () => {
    expect(readHook('UserPromptSubmit.in-subagent.json')).toEqual([]);
    const asked = { ...JSON.parse(hooks['PermissionRequest.Bash.json'] ?? ''), agent_id: 'x' };
    expect(statesOf(codex.readHook(asked))).toEqual(['needs_permission']);
  });

  test.each([
    ['PermissionRequest.Bash.json', 'permission for Bash'],
    ['PermissionRequest.apply_patch.json', 'permission for apply_patch'],
    ['PermissionRequest.mcp__board__list_tasks.json', 'permission for mcp__board__list_tasks'],
  ])('%s', (name, detail) => {
    expect(readHook(name)).toEqual([
      { kind: 'state', state: { status: 'needs_permission', activity: null }, detail },
    ]);
  });

  test('ends', () => {
    expect(readHook('Stop.json')[0]).toEqual({ kind: 'turn-ended', outcome: 'done', message: null });
    expect(readHook('Interrupt.json')[0]).toEqual({
      kind: 'turn-ended',
      outcome: 'interrupted',
      message: null,
    });
    expect(statesOf([...readHook('Stop.json'), ...readHook('Interrupt.json')])).toEqual([
      'running idle',
      'running idle',
    ]);
    expect(readHook('SessionEnd.json')).toEqual([{ kind: 'conversation-ended', reason: 'other' }]);
  });

  test.each([null, 'x', [], {}, { hook_event_name: 'PreToolUse' }, { hook_event_name: 'SessionStart' }])(
    'nothing in %j',
    (payload) => {
      expect(codex.readHook(payload)).toEqual([]);
    },
  );
});

describe('titles', () => {
  test.each([
    ['Starting | 01a1fc7c-bd21-7142-b139-e10b5... | GPT-5.5', 'starting'],
    ['Ready | 01a1fc7c-bd21-7142-b139-e10b5... | GPT-5.5', 'running idle'],
    ['Working | 01a1fc7c-bd21-7142-b139-e10b5... | GPT-5.5', 'running busy'],
    ['Thinking | 01a1fc7c-bd21-7142-b139-e10b5... | GPT-5.5', 'running busy'],
    ['[ ! ] Action Required | 01a1fc7c... | GPT-5.5', 'needs_permission'],
    ['[ . ] Action Required | 01a1fc7c... | GPT-5.5', 'needs_permission'],
    ['⠸ Working | 01a1fc7c... | GPT-5.5', 'running busy'],
  ])('%s', (title, expected) => {
    expect(statesOf(codex.readTitle(title))).toEqual([expected]);
  });

  test.each(['', 'demo-repo', 'bash', '⠸ demo-repo', 'x | Ready', 'toString | a', 'vm'])(
    'nothing in "%s"',
    (title) => {
      expect(codex.readTitle(title)).toEqual([]);
    },
  );
});

/** Screens on which a dialog or question waits, or keys go elsewhere, with what it is. */
const waiting: Record<string, [status: string, detail: RegExp]> = {
  '03-approval-exec.txt': ['needs_permission', /permission/],
  '07-approval-mcp.txt': ['needs_permission', /permission/],
  '10-approval-patch.txt': ['needs_permission', /permission/],
  'approval-patch.txt': ['needs_permission', /permission/],
  'approval-rule.txt': ['needs_permission', /permission/],
  'ask-user.txt': ['needs_input', /question/],
  'esc-esc.txt': ['needs_input', /dialog/],
  'hooks-review-detail.txt': ['needs_input', /dialog/],
  'hooks-review-dialog.txt': ['needs_input', /hooks need review/],
  'hooks-review-list.txt': ['needs_input', /dialog/],
  'login-dialog.txt': ['needs_input', /log in/],
  'model-migration-dialog.txt': ['needs_input', /newer model/],
  'resume-locked.txt': ['needs_input', /open in another Codex/],
  'resume-other-cwd.txt': ['needs_input', /which directory/],
  'slash-hooks.txt': ['needs_input', /dialog/],
  'slash-model-effort.txt': ['needs_input', /dialog/],
  'slash-model.txt': ['needs_input', /dialog/],
  'trust-dialog.txt': ['needs_input', /trust this folder/],
  'update-dialog.txt': ['needs_input', /update/],
};

const matches = (guard: string, screen: string) =>
  screen.split('\n').some((line) => new RegExp(guard).test(line.trimEnd()));

describe('screens', () => {
  test.each(Object.keys(screens))('%s', (name) => {
    const screen = screens[name] ?? '';
    expect(codex.input.guards.some((guard) => matches(guard, screen))).toBe(name in waiting);
    const [status, detail] = waiting[name] ?? [];
    const facts = codex.readScreen(screen);
    if (!status) expect(facts).toEqual([]);
    else
      expect(facts).toMatchObject([
        { state: { status, activity: null }, detail: expect.stringMatching(detail ?? '') },
      ]);
  });

  test('every guard is needed by a screen', () => {
    const all = Object.values(screens).join('\n');
    expect(codex.input.guards.filter((guard) => !matches(guard, all))).toEqual([]);
  });

  test.each([
    '› 1. Yes, proceed',
    '• Press enter to confirm or esc to cancel',
    '  enter the building · then turn left',
  ])('an agent or a person that writes "%s" does not hold up sending', (line) => {
    expect(codex.input.guards.some((guard) => matches(guard, line))).toBe(false);
  });

  test("guards keep to what tmux's formats can carry", () => {
    for (const guard of codex.input.guards) expect(guard).not.toMatch(/[{},:#%]/);
  });
});

describe('rollouts', () => {
  const factsOf = (name: string) => (rollouts[name] ?? '').split('\n').flatMap(codex.readTranscriptLine);

  test('a turn that failed: its prompt, its model, its error, each once', () => {
    expect(factsOf('failed-turn-429.jsonl')).toEqual([
      { kind: 'model', model: 'gpt-5.5' },
      { kind: 'prompt', text: 'FAIL 429' },
      {
        kind: 'turn-ended',
        outcome: 'failed',
        message: 'exceeded retry limit, last status: 429 Too Many Requests',
      },
    ]);
  });

  test('prompts without the context and the notices Codex adds', () => {
    const facts = factsOf('tui-approvals-and-held-hooks.jsonl');
    expect(facts.flatMap((fact) => (fact.kind === 'prompt' ? [fact.text.slice(0, 8)] : []))).toEqual([
      'ESC touc',
      'ESC echo',
      'ESC echo',
      'ESC echo',
      'RUN echo',
      'RUN echo',
    ]);
    expect(facts.filter(({ kind }) => kind === 'turn-ended')).toEqual([]);
  });

  test.each([
    '',
    '{',
    'null',
    '{"type":"turn_context"}',
    '{"type":"event_msg","payload":{"type":"item_completed"}}',
  ])('nothing in %j', (line) => {
    expect(codex.readTranscriptLine(line)).toEqual([]);
  });
});

describe('input', () => {
  const typed = (text: string) => codex.input.chunk(codex.input.defuse(text));

  test('one paste, whatever the size', () => {
    const text = 'line\n'.repeat(100_000);
    expect(typed(text)).toEqual([text]);
  });

  test.each([
    ['/help', ' /help'],
    ['!ls', ' !ls'],
    ['look at @da', 'look at @da '],
    ['use $skill', 'use $skill '],
    ['@da is it', '@da is it'],
    ['me@example.org', 'me@example.org'],
  ])('%s', (text, expected) => {
    expect(typed(text)).toEqual([expected]);
    expect(codex.input.matches(text, text)).toBe(true);
  });
});

describe('images', () => {
  const { mention, chunk, defuse, matches } = codex.input;
  const path = (home: string, name = 'a-1.png') =>
    `${home}/sessions/0f8f0000-0000-4000-8000-000000000001/images/${name}`;

  test('are pasted by themselves, as Codex takes them', () => {
    const text = `Compare ${mention(path('/home/ada/.codepiper'))} with ${mention(path('/h o/x', 'b.jpg'))}`;
    expect(chunk(defuse(text))).toEqual([
      'Compare ',
      path('/home/ada/.codepiper'),
      ' with ',
      `'${path('/h o/x', 'b.jpg')}'`,
    ]);
    expect(matches(text, 'Compare [Image #1]  with [Image #2]')).toBe(true);
    expect(matches(text, 'Compare [Image #1]  with something')).toBe(false);
    expect(matches(text, 'Compare this with [Image #2]')).toBe(false);
  });

  test('alone, at the end of a line, and before a full stop are found again', () => {
    const image = mention(path('/h'));
    expect(chunk(defuse(image))).toEqual([path('/h'), ' ']);
    expect(matches(image, '[Image #1] ')).toBe(true);
    expect(matches(`one ${image}\ntwo`, 'one [Image #3] \ntwo')).toBe(true);
    expect(matches(`see ${image}.`, 'see [Image #1] .')).toBe(true);
  });

  test('of other places stay text', () => {
    const text = 'see @"/home/ada/shot.png" and @/etc/passwd';
    expect(chunk(text)).toEqual([text]);
  });
});

describe('plan', () => {
  const plan = codex.plan(
    launchRequest({
      model: 'gpt-5.5',
      args: ['--search'],
      hookCommand: 'cat > "a b"',
      decideCommand: 'ask || exit 2',
    }),
  );

  test('a new conversation, with settings for this start alone', () => {
    const valued = plan.argv.filter(
      (arg, index) => plan.argv[index - 1] === '-c' && !arg.startsWith('hooks='),
    );
    expect(plan.argv.slice(0, 6)).toEqual([
      '/opt/bin/agent',
      '--no-daemon',
      '-C',
      '/home/dev/repo',
      '-m',
      'gpt-5.5',
    ]);
    expect(plan.argv.at(-1)).toBe('--search');
    expect(valued).toEqual([
      'check_for_update_on_startup=false',
      'tui.animations=false',
      'tui.terminal_title=["activity","run-state","thread-id","model"]',
      'features.hooks=true',
      'features.unified_exec_tty=false',
    ]);
    expect(plan).toMatchObject({ env: {}, files: [], conversationId: null });
  });

  test('hooks of each event, with the hash of what a person would have reviewed', () => {
    const value = plan.argv.find((arg) => arg.startsWith('hooks=')) ?? '';
    expect(value).toContain('Stop=[{hooks=[{type="command",command="cat > \\"a b\\"",timeout=10}]}]');
    expect(value).toContain('SessionEnd=[{hooks=[{type="command",command="cat > \\"a b\\"",timeout=3}]}]');
    const reviewed =
      '{"event_name":"stop","hooks":[{"async":false,"command":"cat > \\"a b\\"","timeout":10,"type":"command"}]}';
    const quoted = JSON.stringify(`sha256:sha256-of-${reviewed}`);
    expect(value).toContain(`"/<session-flags>/config.toml:stop:0:0"={enabled=true,trusted_hash=${quoted}}`);
  });

  test('a hook for every tool call and permission that waits for an answer, known to Codex by its hash', () => {
    const value = plan.argv.find((arg) => arg.startsWith('hooks=')) ?? '';
    const message = 'Waiting for codepiper (Ctrl+B a to answer)';
    const handler = `{type="command",command="ask || exit 2",timeout=86400,statusMessage="${message}"}`;
    for (const [name, key] of [
      ['PreToolUse', 'pre_tool_use'],
      ['PermissionRequest', 'permission_request'],
    ]) {
      expect(value).toContain(`${name}=[{hooks=[${handler}]}]`);
      const reviewed = `{"event_name":"${key}","hooks":[{"async":false,"command":"ask || exit 2","statusMessage":"${message}","timeout":86400,"type":"command"}]}`;
      const quoted = JSON.stringify(`sha256:sha256-of-${reviewed}`);
      expect(value).toContain(
        `"/<session-flags>/config.toml:${key}:0:0"={enabled=true,trusted_hash=${quoted}}`,
      );
    }
    expect(value).toContain('PostToolUse=[{hooks=[{type="command",command="cat > \\"a b\\"",timeout=10}]}]');
  });

  test('the hash of a hook without a matcher is over canonical JSON', () => {
    const seen: string[] = [];
    const sha256 = (text: string) => {
      seen.push(text);
      return 'ff';
    };
    expect(trustHash('session_start', { type: 'command', command: 'ü', timeout: 600 }, sha256)).toBe(
      'sha256:ff',
    );
    expect(seen).toEqual([
      '{"event_name":"session_start","hooks":[{"async":false,"command":"ü","timeout":600,"type":"command"}]}',
    ]);
  });

  test('resume and fork', () => {
    const resume = codex.plan(launchRequest({ conversation: { mode: 'resume', id: 'a' } }));
    expect(resume.argv.slice(1, 4)).toEqual(['resume', 'a', '--no-daemon']);
    expect(resume.conversationId).toBe('a');
    const fork = codex.plan(launchRequest({ conversation: { mode: 'fork', id: 'a', newId: 'b' } }));
    expect(fork.argv.slice(1, 3)).toEqual(['fork', 'a']);
    expect(fork.conversationId).toBeNull();
  });

  test('sandbox and approvals are left to the configuration, unless all is to be allowed', () => {
    const flags = (changes: object) => codex.plan(launchRequest(changes)).argv;
    expect(flags({})).not.toContain('-s');
    expect(flags({})).not.toContain('-a');
    const all = '--dangerously-bypass-approvals-and-sandbox';
    expect(flags({ dangerous: true })).toContain(all);
    expect(flags({ dangerous: true, args: [all] }).filter((arg) => arg === all)).toHaveLength(1);
  });

  test('access to the host takes the sandbox away and leaves the questions, where the person says nothing', () => {
    const words = (changes: object) =>
      codex.plan(launchRequest({ hostAccess: true, ...changes })).argv.join(' ');
    const [sandbox, approval] = ['--sandbox danger-full-access', '--ask-for-approval on-request'];
    expect(words({})).toContain(`${sandbox} ${approval}`);
    expect(words({ hostAccess: false })).not.toContain(sandbox);
    expect(words({ args: ['-s', 'read-only'] })).not.toContain(sandbox);
    expect(words({ args: ['-s', 'read-only'] })).toContain(approval);
    expect(words({ args: ['-anever'] })).toContain(sandbox);
    expect(words({ args: ['-anever'] })).not.toContain(approval);
    for (const changes of [{ dangerous: true }, { args: ['--yolo'] }, { args: ['--approve-for-me'] }]) {
      expect(words(changes)).not.toContain(sandbox);
      expect(words(changes)).not.toContain(approval);
    }
  });

  test('what may stand only once is not given twice', () => {
    const { argv } = codex.plan(launchRequest({ model: 'a', args: ['-mb', '--no-daemon'] }));
    expect(argv).not.toContain('-m');
    expect(argv.filter((arg) => arg === '--no-daemon')).toHaveLength(1);
  });

  test("trust is handed on only where the person gave it and Codex's own file does not have it", () => {
    const config = {
      '/home/dev/.codex/config.toml': '[projects."/home/dev/repo"]\ntrust_level = "trusted"\n',
    };
    const projects = (changes: object) =>
      codex.plan(launchRequest(changes)).argv.filter((arg) => arg.startsWith('projects='));
    expect(projects({ trusted: true, cwd: '/a"b' })).toEqual(['projects={"/a\\"b"={trust_level="trusted"}}']);
    expect(projects({ trusted: true, config })).toEqual([]);
    expect(projects({ trusted: false })).toEqual([]);
  });

  test.each([
    ['-C', '/x'],
    ['-C/x'],
    ['--cd=/x'],
    ['-c', 'hooks={}'],
    ['-chooks.Stop=[]'],
    ['--config=features.hooks=false'],
    ['-c', 'features={hooks=false}'],
    ['-c', 'features . "hooks" = false'],
    ['--disable', 'hooks'],
    ['--disable=hooks'],
    ['--enable', 'unified_exec_tty'],
  ])('refuses %s %s', (...args) => {
    expect(() => codex.plan(launchRequest({ args }))).toThrowError(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  test('other settings of the person pass', () => {
    const { argv } = codex.plan(launchRequest({ args: ['-c', 'model_reasoning_effort="low"', '--', '-C'] }));
    expect(argv.slice(-4)).toEqual(['-c', 'model_reasoning_effort="low"', '--', '-C']);
    const others = ['--enable', 'goals', '--disable=plugins', '-cfeatures.goals=true', '--search'];
    expect(codex.plan(launchRequest({ args: others })).argv.slice(-5)).toEqual(others);
  });
});

describe('isTrusted', () => {
  const config = (toml: string) => ({ '/c/config.toml': toml });
  const env = { HOME: '/home/dev', CODEX_HOME: '/c' };
  const trusted = config(
    '[projects."/r"]\ntrust_level = "trusted"\n[projects."/r/no"]\ntrust_level = "untrusted"\n',
  );

  test.each([
    ['/r', null, true],
    ['/r/', null, true],
    ['/r/sub', '/r', true],
    ['/wt/one', '/r', true],
    ['/r/no', '/r', false],
    ['/r/sub', null, false],
    ['/other', null, false],
  ])('%s in repository %s: %s', (cwd, repositoryRoot, expected) => {
    expect(codex.isTrusted(trusted, env, { cwd, repositoryRoot })).toBe(expected);
  });

  test('a missing file trusts nothing', () => {
    expect(codex.isTrusted({ '/c/config.toml': null }, env, { cwd: '/r', repositoryRoot: null })).toBe(false);
    expect(codex.configFiles({ HOME: '/home/dev' })).toEqual(['/home/dev/.codex/config.toml']);
  });
});
