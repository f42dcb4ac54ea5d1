import { describe, expect, test } from 'vitest';
import type { HookedCall } from '../provider.ts';
import { byName } from '../testing.ts';
import { claudeCode } from './claude-code.ts';

const hooks = byName(
  import.meta.glob('./fixtures/hooks/*.json', { query: '?raw', import: 'default', eager: true }),
);
const payload = (name: string) => JSON.parse(hooks[`${name}.json`] ?? 'null');
const hooked = (name: string): HookedCall => {
  const found = claudeCode.readHookedCall(payload(name));
  if (!found) throw new Error(`${name} is about no call`);
  return found;
};
const repo = '/home/dev/demo-repo';

describe('the call a hook is about', () => {
  test.each([
    ['Agent', 'agent', {}],
    ['AskUserQuestion', 'other', {}],
    ['Bash', 'shell', { command: 'echo hi > x.txt && cat x.txt' }],
    ['Edit', 'edit', { files: [{ path: `${repo}/new.txt`, access: 'write' }] }],
    ['ExitPlanMode', 'other', {}],
    ['Read', 'read', { files: [{ path: `${repo}/new.txt`, access: 'read' }] }],
    ['ToolSearch', 'search', {}],
    ['Write', 'write', { files: [{ path: `${repo}/new.txt`, access: 'write' }] }],
    ['mcp__codepiper__board', 'mcp', { mcp: { server: 'codepiper', name: 'board' } }],
  ])('%s is %s', (tool, kind, more) => {
    const { event, call, callId, cwd, agentId, dialogOpen } = hooked(`PreToolUse.${tool}`);
    const given = payload(`PreToolUse.${tool}`);
    expect(call).toEqual({
      tool,
      kind,
      input: given.tool_input,
      command: null,
      files: [],
      url: null,
      mcp: null,
      ...more,
    });
    expect({ event, callId, cwd, agentId, dialogOpen }).toEqual({
      event: 'tool',
      callId: given.tool_use_id,
      cwd: repo,
      agentId: null,
      dialogOpen: false,
    });
  });

  test('of a sub-agent names it', () => {
    expect(hooked('PreToolUse.subagent.Bash')).toMatchObject({ agentId: 'ab13b7bea4871d6c9', event: 'tool' });
  });

  test('a permission request has the same call, no id, and its dialog on the screen', () => {
    const before = hooked('PreToolUse.Bash');
    const asked = hooked('PermissionRequest.Bash');
    expect(asked).toMatchObject({ event: 'dialog', callId: null, dialogOpen: true, asks: null });
    expect(asked.call).toEqual(before.call);
  });

  test.each(['Agent', 'AskUserQuestion', 'Bash', 'Edit', 'ExitPlanMode', 'Read', 'mcp__codepiper__board'])(
    '%s that ran is the call that was asked about',
    (tool) => {
      const ran = hooked(`PostToolUse.${tool}`);
      const before = hooked(`PreToolUse.${tool}`);
      expect(ran).toMatchObject({ event: 'ran', callId: before.callId, dialogOpen: false });
      expect(ran.call).toEqual(before.call);
    },
  );

  test('a tool that failed has run, too', () => {
    expect(hooked('PostToolUseFailure.Bash')).toMatchObject({
      event: 'ran',
      call: { command: 'ls /nonexistent-dir' },
    });
  });

  test('questions and plans ask a person for more than a permission', () => {
    expect(hooked('PermissionRequest.AskUserQuestion').asks).toEqual({
      kind: 'question',
      answeredHere: true,
      questions: [
        {
          question: 'Which colour do you like?',
          header: 'Colour',
          options: [
            { label: 'Red', description: 'Paint it red' },
            { label: 'Green', description: 'Paint it green' },
            { label: 'Blue', description: 'Paint it blue' },
          ],
          multiSelect: false,
        },
      ],
    });
    expect(hooked('PermissionRequest.ExitPlanMode').asks).toEqual({
      kind: 'plan',
      questions: [],
      answeredHere: true,
    });
    expect(hooked('PreToolUse.AskUserQuestion').asks).toMatchObject({ answeredHere: false });
    expect(hooked('PermissionRequest.Bash').asks).toBeNull();
  });

  test.each(['Stop', 'SessionStart.startup', 'Notification.permission_prompt', 'UserPromptSubmit'])(
    '%s is about none',
    (name) => expect(claudeCode.readHookedCall(payload(name))).toBeNull(),
  );

  test.each([
    null,
    'text',
    [],
    { hook_event_name: 'PreToolUse' },
    { hook_event_name: 'PreToolUse', tool_name: 7 },
    { hook_event_name: 'constructor', tool_name: 'Bash' },
  ])('nothing is read out of %j', (broken) => expect(claudeCode.readHookedCall(broken)).toBeNull());

  test('an input of another form makes a call without what it lacks', () => {
    const call = (tool_name: string, tool_input: unknown) =>
      claudeCode.readHookedCall({ hook_event_name: 'PreToolUse', tool_name, tool_input })?.call;
    expect(call('Bash', 'rm')).toMatchObject({ kind: 'shell', command: null, input: {} });
    expect(call('Bash', { command: ['rm'] })).toMatchObject({ kind: 'shell', command: null });
    expect(call('Write', { file_path: 7 })).toMatchObject({ kind: 'write', files: [] });
    expect(call('toString', {})).toMatchObject({ kind: 'other' });
  });

  test('a server whose name holds two underscores is not taken for another', () => {
    const read = (mcp_server?: unknown) =>
      claudeCode.readHookedCall({
        hook_event_name: 'PreToolUse',
        tool_name: 'mcp__github__evil__run',
        tool_input: {},
        mcp_server,
      })?.call.mcp;
    expect(read({ name: 'github__evil' })).toEqual({ server: 'github__evil', name: 'run' });
    expect(read({ name: 'another' })).toEqual({ server: 'github', name: 'evil__run' });
    expect(read({ name: 'github  evil' })).toEqual({ server: 'github  evil', name: 'run' });
    expect(read()).toEqual({ server: 'github', name: 'evil__run' });
  });
});

