import {
  type Approval,
  type ApprovalKind,
  type ApprovalStatus,
  approvalKindSchema,
  approvalStatusSchema,
  type Grant,
  grantSchema,
  type Question,
} from '@codepiper/core/approvals/approval.ts';
import { type ToolInput, type ToolKind, toolKindSchema } from '@codepiper/core/policies/call.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { type Kysely, sql } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database } from '../db/database.ts';
import type { ApprovalTable } from './approvals.table.ts';

/** One approval as the daemon thinks of it. Times are milliseconds since the epoch. */
export interface ApprovalRecord {
  id: string;
  sessionId: string;
  run: number;
  request: string;
  kind: ApprovalKind;
  tool: string;
  toolKind: ToolKind;
  callId: string | null;
  agentId: string | null;
  cwd: string;
  inputHash: string;
  input: ToolInput;
  summary: string;
  diff: string | null;
  questions: readonly Question[];
  verdict: Verdict;
  suggestion: Rule | null;
  inTerminal: boolean;
  status: ApprovalStatus;
  askedAt: number;
  expiresAt: number | null;
  settledAt: number | null;
  settledBy: string | null;
  grant: Grant | null;
  note: string | null;
  answers: Readonly<Record<string, string>> | null;
  deliveredAt: number | null;
  sessionName: string | null;
  provider: string;
}

/** What an answer is bound to. */
export type Binding = Pick<ApprovalRecord, 'sessionId' | 'run' | 'request' | 'callId' | 'inputHash'>;

/** What is written when an approval is settled. */
export type Settled = Pick<
  ApprovalRecord,
  | 'status'
  | 'settledAt'
  | 'settledBy'
  | 'grant'
  | 'note'
  | 'answers'
  | 'input'
  | 'diff'
  | 'verdict'
  | 'suggestion'
>;

export interface ApprovalFilter {
  sessionId?: string | undefined;
  status: ApprovalStatus | 'settled';
  kind?: ApprovalKind | undefined;
  limit: number;
}

type Row = ApprovalTable & { session_name: string | null; provider: string };

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/** The one place where a record becomes what clients see. `agingAfter` in milliseconds. */
export function presentApproval(record: ApprovalRecord, now: number, agingAfter: number): Approval {
  const {
    run: _run,
    request: _request,
    agentId: _agent,
    answers: _answers,
    deliveredAt: _at,
    ...rest
  } = record;
  return {
    ...rest,
    input: { ...record.input },
    questions: [...record.questions],
    askedAt: new Date(record.askedAt).toISOString(),
    expiresAt: iso(record.expiresAt),
    settledAt: iso(record.settledAt),
    aging: record.status === 'pending' && now - record.askedAt >= agingAfter,
  };
}

const select = (db: Kysely<Database>) =>
  db
    .selectFrom('approvals')
    .innerJoin('sessions', 'sessions.id', 'approvals.session_id')
    .selectAll('approvals')
    .select(['sessions.name as session_name', 'sessions.provider as provider']);

const getQuery = compileOnce((db, { id }: { id: string }) => select(db).where('approvals.id', '=', id));

const boundQuery = compileOnce((db, binding: Binding) =>
  select(db)
    .where('approvals.session_id', '=', binding.sessionId)
    .where('approvals.run', '=', binding.run)
    .where('approvals.request', '=', binding.request)
    .where('approvals.input_hash', '=', binding.inputHash)
    .where(sql<boolean>`approvals.call_id IS ${binding.callId}`)
    .orderBy('approvals.asked_at', 'desc')
    .orderBy(sql`approvals.rowid`, 'desc')
    .limit(1),
);

/** An interface could have further keys. */
type PlainRow = Pick<ApprovalTable, keyof ApprovalTable>;

