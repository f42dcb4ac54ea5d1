import type { EntryKind, ReadLine, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { asObject, asText } from './json.ts';

/** What a transcript's path says about it; the lines inside have the last word. */
export interface TranscriptName {
  /** Null where only the lines say it. */
  conversationId: string | null;
  /** The sub-agent whose file it is, where sub-agents are part of their conversation. */
  agentId: string | null;
}

/** Reads the lines of one file, in their order. */
export interface TranscriptReader {
  /** One line without its end. Never throws. */
  readLine(text: string): ReadLine;
  /**
   * What the next lines' meaning depends on: JSON of at most a few hundred bytes. A reader made from it goes on as
   * this one would.
   */
  state(): string;
}

/** How an agent keeps its transcripts. */
export interface TranscriptFormat {
  /** Directories that hold transcripts, at any depth; they need not exist. */
  roots(env: Readonly<Record<string, string>>): string[];
  /** Whether they lie in directories by year, month and day, whose names sort by date. */
  isFiledByDate: boolean;
  /** Whether a file by this absolute path is a transcript. */
  isTranscript(path: string): boolean;
  identify(path: string): TranscriptName;
  /** @param state what `state()` of the reader of the lines before gave; something else counts as none */
  createReader(state?: string | null): TranscriptReader;
  /**
   * A line that holds none of these, byte for byte as UTF-8, says nothing of usage, and a reader that never saw it
   * gives the same usage for the lines behind it. Holds for lines as the agent writes them: JSON without spaces.
   */
  usageMarks: readonly string[];
  /**
   * How many tokens a model of the agent can read; null when nobody knows. A model that is not named is null.
   *
   * @param end gives the end of the conversation's file: some whole lines, and maybe a piece of one before them
   */
  contextSize?(model: string | null, end: () => string): number | null;
}

type Entry = Extract<TranscriptItem, { type: 'entry' }>;

/** An entry with nothing special about it. */
export function entryOf(kind: EntryKind, id: string | null, text: string, more: Partial<Entry> = {}): Entry {
  const plain = { callId: null, tool: null, isError: false, path: null, model: null };
  return { type: 'entry', kind, id, text, ...plain, ...more };
}

/** A tool's input as a person reads it and search finds it: a command alone, else a line per member. */
export function callText(input: unknown): string {
  const members = asObject(input);
  if (!members) return typeof input === 'string' ? input : (JSON.stringify(input) ?? '');
  const command = asText(members.command) ?? asText(members.cmd);
  if (command !== null) return command;
  return Object.entries(members)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}

/** A number of tokens; whatever is none counts as 0. */
export function tokenCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** Later times are none: their dates cannot be written with four digits everywhere. */
const lastTime = Date.UTC(9999, 0);

/** Milliseconds since the epoch of a time in ISO 8601; null where there is none, or one that no agent has lived in. */
export function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return at > 0 && at < lastTime ? at : null;
}

/** The line for text that is no JSON object. */
export function invalidLine(turnId: string | null): ReadLine {
  return { state: 'invalid', line: { at: null, agentId: null, turnId, items: [] } };
}
