import { describe, expect, test } from 'vitest';
import { byName, statesOf } from '../testing.ts';
import { claudeCode } from './claude-code.ts';

const hooks = byName(
  import.meta.glob('./fixtures/hooks/*.json', { query: '?raw', import: 'default', eager: true }),
);
const entries = byName(
  import.meta.glob('./fixtures/registry/*.json', { query: '?raw', import: 'default', eager: true }),
);
const screens = byName(
  import.meta.glob('./fixtures/screens/*.txt', { query: '?raw', import: 'default', eager: true }),
);
const transcripts = byName(
  import.meta.glob('./fixtures/transcripts/*.jsonl', { query: '?raw', import: 'default', eager: true }),
);

const readHook = (name: string) => claudeCode.readHook(JSON.parse(hooks[name] ?? 'null'));

describe('hooks', () => {
  test.each(Object.keys(hooks).filter((name) => name.startsWith('SessionStart.')))('%s', (name) => {
    const [, origin] = name.split('.');
    const [first] = readHook(name);
    expect(first).toMatchObject({
      kind: 'conversation',
      origin,
      transcriptPath: expect.stringContaining('.jsonl'),
    });
    expect(first).toMatchObject({ id: JSON.parse(hooks[name] ?? '').session_id });
  });

  test('a start names the model where the hook does', () => {
    expect(readHook('SessionStart.startup.json')).toContainEqual({ kind: 'model', model: 'claude-opus-5-5' });
  });

  test('a prompt is reported with its text, and the agent is busy', () => {
    const facts = readHook('UserPromptSubmit.json');
    expect(facts).toContainEqual({ kind: 'prompt', text: 'Hello, who are you?' });
    expect(statesOf(facts)).toEqual(['running busy']);
  });

  test('a notice of a background task is work, not a prompt', () => {
    const facts = readHook('UserPromptSubmit.task-notification.json');
    expect(facts.filter(({ kind }) => kind === 'prompt')).toEqual([]);
    expect(statesOf(facts)).toEqual(['running busy']);
  });

  test.each([
    ['PermissionRequest.Bash.json', 'needs_permission', 'permission for Bash'],
    ['PermissionRequest.subagent.Bash.json', 'needs_permission', 'permission for Bash'],
    ['PermissionRequest.ExitPlanMode.json', 'needs_permission', 'plan approval'],
    ['PermissionRequest.AskUserQuestion.json', 'needs_input', 'question: Which colour do you like?'],
    ['Notification.agent_needs_input.json', 'needs_input', /^Auto mode can't check/],
  ])('%s', (name, status, detail) => {
    expect(readHook(name)).toEqual([
      {
        kind: 'state',
        state: { status, activity: null },
        detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
      },
    ]);
  });

  test('ends of turns', () => {
    expect(readHook('Stop.json')).toContainEqual({ kind: 'turn-ended', outcome: 'done', message: null });
    expect(statesOf(readHook('Stop.json'))).toEqual(['running idle']);
    expect(statesOf(readHook('Stop.background.json'))).toEqual(['running idle']);
    expect(readHook('StopFailure.json')).toContainEqual({
      kind: 'turn-ended',
      outcome: 'failed',
      message: 'API Error: 400 fake 400',
    });
  });

  test('a turn that leaves a sub-agent at work does not leave the session idle', () => {
    const stop = JSON.parse(hooks['Stop.json'] ?? '');
    const background_tasks = [{ id: 'a1', type: 'subagent', status: 'running' }];
    const facts = claudeCode.readHook({ ...stop, background_tasks });
    expect(facts).toEqual([{ kind: 'turn-ended', outcome: 'done', message: null }]);
  });

  test('a switch of the model, the end of a conversation', () => {
    expect(readHook('PostModelSwitch.command.json')).toEqual([{ kind: 'model', model: 'claude-sonnet-5-5' }]);
    expect(readHook('SessionEnd.clear.json')).toEqual([{ kind: 'conversation-ended', reason: 'clear' }]);
  });

  test.each([null, 1, 'x', [], {}, { hook_event_name: 'Nonesuch' }, { hook_event_name: 'SessionStart' }])(
    'nothing in %j',
    (payload) => {
      expect(claudeCode.readHook(payload)).toEqual([]);
    },
  );

  test('notices that say late what others said before are not news', () => {
    expect(readHook('Notification.idle_prompt.json')).toEqual([]);
    expect(readHook('Notification.permission_prompt.json')).toEqual([]);
  });
});

describe('registry', () => {
  const registry = claudeCode.registry;

  test.each([
    ['idle.json', 'running idle'],
    ['busy.json', 'running busy'],
    ['subagent-running.json', 'running busy'],
    ['waiting-permission.json', 'needs_permission'],
    ['waiting-input.json', 'needs_input'],
    ['waiting-dialog.json', 'needs_input'],
  ])('%s', (name, expected) => {
    const facts = registry?.read(entries[name] ?? '', 32177)?.facts ?? [];
    expect(statesOf(facts)).toEqual([expected]);
    expect(facts).toContainEqual({
      kind: 'conversation',
      id: '1284a057-f49d-4ffb-ad6d-1615ee31ba17',
      transcriptPath: null,
      origin: 'unknown',
    });
  });

  test('a command in the background leaves the prompt free', () => {
    const entry = JSON.stringify({ ...JSON.parse(entries['idle.json'] ?? ''), status: 'shell' });
    expect(statesOf(registry?.read(entry, 32177)?.facts ?? [])).toEqual(['running idle']);
  });

  test('half a file and the file of another process cannot be read', () => {
    const idle = entries['idle.json'] ?? '';
    expect(registry?.read(idle.slice(0, 100), 32177)).toBeNull();
    expect(registry?.read('', 32177)).toBeNull();
    expect(registry?.read(idle, 32178)).toBeNull();
  });

  test('lies in the configuration directory', () => {
    expect(registry?.directory({ HOME: '/home/dev' })).toBe('/home/dev/.claude/sessions');
    expect(registry?.directory({ HOME: '/home/dev', CLAUDE_CONFIG_DIR: '/c' })).toBe('/c/sessions');
    expect(registry?.fileName(7)).toBe('7.json');
  });
});

/** Screens on which a dialog or question waits, with what it is. */
const waiting: Record<string, [status: string, detail: RegExp]> = {
  'ask-question.txt': ['needs_input', /question/],
  'classic-perm-prompt.txt': ['needs_permission', /permission/],
  'dlg-api-key.txt': ['needs_input', /API key/],
  'dlg-bypass.txt': ['needs_input', /bypass/],
  'dlg-mcp-json.txt': ['needs_input', /MCP/],
  'dlg-settings-error.txt': ['needs_input', /settings error/],
  'dlg-trust.txt': ['needs_input', /trust/],
  'hook-ask.txt': ['needs_permission', /permission/],
  'model-picker.txt': ['needs_input', /dialog/],
  'perm-bash-prompt.txt': ['needs_permission', /permission/],
  'perm-edit-prompt.txt': ['needs_permission', /permission/],
  'perm-mcp-prompt.txt': ['needs_permission', /permission/],
  'perm-parallel.txt': ['needs_permission', /permission/],
  'perm-subagent.txt': ['needs_permission', /permission/],
  'perm-write-prompt.txt': ['needs_permission', /permission/],
  'plan-approval.txt': ['needs_permission', /plan/],
  'slash-status.txt': ['needs_input', /dialog/],
};

const matches = (guard: string, screen: string) =>
  screen.split('\n').some((line) => new RegExp(guard).test(line.trimEnd()));

describe('screens', () => {
  test.each(Object.keys(screens))('%s', (name) => {
    const screen = screens[name] ?? '';
    const isGuarded = claudeCode.input.guards.some((guard) => matches(guard, screen));
    expect(isGuarded).toBe(name in waiting);
    const facts = claudeCode.readScreen(screen);
    if (name === 'first-run-no-network.txt') {
      expect(facts).toMatchObject([{ state: { status: 'needs_input' }, detail: /no connection/ }]);
      return;
    }
    const [status, detail] = waiting[name] ?? [];
    if (!status) expect(facts).toEqual([]);
    else
      expect(facts).toMatchObject([
        { state: { status, activity: null }, detail: expect.stringMatching(detail ?? '') },
      ]);
  });

  test('every guard is needed by a screen or by a line seen live', () => {
    const lines = [
      ...Object.values(screens),
      '  Showing detailed transcript · ctrl+o to toggle · ↑/↓ to scroll',
      '  Enter to continue · Esc to cancel',
    ].join('\n');
    expect(claudeCode.input.guards.filter((guard) => !matches(guard, lines))).toEqual([]);
  });

  test.each([
    '● Press Enter to confirm, or Esc to cancel.',
    '  Enter to confirm deletes the file; Esc to cancel keeps it.',
    '❯ 1. Yes, that one',
    '  ❯ 1. Red',
    '  Do you want to proceed?',
  ])('an agent that writes "%s" does not hold up sending', (line) => {
    expect(claudeCode.input.guards.some((guard) => matches(guard, line))).toBe(false);
    expect(claudeCode.readScreen(line)).toEqual([]);
  });

  test("guards keep to what tmux's formats can carry", () => {
    for (const guard of claudeCode.input.guards) expect(guard).not.toMatch(/[{},:#%]/);
  });
});

describe('transcripts', () => {
  const factsOf = (name: string) =>
    (transcripts[name] ?? '').split('\n').flatMap(claudeCode.readTranscriptLine);
  const prompts = (name: string) =>
    factsOf(name).flatMap((fact) => (fact.kind === 'prompt' ? [fact.text.trim().slice(0, 20)] : []));

  test('prompts are what people gave, not command output, summaries or notices', () => {
    expect(prompts('after-clear-compact-model.jsonl')).toEqual([
      'after clear',
      'after compact',
      'now on sonnet',
    ]);
    expect(prompts('queue-paste-sigterm.jsonl')).toEqual([
      'SLOW 4',
      'queued one',
      'queued two',
      '<pasted_content id="',
      'SLOW 12',
    ]);
  });

  test('models are those that answered, not the name errors are written under', () => {
    const models = (name: string) =>
      new Set(factsOf(name).flatMap((fact) => (fact.kind === 'model' ? [fact.model] : [])));
    expect([...models('after-clear-compact-model.jsonl')]).toEqual(['claude-opus-5-5', 'claude-sonnet-5-5']);
    expect([...models('api-errors.jsonl')]).toEqual(['claude-opus-5-5']);
  });

  test.each(['', '{', 'null', '{"type":"assistant"}', '{"type":"user","promptSource":"typed"}'])(
    'nothing in %j',
    (line) => {
      expect(claudeCode.readTranscriptLine(line)).toEqual([]);
    },
  );
});
