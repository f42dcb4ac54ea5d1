import type { IngestStore } from './ingest.store.ts';
import type { Step } from './ingest.ts';
import type { Committed } from './messages.ts';

/** What a step brought to the conversation of a session; null for what belongs to none: nobody looks at it. */
export function committedBy(step: Step, store: IngestStore): Committed | null {
  const { conversation, entries, responses } = step;
  if (entries === 0 && responses === 0) return null;
  const sessionIds = store.sessionsOf(conversation);
  if (sessionIds.length === 0) return null;
  const named = store.conversationName(conversation);
  if (!named) return null;
  return { conversation, ...named, sessionIds, entries, responses, lastEntry: store.lastEntry() };
}
