import { asObject, asText, type Json, parseObject, textOfBlocks } from '../json.ts';
import type { AgentFact } from '../provider.ts';

/** Facts in one line of a transcript: prompts a person or codepiper gave, and the model that answered. */
export function readTranscriptLine(line: string): AgentFact[] {
  // Most lines are tool results and request bodies, some of 100 kB: a look at the text saves parsing them.
  const mayMatter = line.includes('"promptSource"') || line.includes('"type":"assistant"');
  const entry = mayMatter ? parseObject(line) : null;
  if (!entry || entry.isSidechain === true) return [];
  if (entry.type === 'user') return prompt(entry);
  return entry.type === 'assistant' ? model(entry) : [];
}

/** `system` are notices of Claude's own; lines without a source are tool results, command output and summaries. */
function prompt(entry: Json): AgentFact[] {
  if (typeof entry.promptSource !== 'string' || entry.promptSource === 'system' || entry.isMeta === true)
    return [];
  const content = asObject(entry.message)?.content;
  const text = asText(content) ?? textOfBlocks(content, ['text']);
  return text === null ? [] : [{ kind: 'prompt', text }];
}

/** Errors are written as answers of a model `<synthetic>`. */
function model(entry: Json): AgentFact[] {
  const name = asText(asObject(entry.message)?.model);
  return name === null || name.startsWith('<') ? [] : [{ kind: 'model', model: name }];
}
