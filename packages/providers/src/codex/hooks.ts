import { canonicalJson } from '@codepiper/core/policies/canonical.ts';
import { asObject, asText, type Json } from '../json.ts';
import type { AgentFact, LaunchRequest } from '../provider.ts';
import type { TomlValue } from './toml.ts';

/** Seconds a hook may wait for a person: a day. Its own deadline comes before that. */
const decisionTimeout = 86_400;

/** Shown beside "Working" while a decision is waited for. */
const waitingMessage = 'Waiting for codepiper (Ctrl+B a to answer)';

/**
 * Events we hook, with the name Codex has for each in its trust keys, and seconds the hook may take. Without a matcher
 * a hook is for every tool. One that decides waits for the daemon; the others write a file.
 */
const events: readonly { name: string; key: string; timeout: number; decides?: true }[] = [
  { name: 'SessionStart', key: 'session_start', timeout: 10 },
  { name: 'UserPromptSubmit', key: 'user_prompt_submit', timeout: 10 },
  { name: 'PreToolUse', key: 'pre_tool_use', timeout: decisionTimeout, decides: true },
  { name: 'PermissionRequest', key: 'permission_request', timeout: decisionTimeout, decides: true },
  { name: 'PostToolUse', key: 'post_tool_use', timeout: 10 },
  { name: 'Stop', key: 'stop', timeout: 10 },
  // Codex allows these two no more than 3.
  { name: 'Interrupt', key: 'interrupt', timeout: 3 },
  { name: 'SessionEnd', key: 'session_end', timeout: 3 },
];

/** Where Codex places hooks that came by `-c`. */
const source = '/<session-flags>/config.toml';

type Handler = { type: 'command'; command: string; timeout: number; statusMessage?: string };

/** The `hooks` table; its `state` says with Codex's own hash that each was reviewed, without which a dialog would ask. */
export function hookConfiguration(
  request: Pick<LaunchRequest, 'hookCommand' | 'decideCommand' | 'sha256'>,
): TomlValue {
  const hooks = events.map(({ name, key, timeout, decides }) => {
    const handler: Handler = decides
      ? { type: 'command', command: request.decideCommand, timeout, statusMessage: waitingMessage }
      : { type: 'command', command: request.hookCommand, timeout };
    return { name, key, handler };
  });
  const groups = hooks.map(({ name, handler }) => [name, [{ hooks: [handler] }]]);
  const state = hooks.map(({ key, handler }) => [
    `${source}:${key}:0:0`,
    { enabled: true, trusted_hash: trustHash(key, handler, request.sha256) },
  ]);
  return Object.fromEntries([...groups, ['state', Object.fromEntries(state)]]);
}

/** The hash Codex compares before it runs a hook without a matcher. */
export function trustHash(event: string, handler: Handler, sha256: (text: string) => string): string {
  const reviewed = { event_name: event, hooks: [{ ...handler, async: false }] };
  return `sha256:${sha256(canonicalJson(reviewed))}`;
}

/** Facts in one hook's JSON; none for unknown events and for what a sub-agent does by itself. */
export function readHook(payload: unknown): AgentFact[] {
  const hook = asObject(payload);
  if (!hook) return [];
  // A sub-agent's question stands on the session's screen; its prompts and turns are not the session's.
  if (hook.agent_id !== undefined && hook.hook_event_name !== 'PermissionRequest') return [];
  switch (hook.hook_event_name) {
    case 'SessionStart':
      return [...conversation(hook, originOf(hook.source)), ...model(hook)];
    case 'UserPromptSubmit':
      return [
        ...conversation(hook, 'unknown'),
        ...(typeof hook.prompt === 'string' ? [{ kind: 'prompt', text: hook.prompt } as const] : []),
        ...model(hook),
        running('busy', 'prompt submitted'),
      ];
    case 'PermissionRequest':
      return [
        {
          kind: 'state',
          state: { status: 'needs_permission', activity: null },
          detail: `permission for ${asText(hook.tool_name) ?? 'a tool'}`,
        },
      ];
    case 'Stop':
      return [{ kind: 'turn-ended', outcome: 'done', message: null }, running('idle', 'turn ended')];
    case 'Interrupt':
      return [{ kind: 'turn-ended', outcome: 'interrupted', message: null }, running('idle', 'interrupted')];
    case 'SessionEnd':
      return [{ kind: 'conversation-ended', reason: asText(hook.reason) ?? 'unknown' }];
    default:
      return [];
  }
}

type Origin = Extract<AgentFact, { kind: 'conversation' }>['origin'];

function originOf(from: unknown): Origin {
  switch (from) {
    case 'startup':
    case 'resume':
    case 'fork':
    case 'clear':
    case 'compact':
      return from;
    default:
      return 'unknown';
  }
}

function conversation(hook: Json, origin: Origin): AgentFact[] {
  const id = asText(hook.session_id);
  return id ? [{ kind: 'conversation', id, transcriptPath: asText(hook.transcript_path), origin }] : [];
}

function model(hook: Json): AgentFact[] {
  const name = asText(hook.model);
  return name ? [{ kind: 'model', model: name }] : [];
}

function running(activity: 'busy' | 'idle', detail: string): AgentFact {
  return { kind: 'state', state: { status: 'running', activity }, detail };
}