const insertQuery = compileOnce((db, row: PlainRow) =>
  db.insertInto('approvals').values({
    id: row.id,
    session_id: row.session_id,
    run: row.run,
    request: row.request,
    kind: row.kind,
    tool: row.tool,
    tool_kind: row.tool_kind,
    call_id: row.call_id,
    agent_id: row.agent_id,
    cwd: row.cwd,
    input_hash: row.input_hash,
    input: row.input,
    summary: row.summary,
    diff: row.diff,
    questions: row.questions,
    verdict: row.verdict,
    suggestion: row.suggestion,
    in_terminal: row.in_terminal,
    status: row.status,
    asked_at: row.asked_at,
    expires_at: row.expires_at,
    settled_at: null,
    settled_by: null,
    answer_grant: null,
    note: null,
    answers: null,
    delivered_at: null,
  }),
);

type SettleValues = Omit<SettledRow, 'status'> & { id: string; status: string };
type SettledRow = Pick<
  ApprovalTable,
  | 'status'
  | 'settled_at'
  | 'settled_by'
  | 'answer_grant'
  | 'note'
  | 'answers'
  | 'input'
  | 'diff'
  | 'verdict'
  | 'suggestion'
>;

/** The one winner: whoever finds it pending. */
const settleQuery = compileOnce((db, values: SettleValues) =>
  db
    .updateTable('approvals')
    .set({
      status: values.status,
      settled_at: values.settled_at,
      settled_by: values.settled_by,
      answer_grant: values.answer_grant,
      note: values.note,
      answers: values.answers,
      input: values.input,
      diff: values.diff,
      verdict: values.verdict,
      suggestion: values.suggestion,
    })
    .where('id', '=', values.id)
    .where('status', '=', 'pending')
    .returning('id'),
);

const deliverQuery = compileOnce((db, { id, at }: { id: string; at: number }) =>
  db
    .updateTable('approvals')
    .set({ delivered_at: at, answers: null })
    .where('id', '=', id)
    .where('delivered_at', 'is', null)
    .returning('id'),
);

