import type { ReadLine, TranscriptItem, TranscriptLine } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json, parseObject, textOfBlocks } from '../json.ts';
import { entryOf, invalidLine, type TranscriptReader, timeOf } from '../transcripts.ts';
import { readAssistant } from './transcript-assistant.ts';
import { toolResults } from './transcript-results.ts';
import { promptText, withoutAllReminders, wrappedText } from './transcript-text.ts';

type ConversationItem = Extract<TranscriptItem, { type: 'conversation' }>;

interface State {
  /** The turn of the next line, named after the prompt that began it. */
  turn: string | null;
  /** The id of the last prompt. A process that took a conversation up again may give several prompts one id. */
  prompt: string | null;
  model: string | null;
  /** As it was said last. */
  conversation: ConversationItem | null;
  /** Whether the file began with `/clear`: it then names the conversation before it, but copies nothing of it. */
  cleared: boolean;
}

interface Found {
  known: boolean;
  items: TranscriptItem[];
}

const nothing: Found = { known: true, items: [] };

/** Lines about the program's own business, and lines whose content stands in others, too. */
const silentTypes: ReadonlySet<string> = new Set([
  'api-request',
  'api-request-blob',
  'api-request-shape',
  'atis-latch',
  'cost-state',
  'file-history-delta',
  'file-history-snapshot',
  'last-prompt',
  'mode',
  'permission-mode',
  'queue-operation',
  'tools-used',
]);

const silentAttachments: ReadonlySet<string> = new Set([
  'agent_listing_delta',
  'auto_mode',
  'date',
  'deferred_tools_delta',
  'deferred_tools_record',
  'environment',
  'hook_permission_decision',
  'hook_success',
  'instructions',
  'model',
  'plan_mode',
  'plan_mode_exit',
  'prompt_snapshot',
  'remote_session_change',
  'session_context',
  'silent_turn_reminder',
  'skill_listing',
  'total_tokens_reminder',
]);

/** Reads the lines of one transcript of Claude Code. */
export function createReader(state?: string | null): TranscriptReader {
  const own = stateOf(state);
  return {
    readLine(text) {
      const json = parseObject(text);
      return json ? readLine(json, own) : invalidLine(own.turn);
    },
    state: () => JSON.stringify(own),
  };
}

function stateOf(text: string | null | undefined): State {
  const json = parseObject(text);
  return {
    turn: asText(json?.turn),
    prompt: asText(json?.prompt),
    model: asText(json?.model),
    // Only ever compared with a whole one.
    conversation: asObject(json?.conversation) as ConversationItem | null,
    cleared: json?.cleared === true,
  };
}

function readLine(json: Json, state: State): ReadLine {
  const agentId = asText(json.agentId) ?? (json.isSidechain === true ? 'sidechain' : null);
  const conversation = conversationOf(json, state);
  const { known, items } = itemsOf(json, agentId, state);
  const line: TranscriptLine = {
    at: timeOf(json.timestamp),
    agentId,
    turnId: state.turn,
    items: [...conversation, ...items],
  };
  return { state: known ? 'known' : 'unknown', line };
}

/**
 * Copied lines of a fork carry its id in `sessionId` and the id they were written with in `session_id`: of a fork of a
 * fork the last of them names the nearest.
 */
function conversationOf(json: Json, state: State): ConversationItem[] {
  const id = asText(json.sessionId);
  // Lines without a directory are about the program, not the conversation.
  if (id === null || asText(json.cwd) === null) return [];
  const written = asText(json.session_id);
  const earlier = state.conversation?.id === id ? state.conversation.forkedFrom : null;
  const found: ConversationItem = {
    type: 'conversation',
    id,
    cwd: asText(json.cwd),
    version: asText(json.version),
    branch: asText(json.gitBranch),
    forkedFrom: written === null || written === id || state.cleared ? earlier : written,
    parent: null,
  };
  if (state.conversation && isSame(found, state.conversation)) return [];
  state.conversation = found;
  return [found];
}

function isSame(one: ConversationItem, other: ConversationItem): boolean {
  return (
    one.id === other.id &&
    one.cwd === other.cwd &&
    one.version === other.version &&
    one.branch === other.branch &&
    one.forkedFrom === other.forkedFrom
  );
}

function itemsOf(json: Json, agentId: string | null, state: State): Found {
  switch (json.type) {
    case 'user':
      return { known: true, items: user(json, agentId, state) };
    case 'assistant':
      return assistant(json, agentId, state);
    case 'system':
      return system(json, agentId, state);
    case 'attachment':
      return attachment(json);
    case 'custom-title':
      return title(json.customTitle);
    case 'agent-name':
      return title(json.agentName);
    case 'summary':
      return title(json.summary);
    default:
      return typeof json.type === 'string' && silentTypes.has(json.type)
        ? nothing
        : { known: false, items: [] };
  }
}

function title(value: unknown): Found {
  const text = asText(value);
  return text === null ? nothing : { known: true, items: [{ type: 'title', title: text }] };
}

function assistant(json: Json, agentId: string | null, state: State): Found {
  const { known, items, failed, model } = readAssistant(json, state.turn);
  const changed = model !== null && agentId === null && model !== state.model;
  if (changed) state.model = model;
  const first: TranscriptItem[] = changed ? [{ type: 'model', model }] : [];
  const last: TranscriptItem[] = failed && agentId === null ? [turn(state, 'failed')] : [];
  return { known, items: [...first, ...items, ...last] };
}

function turn(
  state: State,
  phase: 'started' | 'done' | 'failed' | 'interrupted',
  durationMs: number | null = null,
): TranscriptItem {
  return { type: 'turn', id: state.turn, phase, durationMs };
}

