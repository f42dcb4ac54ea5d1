import { below } from '../paths.ts';
import type { TranscriptFormat } from '../transcripts.ts';
import { createReader } from './transcript-reader.ts';

const rollout = /\/rollout-[^/]*?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i;

/**
 * Rollouts of Codex (0.169.0). They say most things twice or three times; this is what is read of each:
 *
 * - prompts, answers and thinking: the items completed (`UserMessage`, `AgentMessage`, `Reasoning`), which hold what was
 *   given and shown, once each. The model's own view of the same (`response_item` messages) is left out, but for the
 *   notices of sub-agents, which stand nowhere else.
 * - tool calls and results: the model's calls and outputs (`response_item`), which have one id from the call to the
 *   result. Completed items of the same id add only whether it failed and how long it ran. The tools a script of the
 *   model's ran itself (`exec-…`), and a person's own commands, are in items alone and are read there.
 * - compaction: `compacted`; turns: `task_started`, `task_complete`, `turn_aborted`.
 * - usage: `token_usage_record`. `token_count` says the same again and again.
 */
export const codexTranscripts: TranscriptFormat = {
  roots(env) {
    const home = env.CODEX_HOME || below(env.HOME || '/', '.codex');
    return [below(home, 'sessions'), below(home, 'archived_sessions')];
  },
  isFiledByDate: true,
  isTranscript: (path) => rollout.test(path),
  // A sub-agent's rollout is a conversation of its own; its first line names the parent.
  identify: (path) => ({ conversationId: rollout.exec(path)?.[1] ?? null, agentId: null }),
  createReader,
  usageMarks: ['"session_meta"', '"turn_context"', '"thread_settings_applied"', '"token_usage_record"'],
  contextSize(_model, end) {
    // It says so after each response: less than the model's own, by what it keeps free.
    const said = [...end().matchAll(/"model_context_window":(\d{1,12})/g)].at(-1)?.[1];
    return said === undefined ? null : Number(said);
  },
};
