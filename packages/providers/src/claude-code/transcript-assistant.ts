import type { TokenCounts, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json } from '../json.ts';
import { callText, entryOf, tokenCount } from '../transcripts.ts';
import { toolCall } from './calls.ts';
import { toolResult } from './transcript-results.ts';

interface Assistant {
  known: boolean;
  items: TranscriptItem[];
  /** Whether the line says that the model could not be asked, which ends the turn. */
  failed: boolean;
  /** Null for what Claude itself wrote in the model's place. */
  model: string | null;
}

/** A line of the model's: one block of a response, with the usage of the whole response. */
export function readAssistant(json: Json, turnId: string | null): Assistant {
  const message = asObject(json.message);
  const name = asText(message?.model);
  const synthetic = json.isApiErrorMessage === true || name?.startsWith('<') === true;
  const model = synthetic ? null : name;
  const uuid = asText(json.uuid);
  const content =
    typeof message?.content === 'string' ? [textBlock(message.content)] : asArray(message?.content);
  const blocks = content.map((each, index) =>
    blockItem(asObject(each) ?? {}, uuid === null ? null : `${uuid}:${index}`, model),
  );
  const items = blocks.flatMap((item) => (item === null || item === 'unknown' ? [] : [item]));
  const failed = json.isApiErrorMessage === true;
  return {
    known: !blocks.includes('unknown'),
    items: synthetic
      ? items.map((item) => ownWords(item, failed))
      : [...items, ...usage(json, message, model, turnId)],
    failed,
    model,
  };
}

function textBlock(text: string): Json {
  return { type: 'text', text };
}

function ownWords(item: TranscriptItem, failed: boolean): TranscriptItem {
  return item.type === 'entry' ? { ...item, kind: failed ? 'error' : 'notice', isError: failed } : item;
}

function blockItem(block: Json, id: string | null, model: string | null): TranscriptItem | null | 'unknown' {
  const type = asText(block.type) ?? '';
  switch (type) {
    case 'text':
      return said('answer', id, block.text, model);
    case 'thinking':
      return said('thinking', id, block.thinking, model);
    case 'redacted_thinking':
      return null;
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return call(block, id, model);
    default:
      return type.endsWith('_tool_result') ? toolResult(block, id, false) : 'unknown';
  }
}

/** Thinking whose text the server keeps to itself is empty. */
function said(
  kind: 'answer' | 'thinking',
  id: string | null,
  value: unknown,
  model: string | null,
): TranscriptItem | null {
  const text = asText(value);
  return text === null ? null : entryOf(kind, id, text, { model });
}

function call(block: Json, id: string | null, model: string | null): TranscriptItem {
  const tool = asText(block.name);
  const input = asObject(block.input) ?? {};
  const path = tool === null ? null : (toolCall(tool, input).files[0]?.path ?? null);
  return entryOf('tool_call', id, callText(input), { callId: asText(block.id), tool, path, model });
}

function usage(
  json: Json,
  message: Json | null,
  model: string | null,
  turnId: string | null,
): TranscriptItem[] {
  const used = asObject(message?.usage);
  const ids = [asText(message?.id), asText(json.requestId)].filter((id) => id !== null);
  const key = ids.length > 0 ? ids.join(':') : asText(json.uuid);
  if (!used || key === null) return [];
  return [{ type: 'usage', key, model: pricedModel(model, used), tokens: tokens(used), turnId }];
}

/** Fast mode has prices of its own, and no other name in transcripts: `-fast` stands before a date in the name. */
function pricedModel(model: string | null, used: Json): string | null {
  if (model === null || used.speed !== 'fast' || model.includes('-fast')) return model;
  return model.replace(/(-20\d{6})?$/, '-fast$1');
}

function tokens(used: Json): TokenCounts {
  const kept = asObject(used.cache_creation);
  const cacheWrite1h = tokenCount(kept?.ephemeral_1h_input_tokens);
  const written = tokenCount(used.cache_creation_input_tokens);
  return {
    input: tokenCount(used.input_tokens),
    output: tokenCount(used.output_tokens),
    cacheRead: tokenCount(used.cache_read_input_tokens),
    // The sum is always there, its parts are not.
    cacheWrite5m: Math.max(tokenCount(kept?.ephemeral_5m_input_tokens), written - cacheWrite1h),
    cacheWrite1h,
    reasoning: tokenCount(asObject(used.output_tokens_details)?.thinking_tokens),
  };
}