function user(json: Json, agentId: string | null, state: State): TranscriptItem[] {
  const content = asObject(json.message)?.content;
  const uuid = asText(json.uuid);
  const id = uuid === null ? null : `${uuid}:0`;
  const text = asText(content) ?? textOfBlocks(content, ['text']);
  if (json.isCompactSummary === true) {
    return text === null ? [] : [entryOf('compaction', id, withoutAllReminders(text).trim())];
  }
  if (json.isMeta === true) return [];
  if (state.turn === null && text?.startsWith('<command-name>/clear<')) state.cleared = true;
  const others = [...toolResults(json, uuid), ...pictures(content, uuid)];
  return text === null ? others : [...said(json, text, agentId, state, id), ...others];
}

/** What a user's line says in words: a prompt, an interruption, or something Claude wrote in the user's name. */
function said(
  json: Json,
  text: string,
  agentId: string | null,
  state: State,
  id: string | null,
): TranscriptItem[] {
  if (text.startsWith('[Request interrupted by user')) {
    const notice = entryOf('notice', id, text);
    return agentId === null ? [notice, turn(state, 'interrupted')] : [notice];
  }
  const source = asText(json.promptSource);
  const wrapped = wrappedText(text);
  const readable = wrapped ?? promptText(text);
  const isPrompt = source === null ? wrapped === null : source !== 'system';
  const items: TranscriptItem[] =
    readable === '' ? [] : [entryOf(isPrompt ? 'prompt' : 'notice', id, readable)];
  const begins = source !== null || (wrapped === null && typeof asObject(json.message)?.content === 'string');
  return begins && beginTurn(json, agentId, state) ? [turn(state, 'started'), ...items] : items;
}

/**
 * A turn has the id of its prompt, which sub-agents repeat; a prompt with the id of the one before it makes a turn of
 * its own all the same, by the line's id. A sub-agent works in the turn of whoever started it and begins none.
 */
function beginTurn(json: Json, agentId: string | null, state: State): boolean {
  const prompt = asText(json.promptId);
  const uuid = asText(json.uuid);
  if (agentId !== null) {
    state.turn = prompt ?? state.turn ?? uuid;
    return false;
  }
  state.turn = (prompt === state.prompt ? null : prompt) ?? uuid ?? prompt;
  state.prompt = prompt;
  return state.turn !== null;
}

/** Pictures and documents a prompt brought along. */
function pictures(content: unknown, uuid: string | null): TranscriptItem[] {
  return asArray(content).flatMap((each, index) => {
    const block = asObject(each);
    if (block?.type !== 'image' && block?.type !== 'document') return [];
    const kind = asText(asObject(block.source)?.media_type);
    const text = [asText(block.title) ?? block.type, kind].filter(Boolean).join(' ');
    return [entryOf('attachment', uuid === null ? null : `${uuid}:${index}`, text)];
  });
}

function system(json: Json, agentId: string | null, state: State): Found {
  const uuid = asText(json.uuid);
  const text = asText(json.content);
  const readable = text === null ? '' : (wrappedText(text) ?? text);
  const notice = readable === '' ? [] : [entryOf('notice', uuid === null ? null : `${uuid}:0`, readable)];
  switch (json.subtype) {
    case 'turn_duration': {
      const duration = typeof json.durationMs === 'number' ? json.durationMs : null;
      return { known: true, items: agentId === null ? [turn(state, 'done', duration)] : [] };
    }
    case 'stop_hook_summary':
      return nothing;
    case 'compact_boundary':
      return { known: true, items: notice.map((entry) => ({ ...entry, text: compacted(json, entry.text) })) };
    case 'local_command':
    case 'informational':
      return { known: true, items: notice };
    default:
      return { known: false, items: notice };
  }
}

function compacted(json: Json, text: string): string {
  const { trigger, preTokens, postTokens } = asObject(json.compactMetadata) ?? {};
  const sizes = typeof preTokens === 'number' && typeof postTokens === 'number';
  const details = [asText(trigger), sizes ? `${preTokens} to ${postTokens} tokens` : null].filter(Boolean);
  return details.length > 0 ? `${text} (${details.join(', ')})` : text;
}

function attachment(json: Json): Found {
  const attached = asObject(json.attachment);
  const kind = asText(attached?.type) ?? '';
  if (!attached || silentAttachments.has(kind)) return { known: attached !== null, items: [] };
  const uuid = asText(json.uuid);
  const id = uuid === null ? null : `${uuid}:0`;
  switch (kind) {
    case 'file': {
      const file = asObject(asObject(attached.content)?.file);
      const path = asText(attached.filename) ?? asText(file?.filePath);
      const text = [path ?? 'file', asText(file?.content)].filter(Boolean).join('\n');
      return { known: true, items: [entryOf('attachment', id, text, { path })] };
    }
    case 'queued_command': {
      // A prompt taken up in the middle of a turn.
      const text = asText(attached.prompt) ?? textOfBlocks(attached.prompt, ['text']);
      const wrapped = text === null ? null : wrappedText(text);
      const kindOf = wrapped === null ? 'prompt' : 'notice';
      return { known: true, items: text === null ? [] : [entryOf(kindOf, id, wrapped ?? promptText(text))] };
    }
    case 'task_status': {
      const text = [asText(attached.description), asText(attached.status)].filter(Boolean).join(': ');
      return { known: true, items: text === '' ? [] : [entryOf('notice', id, text)] };
    }
    default:
      return { known: false, items: [] };
  }
}
