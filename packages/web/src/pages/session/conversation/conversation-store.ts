import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { client } from '../../../api/client.ts';
import { feed } from '../../../api/feed.ts';

/** Where a person is in the list: at its end, at an entry they asked for, or with this row at the top. */
export type Place = 'end' | { entry: number } | { key: string };

export interface ConversationState {
  /** By their ids, without a gap between the first and the last. */
  entries: readonly Entry[];
  conversations: readonly Conversation[];
  /** There are entries before the first, and after the last. */
  hasOlder: boolean;
  hasNewer: boolean;
  /** What is asked for now. */
  loading: 'first' | 'older' | 'newer' | null;
  problem: unknown;
}

const pageSize = 120;
/** Longest text that comes with an entry, in UTF-16 code units; the whole is asked for where it is read. */
const text = 8_000;
/** Conversations that are kept when a person goes elsewhere. */
const kept = 6;

const stores = new Map<string, ConversationStore>();

/** The conversation of a session, as far as it was read; there again at once when a person comes back. */
export function conversationOf(session: string): ConversationStore {
  const store = stores.get(session) ?? new ConversationStore(session);
  stores.delete(session);
  stores.set(session, store);
  for (const oldest of stores.keys()) {
    if (stores.size <= kept) break;
    stores.delete(oldest);
  }
  return store;
}

/** A window onto a session's entries, which grows at both ends and at its end by itself. */
export class ConversationStore {
  place: Place = 'end';
  readonly #session: string;
  readonly #listeners = new Set<() => void>();
  #state: ConversationState = {
    entries: [],
    conversations: [],
    hasOlder: false,
    hasNewer: false,
    loading: null,
    problem: null,
  };
  #readers = 0;
  /** Something was read, so it is known where the end is. */
  #hasRead = false;
  #endLive: (() => void) | null = null;
  #loads = 0;

  constructor(session: string) {
    this.#session = session;
  }

  readonly state = (): ConversationState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#readers++;
    this.#live();
    return () => {
      this.#listeners.delete(listener);
      this.#readers--;
      this.#live();
    };
  };

  /** Makes sure that this entry is in the window; without one, whatever was read before will do. */
  async open(entry: number | null): Promise<void> {
    const { entries } = this.#state;
    if (entry !== null) this.place = { entry };
    if (entry === null ? this.#hasRead : entries.some(({ id }) => id === entry)) return;
    await (entry === null ? this.toNewest() : this.#around(entry));
  }

  async toNewest(): Promise<void> {
    this.place = 'end';
    await this.#load('first', async () => {
      const page = await this.#page({ order: 'desc' });
      return {
        ...{ entries: page.entries.toReversed(), conversations: page.conversations },
        ...{ hasOlder: page.hasMore, hasNewer: false },
      };
    });
  }

  async older(): Promise<void> {
    const [first] = this.#state.entries;
    if (!first || !this.#state.hasOlder || this.#state.loading) return;
    await this.#load('older', async () => {
      const page = await this.#page({ order: 'desc', before: first.id });
      return { entries: [...page.entries.toReversed(), ...this.#state.entries], hasOlder: page.hasMore };
    });
  }

  async newer(): Promise<void> {
    const last = this.#state.entries.at(-1);
    if (!last || !this.#state.hasNewer || this.#state.loading) return;
    await this.#load('newer', async () => {
      const page = await this.#page({ order: 'asc', since: last.id });
      return { entries: [...this.#state.entries, ...page.entries], hasNewer: page.hasMore };
    });
  }

  async #around(entry: number): Promise<void> {
    await this.#load('first', async () => {
      const [before, after] = await Promise.all([
        this.#page({ order: 'desc', before: entry + 1 }),
        this.#page({ order: 'asc', since: entry }),
      ]);
      return {
        entries: [...before.entries.toReversed(), ...after.entries],
        conversations: before.conversations,
        ...{ hasOlder: before.hasMore, hasNewer: after.hasMore },
      };
    });
  }

  #page(query: { order: 'asc' | 'desc'; before?: number; since?: number }) {
    const params = { id: this.#session };
    return client.request('GET', '/sessions/:id/conversation', {
      params,
      query: { ...query, limit: pageSize, text },
    });
  }

  async #load(
    what: 'first' | 'older' | 'newer',
    read: () => Promise<Partial<ConversationState>>,
  ): Promise<void> {
    const load = ++this.#loads;
    this.#set({ loading: what, problem: null });
    try {
      const change = await read();
      if (load !== this.#loads) return;
      this.#hasRead = true;
      this.#set({ ...change, loading: null });
    } catch (problem) {
      if (load !== this.#loads) return;
      this.#set({ loading: null, problem });
    }
    this.#live();
  }

  /** Follows what is said while somebody reads, from where the window ends. */
  #live(): void {
    const { hasNewer, loading } = this.#state;
    const wants = this.#readers > 0 && this.#hasRead && !hasNewer && loading !== 'first';
    if (!wants) {
      this.#endLive?.();
      this.#endLive = null;
      return;
    }
    this.#endLive ??= feed.subscribe({
      topic: () => ({
        topic: 'conversation',
        session: this.#session,
        since: this.#state.entries.at(-1)?.id ?? 0,
        text,
      }),
      onMessage: (message) => {
        if (message.type === 'entry') this.#add(message.entry);
        else if (message.type === 'error') this.#set({ problem: new Error(message.message) });
      },
    });
  }

  #add(entry: Entry): void {
    const { entries, conversations } = this.#state;
    if (entry.id <= (entries.at(-1)?.id ?? 0)) return;
    this.#set({ entries: [...entries, entry] });
    if (!conversations.some(({ id }) => id === entry.conversation)) void this.#readConversations();
  }

  async #readConversations(): Promise<void> {
    const reply = await client
      .request('GET', '/conversations', { query: { session: this.#session, limit: 500 } })
      .catch(() => null);
    if (reply) this.#set({ conversations: reply.conversations });
  }

  #set(change: Partial<ConversationState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
