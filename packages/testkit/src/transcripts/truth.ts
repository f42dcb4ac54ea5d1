import type { EntryKind, TokenCounts } from '@codepiper/core/transcripts/transcript.ts';

export type Agent = 'claude-code' | 'codex';

/** One response of a model, as it has to be counted. */
export interface TrueResponse {
  agent: Agent;
  model: string;
  /** When its fullest line was written, the first of equally full ones; milliseconds since the epoch. */
  at: number;
  conversation: string;
  subAgent: string | null;
  turnId: string | null;
  tokens: TokenCounts;
}

export interface GeneratedFile {
  agent: Agent;
  /** Below the agent's own directory of transcripts. */
  path: string;
  content: string;
}

export interface Truth {
  /** By agent and the ids the agent gave them. */
  responses: ReadonlyMap<string, TrueResponse>;
  /** Entries of each kind, by conversation: an entry that stands in a file several times counts once. */
  entries: ReadonlyMap<string, Readonly<Partial<Record<EntryKind, number>>>>;
  /** Lines nobody can understand, by the path of their file. */
  junk: ReadonlyMap<string, { invalid: number; unknown: number }>;
  /** The conversation each conversation was copied from, where it was. */
  forks: ReadonlyMap<string, string>;
}

export interface GeneratedTranscripts {
  files: readonly GeneratedFile[];
  truth: Truth;
}

const noTokens: TokenCounts = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  reasoning: 0,
};

export function addTokens(one: TokenCounts, other: TokenCounts): TokenCounts {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite5m: one.cacheWrite5m + other.cacheWrite5m,
    cacheWrite1h: one.cacheWrite1h + other.cacheWrite1h,
    reasoning: one.reasoning + other.reasoning,
  };
}

/** Sums by day and model, under keys as `2026-11-21 claude-opus-5-5`; a day is one of the time zone (IANA name). */
export function totalsByDay(
  responses: Iterable<Pick<TrueResponse, 'model' | 'at' | 'tokens'>>,
  timeZone: string,
): Map<string, TokenCounts> {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const totals = new Map<string, TokenCounts>();
  for (const { model, at, tokens } of responses) {
    const key = `${day.format(at)} ${model}`;
    totals.set(key, addTokens(totals.get(key) ?? noTokens, tokens));
  }
  return totals;
}
