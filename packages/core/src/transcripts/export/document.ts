import type { ModelUsage } from '../../analytics/analytics.ts';
import type { Conversation, Entry, Turn } from '../conversation.ts';

export const exportFormats = ['markdown', 'json', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What is known before the first entry. */
export interface ExportHead {
  /** ISO 8601. */
  exportedAt: string;
  /** Secrets were replaced. */
  redacted: boolean;
  /** Null when a conversation was asked for. */
  session: { id: string; name: string | null } | null;
  conversations: readonly Conversation[];
}

/** One entry, with its whole text, and what it belongs to. */
export interface ExportedEntry {
  entry: Entry;
  conversation: Conversation;
  /** Null where it is not known. */
  turn: Turn | null;
}

/** What is known behind the last entry. */
export interface ExportTail {
  entries: number;
  usage: Pick<ModelUsage, 'models' | 'total'> | null;
}

/** Where the entry before stood. Plain data. */
export interface ExportPlace {
  conversation: number;
  /** The last turn of the conversation's own agent. */
  turn: number | null;
}

/**
 * Writes a document piece by piece: the head, every entry in its order, the tail. Without a state of its own, so that
 * pieces may be made at different times.
 */
export interface ExportRenderer {
  contentType: string;
  head(head: ExportHead): string;
  /** @param before null for the first entry */
  entry(exported: ExportedEntry, before: ExportPlace | null): string;
  tail(tail: ExportTail): string;
}

/** Where an entry stands, for the one behind it. */
export function placeOf({ entry, conversation }: ExportedEntry, before: ExportPlace | null): ExportPlace {
  const isSame = before?.conversation === conversation.id;
  const turn = entry.agentId === null ? entry.turn : null;
  return { conversation: conversation.id, turn: turn ?? (isSame ? before.turn : null) };
}

/** Whether an entry is the first of a turn, or of several ones of its conversation. */
export function beginnings(
  exported: ExportedEntry,
  before: ExportPlace | null,
): { isConversation: boolean; turn: Turn | null } {
  const isConversation = before?.conversation !== exported.conversation.id;
  const { turn } = placeOf(exported, before);
  const isTurn = turn !== null && (isConversation || turn !== before.turn);
  return { isConversation, turn: isTurn ? exported.turn : null };
}

/** What an entry is, in words of people. */
export function entryTitle({ kind, tool, isError }: Entry): string {
  switch (kind) {
    case 'prompt':
      return 'Prompt';
    case 'answer':
      return 'Answer';
    case 'thinking':
      return 'Thinking';
    case 'tool_call':
      return `Tool: ${tool ?? 'unnamed'}`;
    case 'tool_result':
      return `${isError ? 'Error' : 'Result'}${tool === null ? '' : ` of ${tool}`}`;
    case 'attachment':
      return 'Attachment';
    case 'compaction':
      return 'Compaction: what came before was summed up';
    case 'error':
      return 'Error';
    case 'notice':
      return 'Notice';
  }
}

/** What else is to be said of an entry beside its title. */
export function entryFacts(entry: Entry): string[] {
  const { kind, agentId, outcome, durationMs, at, length } = entry;
  const words = { running: 'no result', ok: 'ok', error: 'failed', denied: 'denied' };
  const isCall = kind === 'tool_call';
  const facts = [
    agentId === null ? null : `sub-agent ${agentId}`,
    isCall && outcome !== null ? words[outcome] : null,
    isCall && durationMs !== null ? durationText(durationMs) : null,
    at && timeText(at),
    length === null ? 'the transcript is gone; this is its beginning' : null,
  ];
  return facts.filter((fact) => fact !== null);
}

export function turnText({ number, phase, startedAt, durationMs }: Turn): { title: string; facts: string[] } {
  const ends = { started: null, done: null, failed: 'failed', interrupted: 'interrupted' };
  const facts = [
    startedAt && timeText(startedAt),
    durationMs === null ? null : durationText(durationMs),
    ends[phase],
  ];
  return { title: `Turn ${number}`, facts: facts.filter((fact) => fact !== null) };
}

/** What is known of a conversation, by name. */
export function conversationFacts(conversation: Conversation): [name: string, value: string][] {
  const { provider, conversationId, cwd, branch, version, forkedFrom, parent } = conversation;
  const { startedAt, lastAt, sessionIds } = conversation;
  const facts: [string, string | null][] = [
    ['Agent', version === null ? provider : `${provider} ${version}`],
    ['Conversation', conversationId],
    ['Session', sessionIds.join(', ') || null],
    ['Directory', cwd],
    ['Branch', branch],
    ['Forked from', forkedFrom],
    ['Started by the conversation', parent],
    ['Started', startedAt && timeText(startedAt)],
    ['Last entry', lastAt && timeText(lastAt)],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

export function documentTitle({ session, conversations }: ExportHead): string {
  const [first] = conversations;
  return session?.name ?? first?.title ?? `Conversation ${first?.conversationId ?? session?.id ?? ''}`.trim();
}

const usageColumns = ['Responses', 'Input', 'Output', 'Cache read', 'Cache write', 'Reasoning', 'Cost'];

/** Tokens and cost as a table: titles, a row for each model, their sum. */
export function usageTable({ models, total }: Pick<ModelUsage, 'models' | 'total'>): string[][] {
  const row = (name: string, usage: ModelUsage['total']): string[] => [
    name,
    ...[usage.responses, usage.input, usage.output, usage.cacheRead].map(countText),
    countText(usage.cacheWrite5m + usage.cacheWrite1h),
    countText(usage.reasoning),
    costText(usage.cost),
  ];
  return [
    ['Model', ...usageColumns],
    ...models.map(({ model, ...usage }) => row(model, usage)),
    row('All', total),
  ];
}

function costText({ usd, isComplete, unknownTokens }: ModelUsage['total']['cost']): string {
  const known = usd > 0 && usd < 0.01 ? '<$0.01' : `$${usd.toFixed(2)}`;
  if (isComplete) return known;
  const unknown = `${countText(unknownTokens)} tokens of unknown price`;
  return usd === 0 ? unknown : `${known} and ${unknown}`;
}

function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

function durationText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** `2026-11-21 12:00:05 UTC` of an ISO time. */
export function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/**
 * A text that shows what it holds: control characters and those that change the direction of writing are replaced by
 * visible signs, halves of characters by the sign for what is no character, line ends are line feeds.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(unseen, (character) => {
      const code = character.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? '\u2421' : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
    });
}

/** Controls but tab and line feed, line and paragraph separators, signs that turn the direction around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g;
