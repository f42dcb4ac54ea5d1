import { scrub } from '../log/redact.ts';

/** Fields that say what happened, and where. No agent puts a person's words or a tool's input into them. */
const kept: readonly string[] = [
  'hook_event_name',
  'session_id',
  'transcript_path',
  'cwd',
  'prompt_id',
  'turn_id',
  'agent_id',
  'agent_type',
  'source',
  'reason',
  'error',
  'notification_type',
  'tool_name',
  'permission_mode',
  'stop_hook_active',
  'model',
  'from_model',
  'to_model',
  'requested_model',
];
/** Fields with prompts, answers and what tools are given: they are in the agent's own transcript. */
const measured: readonly string[] = ['prompt', 'last_assistant_message', 'message', 'tool_input'];

/** Longest text of a field, in characters: a path. */
const longest = 500;

/** What the ledger keeps of a hook's JSON: known fields without secrets, and of texts their length in characters. */
export function keptOf(payload: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of kept) {
    const value = payload[name];
    if (typeof value === 'string') result[name] = shorten(scrub(value));
    else if (typeof value === 'boolean' || typeof value === 'number') result[name] = value;
  }
  for (const name of measured) {
    const value = payload[name];
    if (value === undefined || value === null) continue;
    result[`${name}_chars`] = (typeof value === 'string' ? value : JSON.stringify(value)).length;
  }
  return result;
}

/** Name of the event as part of an event's type; `unknown` for what no agent would call one. */
export function eventName({ hook_event_name: name }: Readonly<Record<string, unknown>>): string {
  return typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name) ? name : 'unknown';
}

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
