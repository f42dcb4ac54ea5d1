import type { AuditQuery } from '@codepiper/core/audit/audit.endpoints.ts';
import { type Decision, deciderSchema, decisionKindSchema } from '@codepiper/core/audit/decision.ts';
import { toolKindSchema } from '@codepiper/core/policies/call.ts';
import type { PartTrace, RuleRef } from '@codepiper/core/policies/verdict.ts';
import type { Kysely, Selectable } from 'kysely';
import { compileOnce } from '../db/compiled.ts';
import type { Database } from '../db/database.ts';
import type { PastCall } from './audit.service.ts';
import type { DecisionTable } from './audit.table.ts';
import type { Checkpoint } from './checkpoints.ts';

const lastQuery = compileOnce((db, _values: Record<string, never>) =>
  db.selectFrom('decisions').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1),
);

const insertQuery = compileOnce((db, values: Pick<DecisionTable, keyof DecisionTable>) =>
  db.insertInto('decisions').values({
    seq: values.seq,
    at: values.at,
    session_id: values.session_id,
    session_name: values.session_name,
    provider: values.provider,
    decision: values.decision,
    by: values.by,
    who: values.who,
    tool: values.tool,
    tool_kind: values.tool_kind,
    call_id: values.call_id,
    input_hash: values.input_hash,
    input: values.input,
    cwd: values.cwd,
    rule: values.rule,
    reason: values.reason,
    parts: values.parts,
    approval_id: values.approval_id,
    latency_us: values.latency_us,
    hash: values.hash,
  }),
);

/** Rows that are read at once where many are gone through. */
const piece = 500;

/** SQL about the audit trail. */
export class AuditStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  in(tx: Kysely<Database>): AuditStore {
    return new AuditStore(tx);
  }

  /** The end of the chain. */
  async last(): Promise<{ seq: number; hash: string } | null> {
    const [row] = await lastQuery(this.#db, {});
    return row ?? null;
  }

  async insert(row: DecisionTable): Promise<void> {
    await insertQuery(this.#db, row);
  }

  async entry(seq: number): Promise<{ hash: string } | null> {
    const row = await this.#db
      .selectFrom('decisions')
      .select('hash')
      .where('seq', '=', seq)
      .executeTakeFirst();
    return row ?? null;
  }

  async lastCheckpoint(): Promise<Checkpoint | null> {
    const row = await this.#db
      .selectFrom('audit_checkpoints')
      .selectAll()
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  }

  async insertCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#db.insertInto('audit_checkpoints').values(checkpoint).execute();
  }

  /** Newest first. */
  async list(filter: AuditQuery): Promise<Decision[]> {
    const { sessionId, decision, tool, callId, since, until, before, limit } = filter;
    let query = this.#db.selectFrom('decisions').selectAll().orderBy('seq', 'desc').limit(limit);
    if (sessionId !== undefined) query = query.where('session_id', '=', sessionId);
    if (decision !== undefined) query = query.where('decision', '=', decision);
    if (tool !== undefined) {
      query = query.where((eb) => eb.or([eb('tool', '=', tool), eb('tool_kind', '=', tool)]));
    }
    if (callId !== undefined) query = query.where('call_id', '=', callId);
    if (since !== undefined) query = query.where('at', '>', Date.parse(since));
    if (until !== undefined) query = query.where('at', '<=', Date.parse(until));
    if (before !== undefined) query = query.where('seq', '<', before);
    return (await query.execute()).map(toDecision);
  }

  /** The newest decisions about calls, oldest first, read in pieces. */
  async *calls(since: number | null, limit: number): AsyncGenerator<PastCall> {
    const select = () => {
      const query = this.#db
        .selectFrom('decisions')
        .where('decision', '!=', 'change')
        .where('input', 'is not', null)
        .where('tool', 'is not', null);
      return since === null ? query : query.where('at', '>', since);
    };
    const newest = await select().select('seq').orderBy('seq', 'desc').limit(limit).execute();
    const [last, first] = [newest[0]?.seq, newest.at(-1)?.seq];
    if (last === undefined || first === undefined) return;
    for (let next = first; ; ) {
      const rows = await select()
        .selectAll()
        .where('seq', '>=', next)
        .where('seq', '<=', last)
        .orderBy('seq')
        .limit(piece)
        .execute();
      for (const row of rows) yield toPastCall(row);
      const end = rows.at(-1)?.seq;
      if (end === undefined || rows.length < piece) return;
      next = end + 1;
    }
  }
}

function toDecision(row: Selectable<DecisionTable>): Decision {
  return {
    seq: row.seq,
    at: new Date(row.at).toISOString(),
    sessionId: row.session_id,
    sessionName: row.session_name,
    provider: row.provider,
    decision: decisionKindSchema.parse(row.decision),
    by: deciderSchema.parse(row.by),
    who: row.who,
    tool: row.tool,
    toolKind: toolKindSchema.nullable().parse(row.tool_kind),
    callId: row.call_id,
    inputHash: row.input_hash,
    input: row.input === null ? null : (JSON.parse(row.input) as Record<string, unknown>),
    cwd: row.cwd,
    rule: row.rule === null ? null : (JSON.parse(row.rule) as RuleRef),
    reason: row.reason,
    parts: JSON.parse(row.parts) as PartTrace[],
    approvalId: row.approval_id,
    latencyMs: row.latency_us === null ? null : row.latency_us / 1000,
    hash: row.hash,
  };
}

function toPastCall(row: Selectable<DecisionTable>): PastCall {
  return {
    seq: row.seq,
    at: row.at,
    sessionId: row.session_id,
    sessionName: row.session_name,
    provider: row.provider,
    decision: decisionKindSchema.exclude(['change']).parse(row.decision),
    by: deciderSchema.parse(row.by),
    tool: row.tool ?? '',
    toolKind: toolKindSchema.catch('other').parse(row.tool_kind),
    input: JSON.parse(row.input ?? '{}') as Record<string, unknown>,
    cwd: row.cwd,
    approvalId: row.approval_id,
  };
}
