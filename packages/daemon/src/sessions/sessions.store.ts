import { CodepiperError } from '@codepiper/core/errors.ts';
import { defaultActionSchema } from '@codepiper/core/policies/policy.ts';
import { type ProviderId, providerIdSchema } from '@codepiper/core/providers/provider.ts';
import {
  activitySchema,
  evidenceSchema,
  type SessionStatus,
  sessionStatusSchema,
} from '@codepiper/core/sessions/session.ts';
import type { ExpressionBuilder, Kysely, Selectable, Updateable } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database } from '../db/database.ts';
import { nearest as nearestWord } from '../platform/nearest.ts';
import type { ConversationRecord, LaunchRecord, SessionRecord } from './session-record.ts';
import type { SessionTable } from './sessions.table.ts';

export type SessionFilter = { provider?: ProviderId; status?: SessionStatus; live?: boolean };

/** What of a session changes while it runs, and decides whether it may be typed into. */
export type SessionState = Pick<SessionRecord, 'id' | 'run' | 'provider' | 'status' | 'activity'>;

const ended: SessionStatus[] = ['stopped', 'crashed'];

const queuedCount = (eb: ExpressionBuilder<Database, 'sessions'>) =>
  eb
    .selectFrom('deliveries')
    .whereRef('deliveries.session_id', '=', 'sessions.id')
    .where('deliveries.status', '=', 'queued')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .as('queued');

