import type { TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asArray, asObject, asText, type Json, parseObject } from '../json.ts';
import { plainText } from '../text.ts';
import { callText, entryOf } from '../transcripts.ts';
import { toolCall } from './calls.ts';
import { idIn, modelOf, type State, takeOutcome } from './transcript-state.ts';

/** A call the model made. */
export function readCall(payload: Json, state: State): TranscriptItem[] {
  const tool = toolName(payload);
  const input = inputOf(payload);
  const id = asText(payload.id);
  const callId = asText(payload.call_id) ?? id;
  const entryId = callId === null ? null : `${callId}/call`;
  return [
    entryOf('tool_call', idIn(state, entryId), callText(input), {
      callId,
      tool,
      path: pathOf(tool, input),
      model: modelOf(state, state.turn),
    }),
  ];
}

function toolName(payload: Json): string {
  const name = asText(payload.name) ?? (asText(payload.type) ?? '').replace(/_call$/, '');
  const namespace = asText(payload.namespace);
  return namespace === null ? name : `${namespace}__${name}`;
}

/** Arguments are JSON in a string, or any text where the tool takes text. */
function inputOf(payload: Json): unknown {
  const text = asText(payload.arguments) ?? asText(payload.input);
  if (text !== null) return parseObject(text) ?? text;
  const action = asObject(payload.action) ?? asObject(payload.arguments) ?? {};
  const command = asArray(action.command);
  return command.length > 0 ? command.join(' ') : action;
}

function pathOf(tool: string, input: unknown): string | null {
  const members = asObject(input) ?? { input };
  return toolCall(tool, members).files[0]?.path ?? null;
}

/** What a call of the model's gave back. */
export function readOutput(payload: Json, state: State): TranscriptItem[] {
  const callId = asText(payload.call_id);
  const noted = takeOutcome(state, callId);
  const text = outputText(payload.output);
  const denied = noted?.denied === true || isDenial(text);
  const durationMs = noted?.durationMs ?? null;
  return [
    entryOf('tool_result', idIn(state, callId === null ? null : `${callId}/result`), text, {
      callId,
      isError: denied || noted?.isError === true || saysFailure(text),
      ...(denied ? { denied } : {}),
      ...(durationMs === null ? {} : { durationMs }),
    }),
  ];
}

function outputText(output: unknown): string {
  if (typeof output === 'string') {
    // Older versions put JSON into the string.
    const inner = output.startsWith('{"output":') ? asText(parseObject(output)?.output) : null;
    return plainText(inner ?? output);
  }
  const blocks = Array.isArray(output) ? output : [output];
  const texts = blocks.map((each) => {
    const block = asObject(each);
    return (
      asText(block?.text) ?? asText(block?.content) ?? (block ? `[${asText(block.type) ?? 'unknown'}]` : '')
    );
  });
  return plainText(texts.join('\n'));
}

/** Codex puts a few lines of its own before what a tool printed. */
function headOf(text: string): string {
  const [head = ''] = text.slice(0, 600).split(/^Output:$/m);
  return head;
}

function isDenial(text: string): boolean {
  return (
    /^(?:Wall time: [\d.]+ seconds\n)?aborted by user/.test(text) ||
    /^\w+ failed: .*Rejected\(/.test(text.slice(0, 600))
  );
}

function saysFailure(text: string): boolean {
  return /^(?:(?:Process exited with code|Exit code:) (?!0$)-?\d+|Script failed|\w+ failed: .*)$/m.test(
    headOf(text),
  );
}
