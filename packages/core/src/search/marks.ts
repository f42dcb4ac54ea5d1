import type { EntryKind } from '../transcripts/transcript.ts';

/** What an entry can be filtered by within the index. Each mark is one word of small letters and digits. */
export const marks = {
  conversation: (id: number): string => `c${id}`,
  provider: (name: string): string => `p${plain(name)}`,
  kind: (kind: EntryKind): string => `k${plain(kind)}`,
  tool: (name: string): string => `t${plain(name)}`,
} as const;

/** The column `marks` of an entry. */
export function entryMarks(entry: {
  conversation: number;
  provider: string;
  kind: EntryKind;
  tool: string | null;
}): string {
  return [
    marks.conversation(entry.conversation),
    marks.provider(entry.provider),
    marks.kind(entry.kind),
    ...(entry.tool === null ? [] : [marks.tool(entry.tool)]),
  ].join(' ');
}

/** Different names may come to the same: who filters by them looks at the entry, too. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
