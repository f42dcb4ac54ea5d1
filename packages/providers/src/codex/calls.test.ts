import { describe, expect, test } from 'vitest';
import type { HookedCall } from '../provider.ts';
import { byName } from '../testing.ts';
import { codex } from './codex.ts';

const hooks = byName(
  import.meta.glob('./fixtures/hooks/*.json', { query: '?raw', import: 'default', eager: true }),
);
const payload = (name: string) => JSON.parse(hooks[`${name}.json`] ?? 'null');
const hooked = (name: string): HookedCall => {
  const found = codex.readHookedCall(payload(name));
  if (!found) throw new Error(`${name} is about no call`);
  return found;
};

describe('the call a hook is about', () => {
  test.each([
    ['Bash', 'Bash', 'shell', { command: 'ls' }],
    ['Bash.workdir', 'Bash', 'shell', { command: 'pwd; touch t1.txt' }],
    [
      'mcp__board__list_tasks',
      'mcp__board__list_tasks',
      'mcp',
      { mcp: { server: 'board', name: 'list_tasks' } },
    ],
    ['multi_agent_v1wait_agent', 'multi_agent_v1wait_agent', 'agent', {}],
    ['spawn_agent', 'spawn_agent', 'agent', {}],
    ['view_image', 'view_image', 'read', { files: [{ path: '/etc/hostname', access: 'read' }] }],
    ['list_mcp_resources', 'list_mcp_resources', 'mcp', {}],
    ['request_user_input', 'request_user_input', 'other', {}],
  ])('%s', (name, tool, kind, more) => {
    const given = payload(`PreToolUse.${name}`);
    const { event, call, callId, cwd, agentId, dialogOpen } = hooked(`PreToolUse.${name}`);
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
      cwd: given.cwd,
      agentId: null,
      dialogOpen: false,
    });
  });

  test('of a sub-agent names it', () => {
    expect(hooked('PreToolUse.Bash.in-subagent').agentId).toBe('01a1fc7d-00c8-77d3-a683-60e61431976e');
  });

  test('a patch is an edit of the files it names', () => {
    expect(hooked('PreToolUse.apply_patch').call).toMatchObject({
      kind: 'edit',
      files: [{ path: 'docs/a.md', access: 'write' }],
    });
  });

  test('a permission request is about the same call, whatever it adds, and shows no dialog yet', () => {
    expect(hooked('PermissionRequest.apply_patch').call).toEqual(hooked('PreToolUse.apply_patch').call);
    expect(hooked('PermissionRequest.mcp__board__list_tasks').call).toEqual(
      hooked('PreToolUse.mcp__board__list_tasks').call,
    );
    const { call, ...rest } = hooked('PermissionRequest.Bash');
    expect(call.input).toEqual({ command: 'touch /opt/x' });
    expect(rest).toMatchObject({ event: 'dialog', callId: null, dialogOpen: false, asks: null });
  });

  test('a tool that ran', () => {
    expect(hooked('PostToolUse.Bash')).toMatchObject({ event: 'ran', callId: 'call_3' });
    expect(hooked('PostToolUse.Bash').call).toEqual(hooked('PreToolUse.Bash').call);
  });

  test('a question asks more of a person than a permission', () => {
    const question = hooked('PreToolUse.request_user_input');
    expect(question.asks).toEqual({
      kind: 'question',
      answeredHere: true,
      questions: [
        {
          question: 'Which?',
          header: 'Question',
          options: [
            { label: 'Yes', description: 'y' },
            { label: 'No', description: 'n' },
          ],
          multiSelect: false,
        },
      ],
    });
    const told = codex.answerHook(question, { decision: 'allow', answers: { 'Which?': 'Yes, both' } });
    expect(JSON.parse(told ?? '{}')).toMatchObject({
      hookSpecificOutput: {
        permissionDecision: 'deny',
        permissionDecisionReason: expect.stringContaining('Which? Yes, both'),
      },
    });
    expect(codex.answerHook(question, { decision: 'allow', answers: null })).toBeNull();
  });

  test.each(['Stop', 'Interrupt', 'SessionStart.startup', 'UserPromptSubmit'])('%s is about none', (name) =>
    expect(codex.readHookedCall(payload(name))).toBeNull(),
  );

  test.each([null, 7, { hook_event_name: 'PreToolUse' }, { hook_event_name: 'valueOf', tool_name: 'Bash' }])(
    'nothing is read out of %j',
    (broken) => expect(codex.readHookedCall(broken)).toBeNull(),
  );
});

