import type { ReadLine, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';

/** A line of the simplest format there can be: entries with and without ids, usage, and a state that matters. */
export interface PlainLine {
  /** Ids of the line's entries; null for one without. */
  entries?: (string | null)[];
  text?: string;
  usage?: { key: string; input: number; output: number };
  /** The model of the usage behind it. */
  model?: string;
  at?: number;
  /** With a path it reads a file. */
  call?: { id: string; result: boolean; path?: string };
}

/** Files `<conversation>.jsonl`, sub-agents' `<conversation>/<agent>.jsonl` with a name that begins with `agent-`. */
export const plainFormat: TranscriptFormat = {
  roots: (env) => [env.PLAIN_ROOT ?? '/nowhere'],
  isFiledByDate: false,
  isTranscript: (path) => path.endsWith('.jsonl'),
  identify(path) {
    const parts = path.replace(/\.jsonl$/, '').split('/');
    const name = parts.at(-1) ?? '';
    return name.startsWith('agent-')
      ? { conversationId: parts.at(-2) ?? null, agentId: name }
      : { conversationId: name, agentId: null };
  },
  createReader(state) {
    let model: string | null = state ? (JSON.parse(state) as { model: string | null }).model : null;
    return {
      readLine(text): ReadLine {
        let line: PlainLine & { type?: string };
        try {
          line = JSON.parse(text) as PlainLine;
        } catch {
          return { state: 'invalid', line: { at: null, agentId: null, turnId: null, items: [] } };
        }
        if (line.type === 'new')
          return { state: 'unknown', line: { at: null, agentId: null, turnId: null, items: [] } };
        model = line.model ?? model;
        const items: TranscriptItem[] = (line.entries ?? []).map((id) => ({
          type: 'entry',
          kind: line.call ? (line.call.result ? 'tool_result' : 'tool_call') : 'answer',
          id,
          text: line.text ?? '',
          callId: line.call?.id ?? null,
          tool: line.call ? (line.call.path === undefined ? 'Bash' : 'Read') : null,
          isError: false,
          path: line.call?.path ?? null,
          model: null,
        }));
        if (line.usage) {
          const { key, input, output } = line.usage;
          const tokens = { input, output, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, reasoning: 0 };
          items.push({ type: 'usage', key, model, tokens, turnId: null });
        }
        return { state: 'known', line: { at: line.at ?? null, agentId: null, turnId: null, items } };
      },
      state: () => JSON.stringify({ model }),
    };
  },
  usageMarks: ['"usage"', '"model"'],
};
