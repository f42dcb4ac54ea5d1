import { providerIdSchema } from '@codepiper/core/providers/provider.ts';
import {
  type Delivery,
  type DeliveryKind,
  type DeliveryStatus,
  deliveryKindSchema,
  deliveryStatusSchema,
} from '@codepiper/core/sessions/delivery.ts';
import { activitySchema, type Evidence, sessionStatusSchema } from '@codepiper/core/sessions/session.ts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database } from '../db/database.ts';
import type { TxNow } from '../db/now.ts';
import type { SessionState } from '../sessions/sessions.store.ts';
import type { DeliveryTable } from './deliveries.table.ts';

/** One text on its way into a pane. */
export interface DeliveryRecord {
  id: string;
  sessionId: string;
  run: number;
  kind: DeliveryKind;
  text: string;
  status: DeliveryStatus;
  idempotencyKey: string | null;
  createdAt: number;
  typedAt: number | null;
  settledAt: number | null;
  evidence: Evidence | null;
  error: string | null;
}

/** What a new text of a session depends on. */
export interface QueueState {
  session: SessionState;
  /** How many texts stand before it: queued, or typed and not settled. */
  ahead: number;
}

const previewLength = 200;
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

export function presentDelivery(record: DeliveryRecord): Delivery {
  return {
    id: record.id,
    sessionId: record.sessionId,
    kind: record.kind,
    status: record.status,
    preview: [...record.text.slice(0, previewLength * 2)].slice(0, previewLength).join(''),
    bytes: Buffer.byteLength(record.text),
    idempotencyKey: record.idempotencyKey,
    createdAt: new Date(record.createdAt).toISOString(),
    typedAt: iso(record.typedAt),
    settledAt: iso(record.settledAt),
    evidence: record.evidence,
    error: record.error,
  };
}

const getQuery = compileOnce((db, { id }: { id: string }) =>
  db.selectFrom('deliveries').selectAll().where('id', '=', id),
);

// The plus keeps SQLite from its index by session, by which it would read every text the session ever had.
const openQuery = compileOnce((db, { sessionId }: { sessionId: string }) =>
  db
    .selectFrom('deliveries')
    .selectAll()
    .where(sql<string>`+session_id`, '=', sessionId)
    .where('status', 'in', ['queued', 'typed'])
    .orderBy('seq'),
);

const insertQuery = compileOnce((db, values: Omit<DeliveryRecord, 'evidence'>) =>
  db.insertInto('deliveries').values(({ selectFrom }) => ({
    id: values.id,
    session_id: values.sessionId,
    run: values.run,
    seq: selectFrom('deliveries as earlier')
      // A bare parameter here makes SQLite prepare the whole statement anew for every value it is bound to, as there
      // is an index over part of the rows: that took three times as long as the insert itself.
      .where('earlier.session_id', '=', sql<string>`cast(${values.sessionId} as text)`)
      .select(({ fn, val, eb }) => eb(fn.coalesce(fn.max('earlier.seq'), val(0)), '+', 1).as('next')),
    kind: values.kind,
    text: values.text,
    status: values.status,
    idempotency_key: values.idempotencyKey,
    created_at: values.createdAt,
    typed_at: values.typedAt,
    settled_at: values.settledAt,
    error: values.error,
  })),
);

const queueQuery = compileOnce((db, { sessionId }: { sessionId: string }) =>
  db
    .selectFrom('sessions')
    .where('removed_at', 'is', null)
    .where('id', '=', sessionId)
    .select(['id', 'run', 'provider', 'status', 'activity'])
    .select(({ selectFrom }) =>
      selectFrom('deliveries')
        .where(sql<string>`+session_id`, '=', sql<string>`sessions.id`)
        .where((eb) => eb.or([eb('deliveries.status', '=', 'queued'), eb('deliveries.status', '=', 'typed')]))
        .where((eb) => eb.or([eb('deliveries.status', '=', 'queued'), eb('error', 'is', null)]))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('ahead'),
    ),
);

const keyQuery = compileOnce((db, { sessionId, key }: { sessionId: string; key: string }) =>
  db
    .selectFrom('deliveries')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('idempotency_key', '=', key),
);