describe('a call by name', () => {
  test.each([
    [{ command: 'ls -l' }, 'ls -l'],
    [{ command: ['bash', '-lc', "echo 'a' && rm b"] }, `bash -lc 'echo '\\''a'\\'' && rm b'`],
    [{ command: ['touch', 'a b', ''] }, `touch 'a b' ''`],
    [{ cmd: 'pwd' }, 'pwd'],
    [{}, null],
    [{ command: '' }, null],
    [{ command: ['rm', 7] }, null],
  ])('a shell gets %j as %j', (input, command) => {
    expect(codex.toolCall('Bash', input)).toMatchObject({ kind: 'shell', command });
  });

  test('a patch names what it adds, changes, removes and moves', () => {
    const patch = [
      '*** Begin Patch',
      '*** Add File: new file.txt',
      '+*** Delete File: only text',
      '*** Update File: src/a.ts',
      '*** Move to: ../b.ts',
      '@@',
      '-x',
      '+y',
      '  *** Delete File: /etc/hosts  ',
      '*** End Patch',
    ].join('\r\n');
    expect(codex.toolCall('apply_patch', { command: patch }).files).toEqual(
      ['new file.txt', 'src/a.ts', '../b.ts', '/etc/hosts'].map((path) => ({ path, access: 'write' })),
    );
    expect(codex.toolCall('apply_patch', {}).files).toEqual([]);
  });

  test.each([
    ['web_search', 'search'],
    ['spawn_agent', 'agent'],
    ['multi_agent_v2__close_agent', 'agent'],
    ['my_spawn_agent', 'other'],
    ['update_plan', 'other'],
    ['something_new', 'other'],
  ])('%s is %s', (tool, kind) =>
    expect(codex.toolCall(tool, { command: 'x' })).toMatchObject({ tool, kind }),
  );

  test('a kind stands for the tool the agent has for it', () => {
    expect(codex.toolCall('shell', { command: 'ls' })).toMatchObject({ tool: 'Bash', command: 'ls' });
    expect(codex.toolCall('edit', { path: 'a' })).toMatchObject({
      tool: 'apply_patch',
      files: [{ path: 'a', access: 'write' }],
    });
    expect(codex.toolCall('read', { path: 'a' })).toMatchObject({ tool: 'read', kind: 'read' });
  });
});

describe('what the hook prints', () => {
  const output = (name: string, answer: Parameters<typeof codex.answerHook>[1]) => {
    const text = codex.answerHook(hooked(name), answer);
    return text === null ? null : JSON.parse(text);
  };
  const allow = { decision: 'allow', answers: null } as const;
  const deny = { decision: 'deny', reason: 'no' } as const;

  // Each form was tried with the real program; one field more or less and the tool would run.
  test('a denial, always with a reason', () => {
    for (const [reason, said] of [
      ['no', 'no'],
      ['  ', 'codepiper denied this call.'],
    ] as const) {
      expect(output('PreToolUse.Bash', { decision: 'deny', reason })).toEqual({
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: 'deny',
          permissionDecisionReason: said,
        },
      });
      expect(output('PermissionRequest.Bash', { decision: 'deny', reason })).toEqual({
        hookSpecificOutput: {
          hookEventName: 'PermissionRequest',
          decision: { behavior: 'deny', message: said },
        },
      });
    }
  });

  test('an allowed tool gets silence, and its permission when it is asked for', () => {
    expect(output('PreToolUse.Bash', allow)).toBeNull();
    expect(output('PermissionRequest.Bash', allow)).toEqual({
      hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: { behavior: 'allow' } },
    });
  });

  test('nothing, where the agent decides or nothing waits', () => {
    expect(output('PreToolUse.Bash', { decision: 'agent' })).toBeNull();
    expect(output('PermissionRequest.Bash', { decision: 'agent' })).toBeNull();
    expect(output('PostToolUse.Bash', deny)).toBeNull();
  });
});
