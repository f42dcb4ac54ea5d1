import type { Fleet, FleetCard, FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { nameOf } from './session-words.ts';

/** What lists are made of: the part of a card that changes seldom. */
export interface FleetEntry {
  id: string;
  name: string;
  provider: ProviderId;
  /** Folder the repository, or the session where there is none, is known by. */
  place: string;
  branch: string | null;
  cwd: string;
  /** waiting: a person is needed. ended: nothing runs any more. */
  state: 'waiting' | 'starting' | 'busy' | 'idle' | 'stopped' | 'crashed';
  /** Whether an approval waits, by which it can be answered from afar. */
  hasApproval: boolean;
  /** Since when it waits; null when it does not. */
  waitsSince: string | null;
  createdAt: string;
}

export interface FleetState {
  /** Newest session first; null until they are known. */
  entries: readonly FleetEntry[] | null;
  /** Why they are not. */
  problem: unknown;
}

/** Where cards come from. */
export interface FleetSource {
  /** What happens from now on, with all cards first. The result ends it. */
  follow(onEvent: (event: FleetEvent) => void, onProblem: (problem: Error) => void): () => void;
  /** All cards, once: quicker than the feed, and it says what is wrong. */
  ask(): Promise<Fleet>;
}

/** Cards that only say more of the same are shown together, this long after the first, in milliseconds. */
const gatherMs = 200;
/** How long the source is followed after nobody looks any more: a person who comes back finds all as it is. */
const lingerMs = 15_000;

/** The cards as they are. Those who look at one hear of that one, those who look at the list only of another list. */
export class FleetCards {
  readonly #source: FleetSource;
  readonly #cards = new Map<string, FleetCard>();
  readonly #entries = new Map<string, FleetEntry>();
  readonly #listListeners = new Set<() => void>();
  readonly #cardListeners = new Map<string, Set<() => void>>();
  readonly #changed = new Set<string>();
  #state: FleetState = { entries: null, problem: null };
  #gathering: ReturnType<typeof setTimeout> | null = null;
  #lingering: ReturnType<typeof setTimeout> | null = null;
  #end: (() => void) | null = null;

  constructor(source: FleetSource) {
    this.#source = source;
  }

  readonly state = (): FleetState => this.#state;

  card(id: string): FleetCard | undefined {
    return this.#cards.get(id);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listListeners.add(listener);
    this.#begin();
    return () => {
      this.#listListeners.delete(listener);
      this.#endSoon();
    };
  };

  subscribeCard(id: string, listener: () => void): () => void {
    const listeners = this.#cardListeners.get(id) ?? new Set();
    this.#cardListeners.set(id, listeners.add(listener));
    this.#begin();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#cardListeners.get(id) === listeners) this.#cardListeners.delete(id);
      this.#endSoon();
    };
  }

  /** Asks for all of them, also after a problem. */
  readonly ask = (): void => {
    this.#change({ ...this.#state, problem: null });
    // Whatever was followed meanwhile is newer.
    const isFirst = () => this.#state.entries === null;
    this.#source.ask().then(
      (fleet) => isFirst() && this.#receive({ type: 'snapshot', fleet }),
      (problem: unknown) => isFirst() && this.#change({ entries: null, problem }),
    );
  };

  #begin(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    if (this.#end !== null) return;
    this.#end = this.#source.follow(
      (event) => this.#receive(event),
      (problem) => this.#state.entries === null && this.#change({ entries: null, problem }),
    );
    if (this.#state.entries === null) this.ask();
  }

  #endSoon(): void {
    if (this.#listListeners.size > 0 || this.#cardListeners.size > 0 || this.#lingering !== null) return;
    this.#lingering = setTimeout(() => {
      this.#lingering = null;
      this.#end?.();
      this.#end = null;
    }, lingerMs);
  }

  #receive(event: FleetEvent): void {
    switch (event.type) {
      case 'snapshot': {
        const ids = new Set(event.fleet.cards.map(({ session }) => session.id));
        for (const id of this.#cards.keys()) if (!ids.has(id)) this.#forget(id);
        for (const card of event.fleet.cards) this.#keep(card);
        this.#tell();
        return;
      }
      case 'card': {
        // What changes the list is seen at once, what is printed can wait for its neighbours.
        if (this.#keep(event.card)) this.#tell();
        else this.#gathering ??= setTimeout(() => this.#tell(), gatherMs);
        return;
      }
      case 'removed':
        this.#forget(event.sessionId);
        this.#tell();
    }
  }

  /** Whether the list is another one by it. */
  #keep(card: FleetCard): boolean {
    const { id } = card.session;
    this.#cards.set(id, card);
    this.#changed.add(id);
    const next = toEntry(card);
    const last = this.#entries.get(id);
    if (last && isSame(last, next)) return false;
    this.#entries.set(id, next);
    return true;
  }

  #forget(id: string): void {
    this.#cards.delete(id);
    this.#entries.delete(id);
    this.#changed.add(id);
  }

  /** Those whose cards changed, and the list where its entries did. */
  #tell(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
    const ids = [...this.#changed];
    this.#changed.clear();
    const entries = [...this.#entries.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    const last = this.#state.entries;
    const isNew = entries.length !== last?.length || entries.some((entry, at) => entry !== last[at]);
    if (isNew || this.#state.problem !== null) this.#change({ entries, problem: null });
    for (const id of ids) for (const listener of this.#cardListeners.get(id) ?? []) listener();
  }

  #change(next: FleetState): void {
    this.#state = next;
    for (const listener of this.#listListeners) listener();
  }
}

function toEntry({ session, repository, approval, statusSince }: FleetCard): FleetEntry {
  const isWaiting = session.status === 'needs_permission' || session.status === 'needs_input';
  return {
    id: session.id,
    name: nameOf(session),
    provider: session.provider,
    place: repository?.name ?? (session.cwd.split('/').at(-1) || '/'),
    branch: repository?.branch ?? null,
    cwd: session.cwd,
    state: isWaiting || approval ? 'waiting' : stateWord(session),
    hasApproval: approval !== null,
    waitsSince: approval?.askedAt ?? (isWaiting ? statusSince : null),
    createdAt: session.createdAt,
  };
}

function stateWord({ status, activity }: FleetCard['session']): FleetEntry['state'] {
  if (status === 'starting' || status === 'stopped' || status === 'crashed') return status;
  return activity === 'busy' ? 'busy' : 'idle';
}

function isSame(a: FleetEntry, b: FleetEntry): boolean {
  return (Object.keys(a) as (keyof FleetEntry)[]).every((key) => a[key] === b[key]);
}
