import type { TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json } from '../json.ts';
import { plainText } from '../text.ts';
import { entryOf } from '../transcripts.ts';
import { withoutReminders } from './transcript-text.ts';

/** Results of tools in a user's line. */
export function toolResults(json: Json, uuid: string | null): TranscriptItem[] {
  const denied = typeof json.toolDenialKind === 'string';
  return asArray(asObject(json.message)?.content).flatMap((each, index) => {
    const block = asObject(each);
    if (block?.type !== 'tool_result') return [];
    return [toolResult(block, uuid === null ? null : `${uuid}:${index}`, denied)];
  });
}

/** @param block a `tool_result`, or the result of a tool that the model's server ran */
export function toolResult(block: Json, id: string | null, denied: boolean): TranscriptItem {
  const isError = block.is_error === true || denied || isServerError(block.content);
  const text = withoutReminders(plainText(resultText(block.content)));
  return entryOf('tool_result', id, text, {
    callId: asText(block.tool_use_id),
    isError,
    ...(denied ? { denied } : {}),
  });
}

function isServerError(content: unknown): boolean {
  return String(asObject(content)?.type ?? '').endsWith('_error');
}

function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  const blocks = Array.isArray(content) ? content : [content];
  return blocks
    .flatMap((each) => {
      const block = asObject(each);
      if (!block) return typeof each === 'string' ? [each] : [];
      return [asText(block.text) ?? described(block)];
    })
    .join('\n');
}

/** What is not text, in a few words: a picture is not spelt out. */
function described(block: Json): string {
  const words = [block.title, block.url, block.tool_name, block.error_code].filter(
    (word) => typeof word === 'string',
  );
  return words.length > 0 ? words.join(' ') : `[${asText(block.type) ?? 'unknown'}]`;
}
