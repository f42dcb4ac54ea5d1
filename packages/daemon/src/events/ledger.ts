import type { Clock } from '@codepiper/core/clock.ts';
import type { EventQuery } from '@codepiper/core/events/event.endpoints.ts';
import type { EventSource, LedgerEvent } from '@codepiper/core/events/event.ts';
import type { Kysely, Selectable } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database, Tx } from '../db/database.ts';
import { asStorageError } from '../db/errors.ts';
import { type TxNow, transactNow } from '../db/now.ts';
import type { Log } from '../log/log.ts';
import type { EventTable } from './events.table.ts';

export interface NewEvent {
  sessionId: string | null;
  source: EventSource;
  type: string;
  payload: Record<string, unknown>;
  /** Unique name of what the fact was read from, so that it is stored once however often that is read. */
  origin?: string;
}

export type EmitEvent = (event: NewEvent) => void;
export type EventListener = (events: readonly LedgerEvent[]) => void;

/** The one monotone sequence of facts. */
export interface Ledger {
  /**
   * Runs `work` in one transaction that holds the write lock from its beginning; the events emitted in it are
   * inserted by the same transaction. Listeners run after the commit, in the order of the commits, before the promise
   * resolves. Nothing but SQL on `tx` may be awaited inside. Rejects with what `work` threw, or with
   * `storage_full` / `database_busy`; then nothing was changed.
   */
  record<T>(work: (tx: Tx, emit: EmitEvent) => Promise<T>): Promise<T>;
  /**
   * The same for work that awaits nothing: it is committed before this returns, unless a transaction is open already;
   * then it has its turn behind that. For what stands on the way of a text into its pane.
   */
  recordNow<T>(work: (tx: TxNow, emit: EmitEvent) => T): Promise<T>;
  list(
    query: { sessionId?: string } & Partial<EventQuery>,
  ): Promise<{ events: LedgerEvent[]; hasMore: boolean }>;
  /** Whether a fact of this origin is stored already; to be asked inside `record`. */
  knowsOrigin(tx: Tx, origin: string): Promise<boolean>;
  /** Events after `id`, oldest first. For readers that must not miss one. */
  since(id: number, limit: number): Promise<LedgerEvent[]>;
  /** 0 when there is none. */
  lastId(): Promise<number>;
  /** Returns a disposer. A listener that throws is logged and hurts no other. */
  listen(listener: EventListener): () => void;
}

const defaultLimit = 100;

/** Events of one transaction. */
interface Batch {
  events: LedgerEvent[];
  committed: boolean;
}

export function createLedger(parts: { db: Kysely<Database>; clock: Clock; log: Log }): Ledger {
  const { db, clock, log } = parts;
  const listeners = new Set<EventListener>();
  /** Batches in the order of their ids; only committed ones at the head are handed out. */
  const batches: Batch[] = [];

  function announce(): void {
    while (batches[0]?.committed) {
      const events = batches.shift()?.events ?? [];
      for (const listener of [...listeners]) {
        try {
          listener(events);
        } catch (error) {
          log.error({ err: error, events: events.map((event) => event.type) }, 'an event listener failed');
        }
      }
    }
  }

  function drop(batch: Batch): void {
    const place = batches.indexOf(batch);
    if (place >= 0) batches.splice(place, 1);
    announce();
  }

  return {
    async record(work) {
      const batch: Batch = { events: [], committed: false };
      try {
        const result = await db.transaction().execute(async (tx) => {
          const emitted: NewEvent[] = [];
          const value = await work(tx, (event) => emitted.push(event));
          if (emitted.length === 0) return value;
          batches.push(batch);
          for (const event of emitted) batch.events.push(await insert(tx, event, clock.now()));
          return value;
        });
        batch.committed = true;
        announce();
        return result;
      } catch (error) {
        drop(batch);
        throw asStorageError(error) ?? error;
      }
    },

    async recordNow(work) {
      const batch: Batch = { events: [], committed: false };
      try {
        const done = transactNow(db, (tx) => {
          const emitted: NewEvent[] = [];
          const value = work(tx, (event) => emitted.push(event));
          if (emitted.length > 0) batches.push(batch);
          for (const event of emitted) batch.events.push(insertNow(tx, event, clock.now()));
          return value;
        });
        const result = done instanceof Promise ? await done : done;
        batch.committed = true;
        announce();
        return result;
      } catch (error) {
        drop(batch);
        throw asStorageError(error) ?? error;
      }
    },

    async list({ sessionId, source, type, since, before, limit = defaultLimit, order = 'asc' }) {
      let query = db.selectFrom('events').selectAll();
      if (sessionId !== undefined) query = query.where('session_id', '=', sessionId);
      if (source !== undefined) query = query.where('source', '=', source);
      if (type !== undefined) query = query.where('type', '=', type);
      if (since !== undefined) query = query.where('id', '>', since);
      if (before !== undefined) query = query.where('id', '<', before);
      const rows = await query
        .orderBy('id', order)
        .limit(limit + 1)
        .execute();
      return { events: rows.slice(0, limit).map(toEvent), hasMore: rows.length > limit };
    },

    async knowsOrigin(tx, origin) {
      const row = await tx.selectFrom('events').select('id').where('origin', '=', origin).executeTakeFirst();
      return row !== undefined;
    },

    async since(id, limit) {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('id', '>', id)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toEvent);
    },

    async lastId() {
      const row = await db
        .selectFrom('events')
        .select((eb) => eb.fn.max('id').as('id'))
        .executeTakeFirst();
      return row?.id ?? 0;
    },

    listen(listener) {
      // A wrapper of its own, so that one function listening twice is two listeners.
      const own: EventListener = (events) => listener(events);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

const insertQuery = compileOnce((db, values: NewRow) =>
  db
    .insertInto('events')
    .values({
      session_id: values.sessionId,
      at: values.at,
      source: values.source,
      type: values.type,
      payload: values.payload,
      origin: values.origin,
    })
    .returningAll(),
);

type NewRow = {
  sessionId: string | null;
  at: number;
  source: EventSource;
  type: string;
  /** JSON. */
  payload: string;
  origin: string | null;
};

async function insert(tx: Tx, event: NewEvent, at: number): Promise<LedgerEvent> {
  return toStored(await insertQuery(tx, toRow(event, at)));
}

function insertNow(tx: TxNow, event: NewEvent, at: number): LedgerEvent {
  return toStored(insertQuery.now(tx, toRow(event, at)));
}

function toRow(event: NewEvent, at: number): NewRow {
  return {
    sessionId: event.sessionId,
    at,
    source: event.source,
    type: event.type,
    payload: JSON.stringify(event.payload),
    origin: event.origin ?? null,
  };
}

function toStored([row]: readonly Selectable<EventTable>[]): LedgerEvent {
  if (!row) throw new Error('SQLite stored an event and did not give it back');
  return toEvent(row);
}

function toEvent(row: Selectable<EventTable>): LedgerEvent {
  return {
    id: row.id,
    sessionId: row.session_id,
    timestamp: new Date(row.at).toISOString(),
    source: row.source,
    type: row.type,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
  };
}
