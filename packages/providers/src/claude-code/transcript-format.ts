import { below } from '../paths.ts';
import type { TranscriptFormat, TranscriptName } from '../transcripts.ts';
import { contextSize } from './context-size.ts';
import { createReader } from './transcript-reader.ts';
import { configDirectory } from './trust.ts';

const ownFile = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i;
/** A sub-agent's file lies in a folder named after its conversation; older versions put it beside the conversation. */
const agentFile =
  /(?:\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/subagents(?:\/[^/]+)*)?\/agent-([A-Za-z0-9_-]+)\.jsonl$/i;

function identify(path: string): TranscriptName {
  const [, own] = ownFile.exec(path) ?? [];
  if (own !== undefined) return { conversationId: own, agentId: null };
  const [, conversation, agent] = agentFile.exec(path) ?? [];
  return { conversationId: conversation ?? null, agentId: agent ?? null };
}

/**
 * Transcripts of Claude Code (2.1.329): a line per block of content. What a line does not say, an earlier one did: a
 * response's turn is that of the last prompt, which is why prompts are among the marks.
 */
export const claudeTranscripts: TranscriptFormat = {
  roots: (env) => [below(configDirectory(env), 'projects')],
  isFiledByDate: false,
  isTranscript: (path) => ownFile.test(path) || agentFile.test(path),
  identify,
  createReader,
  usageMarks: ['"usage"', '"promptSource"', '"role":"user","content":"'],
  contextSize: (model) => (model === null ? null : contextSize(model)),
};
