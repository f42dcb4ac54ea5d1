import { asObject, asText, type Json } from '../json.ts';
import type { AgentFact } from '../provider.ts';
import { canonicalJson, type TomlValue } from './toml.ts';

/** Events we listen to, with the name Codex has for each in its trust keys, and seconds a hook may take (it writes a file). */
const events: readonly { name: string; key: string; timeout: number }[] = [
  { name: 'SessionStart', key: 'session_start', timeout: 10 },
  { name: 'UserPromptSubmit', key: 'user_prompt_submit', timeout: 10 },
  { name: 'PermissionRequest', key: 'permission_request', timeout: 10 },
  { name: 'Stop', key: 'stop', timeout: 10 },
  // Codex allows these two no more than 3.
  { name: 'Interrupt', key: 'interrupt', timeout: 3 },
  { name: 'SessionEnd', key: 'session_end', timeout: 3 },
];

/** Where Codex places hooks that came by `-c`. */
const source = '/<session-flags>/config.toml';

/**
 * The `hooks` table: every event runs the command, and `state` says with Codex's own hash that it was reviewed; without
 * it a dialog would ask. PostToolUse is not among them: the title shows sooner that a permission was given.
 */
export function hookConfiguration(command: string, sha256: (text: string) => string): TomlValue {
  const groups = events.map(({ name, timeout }) => [
    name,
    [{ hooks: [{ type: 'command', command, timeout }] }],
  ]);
  const state = events.map(({ key, timeout }) => [
    `${source}:${key}:0:0`,
    { enabled: true, trusted_hash: trustHash({ event: key, command, timeout }, sha256) },
  ]);
  return Object.fromEntries([...groups, ['state', Object.fromEntries(state)]]);
}

/** The hash Codex compares before it runs a hook without a matcher. */
export function trustHash(
  { event, command, timeout }: { event: string; command: string; timeout: number },
  sha256: (text: string) => string,
): string {
  const reviewed = { event_name: event, hooks: [{ type: 'command', command, timeout, async: false }] };
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
