import { asArray, asObject, asText, type Json } from '../json.ts';
import type { AgentFact } from '../provider.ts';

/** Seconds a hook of ours may take; it only writes a file. */
const timeout = 10;

/**
 * The events we listen to, each with the first version that knows it: a name unknown to the installed version opens a
 * dialog at the start. No tool event is among them: a hook starts a process, and the registry shows the same sooner.
 */
const events: readonly { name: string; since: readonly [number, number, number] }[] = [
  { name: 'SessionStart', since: [0, 0, 0] },
  { name: 'UserPromptSubmit', since: [0, 0, 0] },
  { name: 'Stop', since: [0, 0, 0] },
  { name: 'SessionEnd', since: [0, 0, 0] },
  { name: 'Notification', since: [0, 0, 0] },
  { name: 'PermissionRequest', since: [2, 0, 45] },
  { name: 'StopFailure', since: [2, 1, 78] },
  { name: 'PostModelSwitch', since: [2, 1, 251] },
];

/** The `hooks` of a settings file for this version; an unknown version gets what every version knows. */
export function hookSettings(command: string, version: string | null): Record<string, unknown> {
  const known = events.filter(({ since }) => isAtLeast(version, since));
  return Object.fromEntries(
    known.map(({ name }) => [name, [{ hooks: [{ type: 'command', command, timeout }] }]]),
  );
}

function isAtLeast(version: string | null, since: readonly [number, number, number]): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? '0.0.0')
    ?.slice(1)
    .map(Number) ?? [0, 0, 0];
  for (const [index, least] of since.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** Facts in one hook's JSON; none for unknown events and for what a sub-agent does by itself. */
export function readHook(payload: unknown): AgentFact[] {
  const hook = asObject(payload);
  if (!hook) return [];
  // A sub-agent's question stands on the session's screen; its turns are not the session's.
  if (hook.agent_id !== undefined && hook.hook_event_name !== 'PermissionRequest') return [];
  switch (hook.hook_event_name) {
    case 'SessionStart':
      return [...conversation(hook, originOf(hook.source)), ...model(hook.model)];
    case 'UserPromptSubmit':
      return [...conversation(hook, 'unknown'), ...prompt(hook.prompt), state('busy', 'prompt submitted')];
    case 'PermissionRequest':
      return [permissionRequest(hook)];
    case 'Notification':
      return notification(hook);
    case 'Stop':
      return stop(hook);
    case 'StopFailure': {
      const message = asText(hook.last_assistant_message) ?? asText(hook.error);
      return [{ kind: 'turn-ended', outcome: 'failed', message }, state('idle', 'turn failed')];
    }
    case 'PostModelSwitch':
      return model(hook.to_model);
    case 'SessionEnd':
      return [{ kind: 'conversation-ended', reason: asText(hook.reason) ?? 'unknown' }];
    default:
      return [];
  }
}

type Origin = Extract<AgentFact, { kind: 'conversation' }>['origin'];

function originOf(source: unknown): Origin {
  switch (source) {
    case 'startup':
    case 'resume':
    case 'fork':
    case 'clear':
    case 'compact':
      return source;
    default:
      return 'unknown';
  }
}

function conversation(hook: Json, origin: Origin): AgentFact[] {
  const id = asText(hook.session_id);
  return id ? [{ kind: 'conversation', id, transcriptPath: asText(hook.transcript_path), origin }] : [];
}

function model(name: unknown): AgentFact[] {
  const known = asText(name);
  return known ? [{ kind: 'model', model: known }] : [];
}

/** A background task that ends starts a turn with a notice of Claude's own, in the place of a prompt. */
function prompt(text: unknown): AgentFact[] {
  return typeof text === 'string' && !text.startsWith('<task-notification>')
    ? [{ kind: 'prompt', text }]
    : [];
}

function permissionRequest(hook: Json): AgentFact {
  const tool = asText(hook.tool_name) ?? 'a tool';
  if (tool === 'AskUserQuestion') {
    const [first] = asArray(asObject(hook.tool_input)?.questions);
    const question = asText(asObject(first)?.question);
    return needs('needs_input', question ? `question: ${question}` : 'question');
  }
  return needs('needs_permission', tool === 'ExitPlanMode' ? 'plan approval' : `permission for ${tool}`);
}

/** Permission and idle notices come seconds late and say what others said before; the rest is news. */
function notification(hook: Json): AgentFact[] {
  const isNews =
    hook.notification_type === 'agent_needs_input' || hook.notification_type === 'elicitation_dialog';
  return isNews ? [needs('needs_input', asText(hook.message) ?? 'input needed')] : [];
}

/** While a sub-agent works in the background the session goes on being busy. */
function stop(hook: Json): AgentFact[] {
  const isWorking = asArray(hook.background_tasks).some((task) => {
    const { type, status } = asObject(task) ?? {};
    return type === 'subagent' && status === 'running';
  });
  const ended: AgentFact = { kind: 'turn-ended', outcome: 'done', message: null };
  return isWorking ? [ended] : [ended, state('idle', 'turn ended')];
}

function state(activity: 'busy' | 'idle', detail: string): AgentFact {
  return { kind: 'state', state: { status: 'running', activity }, detail };
}

function needs(status: 'needs_permission' | 'needs_input', detail: string): AgentFact {
  return { kind: 'state', state: { status, activity: null }, detail };
}
