import { claudeTranscripts } from './claude-code/transcript-format.ts';
import { codexTranscripts } from './codex/transcript-format.ts';
import type { TranscriptFormat } from './transcripts.ts';

/** The agents that keep transcripts. */
export const transcriptFormats: Readonly<Record<'claude-code' | 'codex', TranscriptFormat>> = {
  'claude-code': claudeTranscripts,
  codex: codexTranscripts,
};
