import { z } from 'zod';

/**
 * What one thing in a conversation is. prompt: what a person (or a program for one) said. answer, thinking: what the
 * model said. tool_call, tool_result: a tool and what came of it. compaction: earlier turns were summed up. error: the
 * model could not be asked, or the agent failed. notice: anything else worth showing.
 */
export const entryKinds = [
  'prompt',
  'answer',
  'thinking',
  'tool_call',
  'tool_result',
  'attachment',
  'compaction',
  'error',
  'notice',
] as const;
export const entryKindSchema = z.enum(entryKinds);
export type EntryKind = z.infer<typeof entryKindSchema>;

/** Tokens of one response of a model. `input` is what was read anew: neither from nor into a cache. */
export interface TokenCounts {
  input: number;
  /** Reasoning included. */
  output: number;
  cacheRead: number;
  /** Written to a cache that lives five minutes, or for an unstated time. */
  cacheWrite5m: number;
  cacheWrite1h: number;
  /** The part of `output` that was reasoning. */
  reasoning: number;
}

/** What one line of a transcript says, in the house's words. A line may say several things, or none. */
export type TranscriptItem =
  /** The conversation the file holds. Said again where something about it changed. */
  | {
      type: 'conversation';
      id: string;
      cwd: string | null;
      version: string | null;
      branch: string | null;
      /** The conversation this one was copied or goes on from. */
      forkedFrom: string | null;
      /**
       * Where in the bytes of that conversation's file this one leaves it; what comes before is not repeated here.
       * Without it the file holds copies.
       */
      forkedAt?: number;
      /** The conversation whose agent started this one. */
      parent: string | null;
    }
  | { type: 'title'; title: string }
  | { type: 'model'; model: string }
  /** A turn begins or ends. */
  | {
      type: 'turn';
      id: string | null;
      phase: 'started' | 'done' | 'failed' | 'interrupted';
      durationMs: number | null;
    }
  | {
      type: 'entry';
      kind: EntryKind;
      /** The agent's own id of the entry: the same in copies of it in other files. Null where it has none. */
      id: string | null;
      /** What a person reads and search finds. */
      text: string;
      callId: string | null;
      tool: string | null;
      /** Of a tool_result: whether the tool failed. */
      isError: boolean;
      /** Of a tool_result: the call was refused or broken off; what it would have come to is not known. */
      denied?: boolean;
      /** Of a tool_result: how long the tool itself ran, where the agent says it. Milliseconds. */
      durationMs?: number;
      /** Of a tool_call: the file it names first, as the agent wrote it. */
      path: string | null;
      model: string | null;
    }
  | {
      type: 'usage';
      /**
       * Names the response over all files and copies: the same key is the same response, and of several lines with
       * one key the one with the most output counts, the first of those with equally much.
       */
      key: string;
      model: string | null;
      tokens: TokenCounts;
      turnId: string | null;
    };

export interface TranscriptLine {
  /** Milliseconds since the epoch; null when the line has no time. */
  at: number | null;
  /** The sub-agent a line belongs to; null for the conversation's own. */
  agentId: string | null;
  /** The turn a line belongs to, by what the lines before it said; null before the first. */
  turnId?: string | null;
  items: TranscriptItem[];
}

/**
 * What reading a line came to. known: understood, maybe without items. unknown: JSON of a type nobody knows.
 * invalid: no JSON object.
 */
export type ReadLine = { state: 'known' | 'unknown' | 'invalid'; line: TranscriptLine };
