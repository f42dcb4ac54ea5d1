import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';

/** Of a longer text only the beginning is searched, in characters. */
const searchedLength = 256 * 1024;

/** Kinds of entries that search finds; notices and attachments are not among them. */
export const searchedKinds: readonly EntryKind[] = [
  ...(['prompt', 'answer', 'thinking', 'tool_call', 'tool_result', 'error', 'compaction'] as const),
];

/** What of an entry's text search finds; null: it is not searched. */
export function searchedText({ kind, text }: { kind: EntryKind; text: string }): string | null {
  return searchedKinds.includes(kind) ? text.slice(0, searchedLength) : null;
}