const pendingCount = (eb: ExpressionBuilder<Database, 'sessions'>) =>
  eb
    .selectFrom('approvals')
    .where('approvals.status', '=', 'pending')
    .whereRef('approvals.session_id', '=', 'sessions.id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .as('approvals');

const select = (db: Kysely<Database>) =>
  db
    .selectFrom('sessions')
    .where('removed_at', 'is', null)
    .selectAll()
    .select((eb) => [queuedCount(eb), pendingCount(eb)]);

const getQuery = compileOnce((db, { id }: { id: string }) => select(db).where('id', '=', id));

const stateQuery = compileOnce((db, { id }: { id: string }) =>
  db
    .selectFrom('sessions')
    .where('removed_at', 'is', null)
    .where('id', '=', id)
    .select(['id', 'run', 'provider', 'status', 'activity']),
);

const tokenQuery = compileOnce((db, { id, hash }: { id: string; hash: string }) =>
  db
    .selectFrom('sessions')
    .where('removed_at', 'is', null)
    .where('id', '=', id)
    .where('token_hash', '=', hash)
    .where('status', 'not in', ended)
    .select('id'),
);

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** SQL about sessions. Removed rows are never seen. */
export class SessionsStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The same statements inside a transaction. */
  in(tx: Kysely<Database>): SessionsStore {
    return new SessionsStore(tx);
  }

  async list(filter: SessionFilter = {}): Promise<SessionRecord[]> {
    let query = this.#select().orderBy('created_at', 'desc').orderBy('id');
    if (filter.provider) query = query.where('provider', '=', filter.provider);
    if (filter.status) query = query.where('status', '=', filter.status);
    if (filter.live === true) query = query.where('status', 'not in', ended);
    if (filter.live === false) query = query.where('status', 'in', ended);
    return (await query.execute()).map(toRecord);
  }

  async get(id: string): Promise<SessionRecord | null> {
    const [row] = await getQuery(this.#db, { id });
    return row ? toRecord(row) : null;
  }

  /** What decides whether anything may be typed. */
  async getState(id: string): Promise<SessionState | null> {
    const [row] = await stateQuery(this.#db, { id });
    return row ? { id: row.id, run: row.run, ...toState(row) } : null;
  }

  /**
   * The session a person means: its id, a unique prefix of it, or its name. Names win over prefixes.
   * Throws `session_not_found` or `session_ambiguous`, each with candidates.
   */
  async resolve(ref: string): Promise<SessionRecord> {
    // Programs say whole ids: the quickest question, and it comes first.
    const whole = wholeId.test(ref) ? await this.get(ref) : null;
    if (whole) return whole;
    const exact = await this.findByName(ref);
    if (exact) return exact;
    const matches = /^[0-9a-f-]+$/i.test(ref)
      ? await this.#select()
          .where('id', 'like', `${ref.toLowerCase()}%`)
          .orderBy('created_at', 'desc')
          .limit(11)
          .execute()
      : [];
    const [first] = matches;
    if (first && matches.length === 1) return toRecord(first);
    if (first) {
      throw new CodepiperError(
        'session_ambiguous',
        `"${ref}" fits ${matches.length > 10 ? 'more than 10' : matches.length} sessions; give more of the id.`,
        { candidates: matches.slice(0, 10).map((row) => describe(toRecord(row))) },
      );
    }
    throw new CodepiperError(
      'session_not_found',
      `Session not found: ${ref}. All there are: codepiper sessions`,
      {
        candidates: nearest(ref, await this.list()).map(describe),
      },
    );
  }

  /** Whether the token is that of the session's present run. */
  async hasToken(id: string, hash: string): Promise<boolean> {
    return (await tokenQuery(this.#db, { id, hash })).length > 0;
  }

  async findByTokenHash(hash: string): Promise<SessionRecord | null> {
    const row = await this.#select()
      .where('token_hash', '=', hash)
      .where('status', 'not in', ended)
      .executeTakeFirst();
    return row ? toRecord(row) : null;
  }

  async countLive(): Promise<number> {
    const row = await this.#db
      .selectFrom('sessions')
      .where('removed_at', 'is', null)
      .where('status', 'not in', ended)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return row.count;
  }

  async findByName(name: string): Promise<SessionRecord | null> {
    const row = await this.#select().where('name', '=', name).executeTakeFirst();
    return row ? toRecord(row) : null;
  }

  async insert(record: SessionRecord): Promise<void> {
    await this.#db
      .insertInto('sessions')
      .values({ id: record.id, ...toColumns(record), removed_at: null })
      .execute();
  }

  async update(id: string, change: Partial<SessionRecord>, at: number): Promise<void> {
    await this.#db
      .updateTable('sessions')
      .set({ ...toColumns(change), updated_at: at })
      .where('id', '=', id)
      .execute();
  }

  /** Hides the row for good; what the ledger says about it stays. */
  async remove(id: string, at: number): Promise<void> {
    await this.#db.updateTable('sessions').set({ removed_at: at }).where('id', '=', id).execute();
  }

  async trustDirectory(path: string, provider: ProviderId, at: number): Promise<void> {
    await this.#db
      .insertInto('trusted_directories')
      .values({ path, provider, at })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async trustedDirectories(provider: ProviderId): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('trusted_directories')
      .select('path')
      .where('provider', '=', provider)
      .execute();
    return rows.map((row) => row.path);
  }

  #select() {
    return select(this.#db);
  }
}

function toState(
  row: Pick<Selectable<SessionTable>, 'provider' | 'status' | 'activity'>,
): Pick<SessionRecord, 'provider' | 'status' | 'activity'> {
  return {
    provider: providerIdSchema.parse(row.provider),
    status: sessionStatusSchema.parse(row.status),
    activity: row.activity === null ? null : activitySchema.parse(row.activity),
  };
}

function toRecord(
  row: Selectable<SessionTable> & { queued: number | null; approvals: number | null },
): SessionRecord {
  return {
    id: row.id,
    name: row.name,
    ...toState(row),
    cwd: row.cwd,
    evidence: evidenceSchema.parse(JSON.parse(row.evidence)),
    model: row.model,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
    pid: row.pid,
    exitCode: row.exit_code,
    signal: row.signal,
    cols: row.cols,
    rows: row.rows,
    transcriptPath: row.transcript_path,
    launch: JSON.parse(row.launch) as LaunchRecord,
    conversation: JSON.parse(row.conversation) as ConversationRecord,
    tokenHash: row.token_hash,
    run: row.run,
    ending: row.ending,
    policySets: row.policy_sets === null ? [] : (JSON.parse(row.policy_sets) as string[]),
    policyDefault: row.policy_default === null ? null : defaultActionSchema.parse(row.policy_default),
    queued: row.queued ?? 0,
    approvals: row.approvals ?? 0,
  };
}

const columnOf = {
  name: 'name',
  provider: 'provider',
  cwd: 'cwd',
  status: 'status',
  activity: 'activity',
  evidence: 'evidence',
  model: 'model',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  endedAt: 'ended_at',
  pid: 'pid',
  exitCode: 'exit_code',
  signal: 'signal',
  cols: 'cols',
  rows: 'rows',
  transcriptPath: 'transcript_path',
  launch: 'launch',
  conversation: 'conversation',
  tokenHash: 'token_hash',
  run: 'run',
  ending: 'ending',
  policySets: 'policy_sets',
  policyDefault: 'policy_default',
} as const satisfies Record<Exclude<keyof SessionRecord, 'id' | 'queued' | 'approvals'>, keyof SessionTable>;

function toColumns(record: SessionRecord): Omit<Selectable<SessionTable>, 'id' | 'removed_at'>;
function toColumns(change: Partial<SessionRecord>): Updateable<SessionTable>;
function toColumns(change: Partial<SessionRecord>): Updateable<SessionTable> {
  const columns: Record<string, unknown> = {};
  for (const [field, column] of Object.entries(columnOf)) {
    const value = change[field as keyof typeof columnOf];
    if (value !== undefined)
      columns[column] = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  }
  return columns;
}

function describe(record: SessionRecord): string {
  return [record.id.slice(0, 8), record.name, record.provider, record.status].filter(Boolean).join('  ');
}

/** What somebody may have meant: the name or beginning of an id with the fewest mistakes, then what begins alike. */
function nearest(ref: string, sessions: readonly SessionRecord[]): SessionRecord[] {
  // In few characters of an id every other one is a mistake away.
  const wordsOf = ({ id, name }: SessionRecord) => [
    ...(name === null ? [] : [name]),
    ...(ref.length < 4 ? [] : [id.slice(0, ref.length)]),
  ];
  const best = nearestWord(ref, sessions.flatMap(wordsOf));
  const start = ref.slice(0, Math.max(2, Math.floor(ref.length / 2))).toLowerCase();
  const mistyped = sessions.filter((session) => best !== undefined && wordsOf(session).includes(best));
  const alike = sessions.filter(
    (session) => session.id.startsWith(start) || session.name?.toLowerCase().includes(start),
  );
  return [...new Set([...mistyped, ...alike])].slice(0, 5);
}
