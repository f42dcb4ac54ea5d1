import type { ReadLine, TokenCounts, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json, parseObject, textOfBlocks } from '../json.ts';
import { entryOf, invalidLine, type TranscriptReader, timeOf, tokenCount } from '../transcripts.ts';
import { readItem } from './transcript-items.ts';
import { beginTurn, idIn, modelOf, type State, settingsModel, stateOf } from './transcript-state.ts';
import { readCall, readOutput } from './transcript-tools.ts';

/** Null for a line of a type nobody knows. */
type Found = TranscriptItem[] | null;

/** Reads the lines of one rollout of Codex. */
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

function readLine(json: Json, state: State): ReadLine {
  const found = itemsOf(json, asObject(json.payload) ?? {}, state);
  return {
    state: found === null ? 'unknown' : 'known',
    line: { at: timeOf(json.timestamp), agentId: null, turnId: state.turn, items: found ?? [] },
  };
}

function itemsOf(json: Json, payload: Json, state: State): Found {
  switch (json.type) {
    case 'session_meta':
      return meta(payload, state);
    case 'turn_context':
      return turnContext(payload, state);
    case 'response_item':
      return responseItem(payload, state);
    case 'event_msg':
      return event(payload, state);
    case 'token_usage_record':
      return usage(payload, state);
    case 'compacted': {
      const id = asText(payload.window_id) ?? asText(payload.compaction_response_id);
      return [entryOf('compaction', id, asText(payload.message) ?? '')];
    }
    case 'world_state':
      return [];
    default:
      return null;
  }
}

/** A file may hold the first lines of conversations it was copied from, too: only the first is its own. */
function meta(payload: Json, state: State): Found {
  const id = asText(payload.id);
  if (id === null || (state.id !== null && state.id !== id)) return [];
  state.id = id;
  const forkedAt = asObject(payload.history_base)?.end_byte_offset;
  return [
    {
      type: 'conversation',
      id,
      cwd: asText(payload.cwd),
      version: asText(payload.cli_version),
      branch: asText(asObject(payload.git)?.branch),
      forkedFrom: asText(payload.forked_from_id),
      parent: asText(payload.parent_thread_id),
      ...(typeof forkedAt === 'number' ? { forkedAt } : {}),
    },
  ];
}

function turnContext(payload: Json, state: State): Found {
  const turn = asText(payload.turn_id);
  beginTurn(state, turn);
  const model = asText(payload.model);
  if (model === null || (turn === state.modelTurn && model === state.turnModel)) return [];
  state.modelTurn = turn;
  state.turnModel = model;
  state.model = model;
  return [{ type: 'model', model }];
}

const silentResponses: readonly unknown[] = ['reasoning', 'additional_tools'];
const noticeKinds: readonly unknown[] = ['multi_agent.subagent_notification'];

function responseItem(payload: Json, state: State): Found {
  const type = asText(payload.type) ?? '';
  if (silentResponses.includes(type)) return [];
  if (type === 'message') return notice(payload, state);
  if (type.endsWith('_call')) return readCall(payload, state);
  return type.endsWith('_output') ? readOutput(payload, state) : null;
}

function notice(payload: Json, state: State): TranscriptItem[] {
  const kinds = asArray(asObject(payload.internal_chat_message_metadata_passthrough)?.content_item_kinds);
  const text = kinds.some((kind) => noticeKinds.includes(kind))
    ? textOfBlocks(payload.content, ['input_text'])
    : null;
  if (text === null) return [];
  return [entryOf('notice', idIn(state, asText(payload.id)), subagentText(text))];
}

/** `<subagent_notification>{"agent_path": …, "status": {"completed": …}}</subagent_notification>` in words. */
function subagentText(text: string): string {
  const inner = text.replace(/^\s*<subagent_notification>\s*|\s*<\/subagent_notification>\s*$/g, '');
  const json = parseObject(inner);
  const [state, said] = Object.entries(asObject(json?.status) ?? {})[0] ?? [asText(json?.status) ?? '', ''];
  if (!json) return inner;
  return `Sub-agent ${asText(json.agent_path) ?? ''} ${state}: ${asText(said) ?? ''}`.replace(/[: ]+$/, '');
}

const silentEvents: readonly unknown[] = ['token_count'];

function event(payload: Json, state: State): Found {
  switch (payload.type) {
    case 'task_started':
      beginTurn(state, asText(payload.turn_id));
      return [{ type: 'turn', id: asText(payload.turn_id), phase: 'started', durationMs: null }];
    case 'task_complete':
      return complete(payload, state);
    case 'turn_aborted':
      return aborted(payload, state);
    case 'item_completed':
      return readItem(asObject(payload.item) ?? {}, payload, state);
    case 'thread_settings_applied':
      state.model = settingsModel(payload) ?? state.model;
      return [];
    // Rollouts from before items were written have these in their place.
    case 'user_message':
      return spoken('prompt', payload.message, state);
    case 'agent_message':
      return spoken('answer', payload.message, state);
    case 'agent_reasoning':
      return spoken('thinking', payload.text, state);
    default:
      return silentEvents.includes(payload.type) ? [] : null;
  }
}

function spoken(kind: 'prompt' | 'answer' | 'thinking', value: unknown, state: State): TranscriptItem[] {
  const text = asText(value);
  return text === null
    ? []
    : [entryOf(kind, null, text, kind === 'prompt' ? {} : { model: modelOf(state, state.turn) })];
}

function complete(payload: Json, state: State): TranscriptItem[] {
  const error = asObject(payload.error);
  const id = asText(payload.turn_id);
  const end: TranscriptItem = {
    type: 'turn',
    id,
    phase: error ? 'failed' : 'done',
    durationMs: durationOf(payload),
  };
  if (!error) return [end];
  const text = asText(error.message) ?? JSON.stringify(error.codex_error_info ?? error);
  return [entryOf('error', idIn(state, 'error', id), text, { isError: true }), end];
}

function aborted(payload: Json, state: State): TranscriptItem[] {
  const id = asText(payload.turn_id);
  const text = `Turn aborted: ${asText(payload.reason) ?? 'unknown reason'}`;
  return [
    entryOf('notice', idIn(state, 'aborted', id), text),
    { type: 'turn', id: id ?? state.turn, phase: 'interrupted', durationMs: durationOf(payload) },
  ];
}

function durationOf(payload: Json): number | null {
  return typeof payload.duration_ms === 'number' ? payload.duration_ms : null;
}

function usage(payload: Json, state: State): Found {
  const used = asObject(payload.usage);
  const response = asText(payload.response_id);
  if (!used || response === null) return null;
  const turnId = asText(payload.turn_id);
  const model = modelOf(state, turnId);
  const key = `${turnId ?? asText(payload.thread_id) ?? ''}:${response}`;
  return [{ type: 'usage', key, model, tokens: tokens(used), turnId }];
}

/** Codex counts what it read from a cache, and wrote to one, as input as well. */
function tokens(used: Json): TokenCounts {
  const cacheRead = tokenCount(used.cached_input_tokens);
  const cacheWrite5m = tokenCount(used.cache_write_input_tokens);
  return {
    input: Math.max(0, tokenCount(used.input_tokens) - cacheRead - cacheWrite5m),
    output: tokenCount(used.output_tokens),
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: 0,
    reasoning: tokenCount(used.reasoning_output_tokens),
  };
}