describe('a call by name', () => {
  test.each([
    [
      'NotebookEdit',
      { notebook_path: '/a.ipynb' },
      { kind: 'edit', files: [{ path: '/a.ipynb', access: 'write' }] },
    ],
    ['MultiEdit', { file_path: 'a' }, { kind: 'edit', files: [{ path: 'a', access: 'write' }] }],
    ['WebFetch', { url: 'https://a.example/b' }, { kind: 'fetch', url: 'https://a.example/b' }],
    ['WebSearch', { query: 'x' }, { kind: 'search', files: [] }],
    ['Grep', { pattern: 'x' }, { kind: 'search', files: [{ path: '.', access: 'read' }] }],
    ['Grep', { pattern: 'x', path: '/etc' }, { kind: 'search', files: [{ path: '/etc', access: 'read' }] }],
    ['Monitor', { command: 'tail -f x' }, { kind: 'shell', command: 'tail -f x' }],
    ['PowerShell', { command: 'ls' }, { kind: 'shell', command: null }],
    ['Task', {}, { kind: 'agent' }],
    [
      'ReadMcpResourceTool',
      { server: 's', uri: 'u' },
      { kind: 'mcp', mcp: { server: 's', name: 'resources' } },
    ],
    ['TodoWrite', {}, { kind: 'other' }],
    ['Skill', {}, { kind: 'other' }],
    ['KillShell', {}, { kind: 'other' }],
    ['SomethingNew', { command: 'x', file_path: 'y' }, { kind: 'other', command: null, files: [] }],
  ])('%s %j', (tool, input, expected) => {
    expect(claudeCode.toolCall(tool, input)).toMatchObject({ tool, input, ...expected });
  });

  test.each([
    [null, '**/*.ts', ['.']],
    ['/repo', 'src/*.ts', ['/repo/src']],
    ['/repo/', 'src/*.ts', ['/repo/src']],
    [null, 'src/a.ts', ['./src/a.ts']],
    [null, '/etc/*', ['/etc']],
    [null, '/*', ['/']],
    [null, '~/.ssh/*', ['~/.ssh']],
    [null, '../../*', ['./../..']],
    [null, 'src/*/../../../../etc/*', ['.', '/']],
    [null, '{/etc,src}/*', ['.', '/']],
    [null, '{src,/etc}/*', ['.', '/']],
    [null, '{src,test}/*', ['.']],
  ])('Glob in %j for %j looks into %j', (path, pattern, places) => {
    const input = path === null ? { pattern } : { path, pattern };
    expect(claudeCode.toolCall('Glob', input).files.map((file) => file.path)).toEqual(places);
  });

  test('a kind stands for the tool the agent has for it', () => {
    expect(claudeCode.toolCall('shell', { command: 'ls' })).toMatchObject({ tool: 'Bash', command: 'ls' });
    expect(claudeCode.toolCall('write', { path: 'a' })).toMatchObject({
      tool: 'Write',
      files: [{ path: 'a', access: 'write' }],
    });
    expect(claudeCode.toolCall('mcp', { server: 'a', name: 'b' })).toMatchObject({
      tool: 'mcp__a__b',
      mcp: { server: 'a', name: 'b' },
    });
    expect(claudeCode.toolCall('other', {})).toMatchObject({ tool: 'other', kind: 'other' });
  });
});

