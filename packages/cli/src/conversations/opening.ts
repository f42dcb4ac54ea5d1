import type { Client } from '@codepiper/client/client.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Conversation } from '@codepiper/core/transcripts/conversation.ts';

/** Requests at a time. */
const atOnce = 8;
/** Characters of a prompt that a list has room for. */
const length = 200;

/** What conversations without a title began with: their first prompts, by the conversations' numbers. */
export async function openings(
  client: Client,
  conversations: readonly Conversation[],
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  const left = conversations.filter(({ title }) => title === null).values();
  const work = async () => {
    for (const { id } of left) {
      const [first] = await client
        .request('GET', '/conversations/:conversation/entries', {
          params: { conversation: String(id) },
          query: { kind: 'prompt', limit: 1, text: length },
        })
        .then(({ entries }) => entries)
        .catch(goneMeanwhile);
      // Those of its sub-agents come along.
      if (first?.conversation === id) found.set(id, first.text);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

function goneMeanwhile(error: unknown): [] {
  if (error instanceof CodepiperError && error.code === 'conversation_not_found') return [];
  throw error;
}
