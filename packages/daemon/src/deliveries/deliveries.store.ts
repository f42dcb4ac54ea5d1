import {
  type Delivery,
  type DeliveryKind,
  type DeliveryStatus,
  deliveryKindSchema,
  deliveryStatusSchema,
} from '@codepiper/core/sessions/delivery.ts';
import type { Evidence } from '@codepiper/core/sessions/session.ts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database } from '../db/database.ts';
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
      .where('earlier.session_id', '=', values.sessionId)
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
    const { evidence: _evidence, ...values } = record;
    await insertQuery(this.#db, values);
  }

  async get(id: string): Promise<DeliveryRecord | null> {
    const [row] = await getQuery(this.#db, { id });
    return row ? toRecord(row) : null;
  }

  async findByKey(sessionId: string, key: string): Promise<DeliveryRecord | null> {
    const row = await this.#db
      .selectFrom('deliveries')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
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