describe('what the hook prints', () => {
  const output = (name: string, answer: Parameters<typeof claudeCode.answerHook>[1]) => {
    const text = claudeCode.answerHook(hooked(name), answer);
    return text === null ? null : JSON.parse(text).hookSpecificOutput;
  };
  const allow = { decision: 'allow', answers: null } as const;
  const deny = { decision: 'deny', reason: 'not "here"' } as const;

  test('before a tool', () => {
    expect(output('PreToolUse.Bash', allow)).toEqual({
      hookEventName: 'PreToolUse',
      permissionDecision: 'allow',
    });
    expect(output('PreToolUse.Bash', deny)).toEqual({
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: 'not "here"',
    });
  });

  test('beside a dialog', () => {
    expect(output('PermissionRequest.Bash', allow)).toEqual({
      hookEventName: 'PermissionRequest',
      decision: { behavior: 'allow' },
    });
    expect(output('PermissionRequest.Bash', deny)).toEqual({
      hookEventName: 'PermissionRequest',
      decision: { behavior: 'deny', message: 'not "here"' },
    });
  });

  test('to a plan: its input, without which Claude Code goes on asking', () => {
    expect(output('PermissionRequest.ExitPlanMode', allow).decision).toEqual({
      behavior: 'allow',
      updatedInput: {},
    });
    expect(output('PermissionRequest.ExitPlanMode', deny).decision.message).toBe('not "here"');
  });

  test('to a question: its input with the answers, from either hook', () => {
    const answers = { 'Which colour do you like?': 'Green' };
    const { questions } = payload('PermissionRequest.AskUserQuestion').tool_input;
    const answered = { decision: 'allow', answers } as const;
    expect(output('PermissionRequest.AskUserQuestion', answered).decision).toEqual({
      behavior: 'allow',
      updatedInput: { questions, answers },
    });
    expect(output('PreToolUse.AskUserQuestion', answered)).toMatchObject({
      permissionDecision: 'allow',
      updatedInput: { questions, answers },
    });
    expect(output('PermissionRequest.AskUserQuestion', allow)).toBeNull();
  });

  test('a denial always has a reason', () => {
    const silent = { decision: 'deny', reason: ' ' } as const;
    expect(output('PreToolUse.Bash', silent).permissionDecisionReason).toMatch(/\w/);
    expect(output('PermissionRequest.Bash', silent).decision.message).toMatch(/\w/);
  });

  test('nothing, where the agent decides or nothing waits', () => {
    expect(output('PreToolUse.Bash', { decision: 'agent' })).toBeNull();
    expect(output('PermissionRequest.Bash', { decision: 'agent' })).toBeNull();
    expect(output('PostToolUse.Bash', deny)).toBeNull();
  });

  test('one line', () => {
    const text = claudeCode.answerHook(hooked('PreToolUse.Bash'), { decision: 'deny', reason: 'a\nb' });
    expect(text).not.toContain('\n');
  });
});
