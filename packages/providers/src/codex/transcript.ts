import { asObject, asText, type Json, parseObject, textOfBlocks } from '../json.ts';
import type { AgentFact } from '../provider.ts';

/**
 * Facts in one line of a rollout. Prompts are taken from `item_completed`, which has each once and only what was
 * given, not from the model's own view of the conversation beside it. A turn that failed ends with no hook at all:
 * `task_complete` is where its error stands.
 */
export function readTranscriptLine(line: string): AgentFact[] {
  // Answers and tool output can be megabytes: a look at the beginning saves parsing them.
  const mayMatter = /"(?:turn_context|UserMessage|task_complete)"/.test(line.slice(0, 600));
  const entry = mayMatter ? parseObject(line) : null;
  const payload = asObject(entry?.payload);
  if (!entry || !payload) return [];
  if (entry.type === 'turn_context') return model(payload);
  if (entry.type !== 'event_msg') return [];
  switch (payload.type) {
    case 'item_completed':
      return prompt(asObject(payload.item));
    case 'task_complete':
      return failure(asObject(payload.error));
    default:
      return [];
  }
}

function model(context: Json): AgentFact[] {
  const name = asText(context.model);
  return name ? [{ kind: 'model', model: name }] : [];
}

function prompt(item: Json | null): AgentFact[] {
  const text = item?.type === 'UserMessage' ? textOfBlocks(item.content, ['text']) : null;
  return text === null ? [] : [{ kind: 'prompt', text }];
}

function failure(error: Json | null): AgentFact[] {
  return error ? [{ kind: 'turn-ended', outcome: 'failed', message: asText(error.message) }] : [];
}