/** SQL about deliveries. */
export class DeliveriesStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  in(tx: Kysely<Database>): DeliveriesStore {
    return new DeliveriesStore(tx);
  }

  /** Puts a text at the end of its session's queue. */
  async insert(record: DeliveryRecord): Promise<void> {
    await insertQuery(this.#db, toValues(record));
  }

  /** The same in a transaction that waits for nothing. */
  insertNow(tx: TxNow, record: DeliveryRecord): void {
    insertQuery.now(tx, toValues(record));
  }

  async get(id: string): Promise<DeliveryRecord | null> {
    const [row] = await getQuery(this.#db, { id });
    return row ? toRecord(row) : null;
  }

  async findByKey(sessionId: string, key: string): Promise<DeliveryRecord | null> {
    const [row] = await keyQuery(this.#db, { sessionId, key });
    return row ? toRecord(row) : null;
  }

  /** The same in a transaction that waits for nothing. */
  findByKeyNow(tx: TxNow, sessionId: string, key: string): DeliveryRecord | null {
    const [row] = keyQuery.now(tx, { sessionId, key });
    return row ? toRecord(row) : null;
  }

  async list(sessionId: string, limit: number): Promise<DeliveryRecord[]> {
    const rows = await this.#db
      .selectFrom('deliveries')
      .selectAll()
      .where('session_id', '=', sessionId)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute();
    return rows.map(toRecord);
  }

  /** Texts of one session that are queued, or typed and not settled; oldest first. */
  async open(sessionId: string): Promise<DeliveryRecord[]> {
    return (await openQuery(this.#db, { sessionId })).map(toRecord);
  }

  /** Null when there is no such session. */
  queueNow(tx: TxNow, sessionId: string): QueueState | null {
    const [row] = queueQuery.now(tx, { sessionId });
    if (!row) return null;
    const { id, run, activity } = row;
    const provider = providerIdSchema.parse(row.provider);
    const status = sessionStatusSchema.parse(row.status);
    return {
      session: {
        id,
        run,
        provider,
        status,
        activity: activity === null ? null : activitySchema.parse(activity),
      },
      ahead: row.ahead ?? 0,
    };
  }

  /** Empties the texts of a session. */
  async forgetTexts(sessionId: string): Promise<void> {
    await this.#db.updateTable('deliveries').set({ text: '' }).where('session_id', '=', sessionId).execute();
  }

  /** Sessions that have texts in these states. */
  async sessionsWith(statuses: readonly DeliveryStatus[]): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('deliveries')
      .select('session_id')
      .distinct()
      .where('status', 'in', statuses)
      .execute();
    return rows.map((row) => row.session_id);
  }

  async update(
    id: string,
    change: Partial<Pick<DeliveryRecord, 'status' | 'typedAt' | 'settledAt' | 'evidence' | 'error'>>,
  ): Promise<void> {
    await this.#db
      .updateTable('deliveries')
      .set({
        ...(change.status === undefined ? {} : { status: change.status }),
        ...(change.typedAt === undefined ? {} : { typed_at: change.typedAt }),
        ...(change.settledAt === undefined ? {} : { settled_at: change.settledAt }),
        ...(change.evidence === undefined ? {} : { evidence: JSON.stringify(change.evidence) }),
        ...(change.error === undefined ? {} : { error: change.error }),
      })
      .where('id', '=', id)
      .execute();
  }
}

/** What a new row is made of. */
function toValues({ evidence: _evidence, ...values }: DeliveryRecord): Omit<DeliveryRecord, 'evidence'> {
  return values;
}

function toRecord(row: Selectable<DeliveryTable>): DeliveryRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    run: row.run,
    kind: deliveryKindSchema.parse(row.kind),
    text: row.text,
    status: deliveryStatusSchema.parse(row.status),
    idempotencyKey: row.idempotency_key,
    createdAt: row.created_at,
    typedAt: row.typed_at,
    settledAt: row.settled_at,
    evidence: row.evidence === null ? null : (JSON.parse(row.evidence) as Evidence),
    error: row.error,
  };
}
