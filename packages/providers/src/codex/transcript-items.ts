import type { TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json, textOfBlocks } from '../json.ts';
import { plainText } from '../text.ts';
import { callText, entryOf } from '../transcripts.ts';
import { idIn, modelOf, noteOutcome, type Outcome, type State } from './transcript-state.ts';

/** Items that say what other lines say, too. */
const silentItems: readonly unknown[] = ['ContextCompaction', 'WebSearch', 'ImageView'];

/**
 * A completed item.
 * @returns null for an item nobody knows
 */
export function readItem(item: Json, payload: Json, state: State): TranscriptItem[] | null {
  const turnId = asText(payload.turn_id) ?? state.turn;
  const id = idIn(state, asText(item.id), turnId);
  const model = modelOf(state, turnId);
  switch (item.type) {
    case 'UserMessage':
      return prompt(item, id);
    case 'AgentMessage':
      return spoken('answer', id, textOfBlocks(item.content, ['Text', 'text']), model);
    case 'Reasoning':
      return spoken('thinking', id, thinkingOf(item), model);
    case 'CommandExecution':
      return tool(item, id, state, { tool: 'exec_command', text: commandOf(item), path: null });
    case 'FileChange': {
      const changes = asObject(item.changes) ?? {};
      const path = Object.keys(changes)[0] ?? null;
      return tool(item, id, state, { tool: 'apply_patch', text: changesText(changes), path });
    }
    case 'McpToolCall': {
      const name = `mcp__${asText(item.server) ?? ''}__${asText(item.tool) ?? ''}`;
      return tool(item, id, state, { tool: name, text: callText(item.arguments ?? {}), path: null });
    }
    case 'CollabAgentToolCall': {
      const name = asText(item.tool) ?? 'agent';
      return tool(item, id, state, { tool: name, text: asText(item.prompt) ?? '', path: null });
    }
    default:
      return silentItems.includes(item.type) ? [] : null;
  }
}

function spoken(
  kind: 'answer' | 'thinking',
  id: string | null,
  text: string | null,
  model: string | null,
): TranscriptItem[] {
  return text === null || text === '' ? [] : [entryOf(kind, id, text, { model })];
}

function prompt(item: Json, id: string | null): TranscriptItem[] {
  const text = textOfBlocks(item.content, ['text']);
  const others = asArray(item.content).flatMap((each, index) => {
    const block = asObject(each);
    const type = asText(block?.type);
    if (!block || type === null || type === 'text') return [];
    const path = asText(block.path);
    const words = [type, asText(block.name), path].filter(Boolean).join(' ');
    return [entryOf('attachment', id === null ? null : `${id}:${index}`, words, { path })];
  });
  return text === null || text === '' ? others : [entryOf('prompt', id, text), ...others];
}

function thinkingOf(item: Json): string {
  const parts = [...asArray(item.summary_text), ...asArray(item.raw_content)];
  return parts.filter((part) => typeof part === 'string').join('\n');
}

/** The command a person would type: Codex runs it as `bash -lc <command>`. */
function commandOf(item: Json): string {
  const words = asArray(item.command).filter((word) => typeof word === 'string');
  return /^-\w*c$/.test(words[1] ?? '') && words.length === 3 ? (words[2] ?? '') : words.join(' ');
}

function changesText(changes: Json): string {
  return Object.entries(changes)
    .map(([path, value]) => {
      const change = asObject(value) ?? {};
      const body = asText(change.unified_diff) ?? asText(change.content) ?? '';
      return `${asText(change.type) ?? 'change'} ${path}\n${body}`.trimEnd();
    })
    .join('\n');
}

/**
 * A tool that ran. Of a call the model made only how it ended is kept, for its output to come; what a script of the
 * model's, or a person, ran has no such call and no such output, and is both here.
 */
function tool(
  item: Json,
  id: string | null,
  state: State,
  call: { tool: string; text: string; path: string | null },
): TranscriptItem[] {
  const outcome = outcomeOf(item);
  if (!outcome) return [];
  const isOwn = outcome.callId.startsWith('exec-') || item.source === 'user_shell';
  if (!isOwn) {
    noteOutcome(state, outcome);
    return [];
  }
  const { callId, isError, denied, durationMs } = outcome;
  const entryId = (part: string) => (id === null ? null : `${id}/${part}`);
  const { text, ...named } = call;
  return [
    entryOf('tool_call', entryId('call'), text, { callId, ...named, model: modelOf(state, state.turn) }),
    entryOf('tool_result', entryId('result'), resultText(item), {
      callId,
      isError,
      ...(denied ? { denied } : {}),
      ...(durationMs === null ? {} : { durationMs }),
    }),
  ];
}

function outcomeOf(item: Json): Outcome | null {
  const callId = asText(item.id);
  if (callId === null) return null;
  const denied = item.status === 'declined';
  const exited = typeof item.exit_code === 'number' && item.exit_code !== 0;
  return { callId, isError: denied || exited || item.status === 'failed', denied, durationMs: ranFor(item) };
}

function ranFor(item: Json): number | null {
  const { secs, nanos } = asObject(item.duration) ?? {};
  return typeof secs === 'number' && typeof nanos === 'number' ? secs * 1000 + nanos / 1e6 : null;
}

function resultText(item: Json): string {
  const printed =
    asText(item.aggregated_output) ?? [asText(item.stdout), asText(item.stderr)].filter(Boolean).join('\n');
  return plainText(
    printed || (textOfBlocks(asObject(item.result)?.content, ['text']) ?? asText(item.error) ?? ''),
  );
}
