import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import type { Fleet, FleetCard } from '@codepiper/core/fleet/fleet.ts';
import { isLive, type Session } from '@codepiper/core/sessions/session.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import type { Log } from '../log/log.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { FleetStore } from './fleet.store.ts';
import { type CardParts, toCard } from './fleet-card.ts';
import type { PaneLines } from './pane-lines.ts';
import type { Repositories } from './repositories.ts';
import type { FleetQueries } from './said.ts';

export interface BoardSources {
  store: Pick<FleetStore, 'statusSince'>;
  sessions: {
    list(): Promise<SessionRecord[]>;
    get(id: string): Promise<SessionRecord | null>;
    present(record: SessionRecord): Session;
  };
  /** Approvals that wait for a person, the oldest first; of one session, or of all. */
  pendingApprovals(sessionId?: string): Promise<Approval[]>;
  ask: Ask<FleetQueries>;
  lines: Pick<PaneLines, 'look' | 'lineOf'>;
  repositories: Pick<Repositories, 'of' | 'keep'>;
  clock: Clock;
  log: Log;
}

/** Sessions that transcripts are asked about at a time: others ask too. */
const askedAtOnce = 100;

/**
 * The cards of all sessions, each put together from what rooms know. It learns when it is told to, and says which
 * cards are others than before.
 */
export class Board {
  readonly #o: BoardSources;
  readonly #places = new Map<string, CardParts & { card: FleetCard; text: string }>();

  constructor(sources: BoardSources) {
    this.#o = sources;
  }

  /** Everything there is, once. */
  async load(): Promise<void> {
    const records = await this.#o.sessions.list();
    await this.#learn(records, await this.#o.pendingApprovals());
    await Promise.all([this.hear([...this.#places.keys()]), this.look(), this.locate(true)]);
  }

  fleet(): Fleet {
    const cards = [...this.#places.values()].map(({ card }) => card);
    cards.sort(
      (a, b) => compare(b.session.createdAt, a.session.createdAt) || compare(a.session.id, b.session.id),
    );
    return { cards, at: new Date(this.#o.clock.now()).toISOString() };
  }

  card(sessionId: string): FleetCard | undefined {
    return this.#places.get(sessionId)?.card;
  }

  has(sessionId: string): boolean {
    return this.#places.has(sessionId);
  }

  /** Reads sessions and their approvals again. Returns those whose card is another one, or gone. */
  async refresh(sessionIds: readonly string[]): Promise<string[]> {
    const { sessions, pendingApprovals } = this.#o;
    const [only] = sessionIds;
    const [found, approvals] = await Promise.all([
      Promise.all(sessionIds.map((id) => sessions.get(id))),
      pendingApprovals(sessionIds.length === 1 ? only : undefined),
    ]);
    const records = found.filter((record) => record !== null);
    const isNew = records.filter(({ id }) => !this.#places.has(id));
    const changed = await this.#learn(records, approvals);
    const gone = sessionIds.filter((id, index) => found[index] === null && this.#places.delete(id));
    await this.#locate(isNew);
    return [...new Set([...changed, ...isNew.map(({ id }) => id)]), ...gone];
  }

  /** Asks transcripts about sessions. Returns those whose card is another one. */
  async hear(sessionIds: readonly string[]): Promise<string[]> {
    const speaking = sessionIds.filter((id) => {
      const record = this.#places.get(id)?.record;
      return record && hasTranscript(record);
    });
    const changed: string[] = [];
    for (let from = 0; from < speaking.length; from += askedAtOnce) {
      const sessions = speaking.slice(from, from + askedAtOnce);
      const said = await this.#try('transcripts', () => this.#o.ask('said', { sessions }));
      if (!said) continue;
      for (const [index, id] of sessions.entries()) {
        if (this.#set(id, { said: said[index] ?? null })) changed.push(id);
      }
    }
    return changed;
  }

  /** Looks at the panes of sessions that have no transcript. Returns those whose card is another one. */
  async look(): Promise<string[]> {
    const { lines } = this.#o;
    await this.#try('panes', () => lines.look(this.#records().filter((record) => !hasTranscript(record))));
    // Whichever board looked: what another one has seen since is not new to the panes any more.
    return this.#records()
      .filter((record) => !hasTranscript(record))
      .filter((record) => lines.lineOf(record) !== this.#places.get(record.id)?.paneLine)
      .map((record) => (this.#set(record.id, { paneLine: lines.lineOf(record) }) ? record.id : null))
      .filter((id) => id !== null);
  }

  /**
   * Looks which branches are checked out where sessions live. Returns those whose card is another one.
   *
   * @param all where sessions have ended, too
   */
  async locate(all = false): Promise<string[]> {
    const records = this.#records();
    this.#o.repositories.keep(new Set(records.map(({ cwd }) => cwd)));
    return this.#locate(all ? records : records.filter(({ status }) => isLive(status)));
  }

  async #locate(records: readonly SessionRecord[]): Promise<string[]> {
    const changed: string[] = [];
    for (const cwd of new Set(records.map((record) => record.cwd))) {
      const repository = (await this.#try('repositories', () => this.#o.repositories.of(cwd))) ?? null;
      for (const record of records) {
        if (record.cwd === cwd && this.#set(record.id, { repository })) changed.push(record.id);
      }
    }
    return changed;
  }

  async #learn(records: readonly SessionRecord[], approvals: readonly Approval[]): Promise<string[]> {
    const since = await this.#o.store.statusSince(records.map(({ id }) => id));
    return records.flatMap((record) => {
      const changed = this.#set(record.id, {
        record,
        statusSince: since.get(record.id) ?? record.createdAt,
        approval: approvals.find(({ sessionId }) => sessionId === record.id) ?? null,
        paneLine: this.#o.lines.lineOf(record),
      });
      return changed ? [record.id] : [];
    });
  }

  /** Whether the card is another one by that. */
  #set(id: string, change: Partial<CardParts>): boolean {
    const before = this.#places.get(id);
    const nothing = { said: null, repository: null, paneLine: null, approval: null };
    const { record, statusSince } = { ...before, ...change };
    // It was removed while its parts were looked for.
    if (!record || statusSince === undefined) return false;
    const parts = { ...nothing, ...before, ...change, record, statusSince };
    const card = toCard(parts, (one) => this.#o.sessions.present(one));
    const text = JSON.stringify(card);
    this.#places.set(id, { ...parts, card, text });
    return text !== before?.text;
  }

  #records(): SessionRecord[] {
    return [...this.#places.values()].map(({ record }) => record);
  }

  /** What cannot be read leaves its part of the cards as it was. */
  async #try<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#o.log.debug({ err: error }, `cards go without ${what}`);
      return null;
    }
  }
}

function hasTranscript({ provider }: SessionRecord): boolean {
  return getProvider(provider).capabilities.supportsTranscriptTailing;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