/** SQL about approvals. */
export class ApprovalsStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  in(tx: Kysely<Database>): ApprovalsStore {
    return new ApprovalsStore(tx);
  }

  async insert(record: ApprovalRecord): Promise<void> {
    await insertQuery(this.#db, toRow(record));
  }

  async get(id: string): Promise<ApprovalRecord | null> {
    const [row] = await getQuery(this.#db, { id });
    return row ? toRecord(row) : null;
  }

  /** The newest approval of exactly this request. */
  async findBound(binding: Binding): Promise<ApprovalRecord | null> {
    const [row] = await boundQuery(this.#db, binding);
    return row ? toRecord(row) : null;
  }

  /** Oldest first while they are pending, else the newest settled first. */
  async list({ sessionId, status, kind, limit }: ApprovalFilter): Promise<ApprovalRecord[]> {
    let query = select(this.#db).limit(limit);
    query =
      status === 'settled'
        ? query.where('approvals.status', '!=', 'pending')
        : query.where('approvals.status', '=', status);
    if (sessionId !== undefined) query = query.where('approvals.session_id', '=', sessionId);
    if (kind !== undefined) query = query.where('approvals.kind', '=', kind);
    query =
      status === 'pending'
        ? query.orderBy('approvals.asked_at').orderBy(sql`approvals.rowid`)
        : query.orderBy('approvals.settled_at', 'desc').orderBy(sql`approvals.rowid`, 'desc');
    return (await query.execute()).map(toRecord);
  }

  /** Everything that waits, oldest first. */
  async pending(sessionId?: string): Promise<ApprovalRecord[]> {
    return this.list({ sessionId, status: 'pending', limit: -1 });
  }

  /** Those whose id begins so, the newest first; at most `limit`. */
  async withPrefix(prefix: string, limit: number, isPending: boolean): Promise<ApprovalRecord[]> {
    const rows = await select(this.#db)
      .where('approvals.id', 'like', `${prefix.toLowerCase()}%`)
      .where('approvals.status', isPending ? '=' : '!=', 'pending')
      .orderBy('approvals.asked_at', 'desc')
      .limit(limit)
      .execute();
    return rows.map(toRecord);
  }

  /** @returns false when somebody was quicker */
  async settle(id: string, change: Settled): Promise<boolean> {
    const rows = await settleQuery(this.#db, {
      id,
      status: change.status,
      settled_at: change.settledAt,
      settled_by: change.settledBy,
      answer_grant: change.grant,
      note: change.note,
      answers: change.answers === null ? null : JSON.stringify(change.answers),
      input: JSON.stringify(change.input),
      diff: change.diff,
      verdict: JSON.stringify(change.verdict),
      suggestion: change.suggestion === null ? null : JSON.stringify(change.suggestion),
    });
    return rows.length > 0;
  }

  /** The agent has its answer; what was answered to its questions is not kept longer. */
  async markDelivered(id: string, at: number): Promise<void> {
    await deliverQuery(this.#db, { id, at });
  }

  /** Empties what was wanted in a session. */
  async forget(sessionId: string): Promise<void> {
    await this.#db
      .updateTable('approvals')
      .set({
        input: '{}',
        summary: '',
        diff: null,
        questions: '[]',
        // Its parts and the rule are the command again.
        verdict: JSON.stringify(forgottenVerdict),
        suggestion: null,
        answers: null,
        note: null,
      })
      .where('session_id', '=', sessionId)
      .where('status', '!=', 'pending')
      .execute();
  }
}

const forgottenVerdict: Verdict = { action: 'ask', basis: 'default', rule: null, reason: '', parts: [] };

function toRow(record: ApprovalRecord): PlainRow {
  return {
    id: record.id,
    session_id: record.sessionId,
    run: record.run,
    request: record.request,
    kind: record.kind,
    tool: record.tool,
    tool_kind: record.toolKind,
    call_id: record.callId,
    agent_id: record.agentId,
    cwd: record.cwd,
    input_hash: record.inputHash,
    input: JSON.stringify(record.input),
    summary: record.summary,
    diff: record.diff,
    questions: JSON.stringify(record.questions),
    verdict: JSON.stringify(record.verdict),
    suggestion: record.suggestion === null ? null : JSON.stringify(record.suggestion),
    in_terminal: Number(record.inTerminal),
    status: record.status,
    asked_at: record.askedAt,
    expires_at: record.expiresAt,
    settled_at: record.settledAt,
    settled_by: record.settledBy,
    answer_grant: record.grant,
    note: record.note,
    answers: record.answers === null ? null : JSON.stringify(record.answers),
    delivered_at: record.deliveredAt,
  };
}

function toRecord(row: Row): ApprovalRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    run: row.run,
    request: row.request,
    kind: approvalKindSchema.parse(row.kind),
    tool: row.tool,
    toolKind: toolKindSchema.parse(row.tool_kind),
    callId: row.call_id,
    agentId: row.agent_id,
    cwd: row.cwd,
    inputHash: row.input_hash,
    input: JSON.parse(row.input) as ToolInput,
    summary: row.summary,
    diff: row.diff,
    questions: JSON.parse(row.questions) as Question[],
    verdict: JSON.parse(row.verdict) as Verdict,
    suggestion: row.suggestion === null ? null : (JSON.parse(row.suggestion) as Rule),
    inTerminal: row.in_terminal === 1,
    status: approvalStatusSchema.parse(row.status),
    askedAt: row.asked_at,
    expiresAt: row.expires_at,
    settledAt: row.settled_at,
    settledBy: row.settled_by,
    grant: row.answer_grant === null ? null : grantSchema.parse(row.answer_grant),
    note: row.note,
    answers: row.answers === null ? null : (JSON.parse(row.answers) as Record<string, string>),
    deliveredAt: row.delivered_at,
    sessionName: row.session_name,
    provider: row.provider,
  };
}
