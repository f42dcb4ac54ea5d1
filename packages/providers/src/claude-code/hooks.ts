import { asArray, asObject, asText, type Json } from '../json.ts';
import type { AgentFact, LaunchRequest } from '../provider.ts';

type Version = readonly [number, number, number];

/** Seconds a hook of ours may take that only writes a file. */
const reportTimeout = 10;

/** Seconds a hook may wait for a person: a day. Its own deadline comes before that. */
const decisionTimeout = 86_400;

/** Shown beside the spinner while a decision is waited for. */
const waitingMessage = 'Waiting for codepiper (Ctrl+B a to answer)';

/**
 * The events we hook, each with the first version known to know it: a name unknown to the installed version opens a
 * dialog at the start (fields it does not know are passed over, measured down to 2.0.60). What a hook does:
 * report: files its JSON for the daemon. decide: waits for the daemon's answer. after: reports beside the turn, since
 * it comes with every tool; that a tool ran also says that its dialog was answered in the terminal.
 */
const events: readonly { name: string; since: Version; does: 'report' | 'decide' | 'after' }[] = [
  { name: 'SessionStart', since: [0, 0, 0], does: 'report' },
  { name: 'UserPromptSubmit', since: [0, 0, 0], does: 'report' },
  { name: 'PreToolUse', since: [0, 0, 0], does: 'decide' },
  { name: 'PostToolUse', since: [0, 0, 0], does: 'after' },
  { name: 'Stop', since: [0, 0, 0], does: 'report' },
  { name: 'SessionEnd', since: [0, 0, 0], does: 'report' },
  { name: 'Notification', since: [0, 0, 0], does: 'report' },
  { name: 'PermissionRequest', since: [2, 0, 45], does: 'decide' },
  { name: 'PostToolUseFailure', since: [2, 0, 60], does: 'after' },
  { name: 'StopFailure', since: [2, 1, 78], does: 'report' },
  { name: 'PostModelSwitch', since: [2, 1, 251], does: 'report' },
];

/** What of a launch the hooks are made of. */
type HookRequest = Pick<LaunchRequest, 'hookCommand' | 'decideCommand' | 'hookFallback' | 'version'>;

/** The `hooks` of a settings file for this version; an unknown version gets what every version knows. */
export function hookSettings(request: HookRequest): Record<string, unknown> {
  const known = events.filter(({ since }) => isAtLeast(request.version, since));
  return Object.fromEntries(known.map(({ name, does }) => [name, [{ hooks: [handler(does, request)] }]]));
}

function handler(does: 'report' | 'decide' | 'after', request: HookRequest): Record<string, unknown> {
  if (does === 'decide') {
    return {
      type: 'command',
      command: request.decideCommand,
      timeout: decisionTimeout,
      statusMessage: waitingMessage,
      // Of 2.1.295: a hook that cannot run or runs out of time denies, too.
      ...(request.hookFallback === 'deny' ? { onFailure: 'block' } : {}),
    };
  }
  const report = { type: 'command', command: request.hookCommand, timeout: reportTimeout };
  return does === 'after' ? { ...report, async: true } : report;
}

function isAtLeast(version: string | null, since: Version): boolean {
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
