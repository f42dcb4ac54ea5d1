import { z } from 'zod';
import { entryKindSchema } from './transcript.ts';

const count = z.number().int();
const time = z.iso.datetime();

/** A conversation with an agent, whether codepiper started it or not. */
export const conversationSchema = z.object({
  id: count,
  provider: z.string(),
  /** The agent's own id of it. */
  conversationId: z.string(),
  /** Sessions of codepiper it belongs to, whole ids. */
  sessionIds: z.array(z.string()),
  cwd: z.string().nullable(),
  title: z.string().nullable(),
  branch: z.string().nullable(),
  /** Of the agent. */
  version: z.string().nullable(),
  /**
   * The agent's id of the conversation it was forked from. Claude Code repeats what was said before the fork, Codex does
   * not: the beginning is then in that other conversation.
   */
  forkedFrom: z.string().nullable(),
  /** The agent's id of the conversation whose agent started this one. */
  parent: z.string().nullable(),
  startedAt: time.nullable(),
  lastAt: time.nullable(),
});
export type Conversation = z.infer<typeof conversationSchema>;

/** What came of a tool call: `denied` when it was refused or broken off, `running` when nothing is known yet. */
export const outcomes = ['running', 'ok', 'error', 'denied'] as const;

/** One thing in a conversation. */
export const entrySchema = z.object({
  /** Its place in the one monotone sequence of entries; later stored ones have higher ids. */
  id: count,
  /** `id` of its conversation. */
  conversation: count,
  kind: entryKindSchema,
  at: time.nullable(),
  /** The sub-agent that said it; null for the conversation's own agent. */
  agentId: z.string().nullable(),
  /** Number of the turn, from 1 in each of the conversation's files. */
  turn: count.nullable(),
  /** Of a tool_call and its tool_result: what joins the two. */
  callId: z.string().nullable(),
  tool: z.string().nullable(),
  /** Of a tool_call and its tool_result: what came of the call, as far as is known when it is asked. */
  outcome: z.enum(outcomes).nullable(),
  /** Of a tool_call that ended and its tool_result, in milliseconds. */
  durationMs: count.nullable(),
  /** Of a tool_result: the tool failed. */
  isError: z.boolean(),
  /** Of a tool_call: the file it names first. */
  path: z.string().nullable(),
  text: z.string(),
  /**
   * Length of the whole text, in UTF-16 code units; `text` is its beginning when it is shorter. Null when no text was
   * asked for, and when the transcript is gone: `text` is then at most its first line.
   */
  length: count.nullable(),
});
export type Entry = z.infer<typeof entrySchema>;

/** From a prompt to the end of the agent's answer. */
export const turnSchema = z.object({
  conversation: count,
  agentId: z.string().nullable(),
  number: count,
  /** The agent's own id of it. */
  turnId: z.string().nullable(),
  phase: z.enum(['started', 'done', 'failed', 'interrupted']),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  durationMs: count.nullable(),
});
export type Turn = z.infer<typeof turnSchema>;
