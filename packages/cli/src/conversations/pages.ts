import type { Client } from '@codepiper/client/client.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';

/** Entries per request at most. */
const pageSize = 500;

/** Whose entries. */
export type EntrySource = { session: string } | { conversation: string };

/** The newest entries, the oldest of them first, and the conversations they were looked for in. `hasMore`: older ones. */
export async function newestEntries(
  client: Client,
  source: EntrySource,
  count: number,
  text: number,
): Promise<{ conversations: Conversation[]; entries: Entry[]; hasMore: boolean }> {
  const entries: Entry[] = [];
  let before: number | undefined;
  for (;;) {
    const limit = Math.min(pageSize, count - entries.length);
    const query = { before, limit, text, order: 'desc' } as const;
    const page =
      'session' in source
        ? await client.request('GET', '/sessions/:id/conversation', { params: { id: source.session }, query })
        : await client.request('GET', '/conversations/:conversation/entries', {
            params: { conversation: source.conversation },
            query,
          });
    entries.push(...page.entries);
    before = page.entries.at(-1)?.id;
    if (!page.hasMore || before === undefined || entries.length >= count) {
      return { conversations: page.conversations, entries: entries.reverse(), hasMore: page.hasMore };
    }
  }
}

/**
 * Entries as they happened: what a sub-agent said stands where it said it, whichever transcript was read first. What one
 * agent said keeps its order, whatever its clock did.
 */
export function asTheyHappened(entries: readonly Entry[]): Entry[] {
  const latest = new Map<string, number>();
  let last = Number.NEGATIVE_INFINITY;
  const timed = entries.map((entry) => {
    const agent = `${entry.conversation} ${entry.agentId}`;
    const before = latest.get(agent);
    const at = entry.at === null ? (before ?? last) : Math.max(before ?? 0, Date.parse(entry.at));
    latest.set(agent, at);
    last = at;
    return { entry, at };
  });
  return timed.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at)).map(({ entry }) => entry);
}
