import { randomUUID } from 'node:crypto';
import type { FleetCard, FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { SessionStatus } from '@codepiper/core/sessions/session.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { type OpenDatabase, openDatabase } from '../src/db/open.ts';
import { type FleetOptions, FleetService } from '../src/fleet/fleet.service.ts';
import { FleetStore } from '../src/fleet/fleet.store.ts';
import { Repositories } from '../src/fleet/repositories.ts';
import type { Said } from '../src/fleet/said.ts';
import { silentLog } from '../src/log/log.ts';
import { presentSession, type SessionRecord } from '../src/sessions/session-record.ts';
import type { CommittedListener } from '../src/transcripts/transcripts.service.ts';
import { ApprovalRooms } from './approvals.ts';
import { sessionRecord } from './session-record.ts';

/** What a transcript says of a session as tests need it. */
export function saidOf(change: Partial<Said> = {}): Said {
  return {
    doing: { kind: 'text', text: 'words', at: 1000 },
    lastLine: 'words',
    turnStartedAt: 500,
    tokens: 10,
    cost: { usd: 0.5, isComplete: true, unknownTokens: 0 },
    context: { used: 10, size: 200_000 },
    ...change,
  };
}

/** The fleet over a database in memory, with transcripts and panes of the test's. */
export class FleetHouse implements AsyncDisposable {
  readonly rooms: ApprovalRooms;
  readonly said = new Map<string, Said>();
  readonly listeners = new Set<CommittedListener>();
  readonly fleet: FleetService;
  /** Each question about transcripts: the sessions it was about. */
  readonly asked: (readonly string[])[] = [];
  held = 0;
  lines = new Map<string, string>();
  looks = 0;
  readonly #database: OpenDatabase;
  #askFails = false;

  private constructor(database: OpenDatabase, options: Partial<FleetOptions>) {
    this.#database = database;
    this.rooms = new ApprovalRooms(database);
    const { ledger, store, answers, sessions, clock } = this.rooms;
    this.fleet = new FleetService({
      store: new FleetStore(database.db),
      sessions: {
        list: () => sessions.list(),
        get: (id) => sessions.get(id),
        present: (record) => presentSession(record, null),
      },
      pendingApprovals: async (id) => (await store.pending(id)).map((one) => answers.present(one)),
      ask: async (_name, { sessions: ids }) => {
        this.asked.push(ids);
        if (this.#askFails) throw new Error('the thread is gone');
        return ids.map((id) => this.said.get(id) ?? null) as never;
      },
      lines: {
        look: async (records) => {
          this.looks += 1;
          return records.map(({ id }) => id);
        },
        lineOf: ({ id }) => this.lines.get(id) ?? null,
      },
      repositories: new Repositories(),
      ledger,
      transcripts: {
        listen: (listener) => {
          this.listeners.add(listener);
          return () => void this.listeners.delete(listener);
        },
      },
      holdReader: () => {
        this.held += 1;
        return () => {
          this.held -= 1;
        };
      },
      clock,
      log: silentLog,
      ...options,
    });
  }

  static async open(options: Partial<FleetOptions> = {}): Promise<FleetHouse> {
    const clock = { now: () => Date.parse('2026-01-01T00:00:00.000Z') };
    return new FleetHouse(await openDatabase(':memory:', { log: silentLog, clock }), options);
  }

  get db(): OpenDatabase['db'] {
    return this.#database.db;
  }

  set askFails(fails: boolean) {
    this.#askFails = fails;
  }

  async add(change: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = sessionRecord({ id: randomUUID(), cwd: '/', ...change });
    await this.rooms.sessions.insert(record);
    await this.rooms.event(record.id, 'session.created');
    return record;
  }

  /** As a hook or a title would. */
  async turn(id: string, status: SessionStatus, activity: 'busy' | 'idle' | null): Promise<void> {
    const { ledger, sessions } = this.rooms;
    await ledger.record(async (tx, emit) => {
      const before = await sessions.in(tx).get(id);
      await sessions.in(tx).update(id, { status, activity }, this.rooms.now);
      const { status: was, activity: did } = before ?? { status: null, activity: null };
      const payload = { status, activity, before: { status: was, activity: did } };
      emit({ sessionId: id, source: 'session', type: 'session.updated', payload });
    });
  }

  /** What ingestion says once it has stored something. */
  commit(id: string, change: Partial<Said> = {}): void {
    this.said.set(id, saidOf(change));
    const news = { conversation: 1, conversationId: 'c', provider: 'claude-code', lastEntry: 1 };
    for (const listener of this.listeners) listener({ ...news, sessionIds: [id], entries: 1, responses: 0 });
  }

  /** A reader that remembers what it got; `hold` keeps it from taking more. */
  read(): Reader {
    return new Reader(this.fleet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rooms.service[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
  }
}

/** Somebody who reads cards. */
export class Reader implements AsyncDisposable {
  readonly events: FleetEvent[] = [];
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #held: PromiseWithResolvers<void> | null = null;

  constructor(fleet: FleetService) {
    this.#done = fleet.feed(() => ({
      closed: this.#closing.signal,
      send: async (event) => {
        this.events.push(structuredClone(event));
        await this.#held?.promise;
        return !this.#closing.signal.aborted;
      },
    }));
  }

  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  /** Cards of one session, in the order they came; without those of the snapshot. */
  cards(id: string): FleetCard[] {
    return this.events.flatMap((event) =>
      event.type === 'card' && event.card.session.id === id ? [event.card] : [],
    );
  }

  /** All cards as the reader has them now. */
  state(): Map<string, FleetCard> {
    const state = new Map<string, FleetCard>();
    for (const event of this.events) {
      if (event.type === 'snapshot') {
        state.clear();
        for (const card of event.fleet.cards) state.set(card.session.id, card);
      } else if (event.type === 'card') state.set(event.card.session.id, event.card);
      else state.delete(event.sessionId);
    }
    return state;
  }

  async snapshot(): Promise<this> {
    await waitFor('the snapshot', () => this.events.length > 0);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.release();
    await this.#done;
  }
}
