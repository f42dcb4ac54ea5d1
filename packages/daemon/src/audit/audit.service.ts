import type { AuditQuery } from '@codepiper/core/audit/audit.endpoints.ts';
import type { Decider, Decision, DecisionKind } from '@codepiper/core/audit/decision.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import type { ToolKind } from '@codepiper/core/policies/call.ts';
import { canonicalJson } from '@codepiper/core/policies/canonical.ts';
import type { PartTrace, RuleRef } from '@codepiper/core/policies/verdict.ts';
import type { Tx } from '../db/database.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { AuditStore } from './audit.store.ts';
import type { AuditKey } from './audit-key.ts';
import { entryHash, type HashedEntry, noHash, sha256 } from './chain.ts';
import { type CheckpointFile, checkpointText } from './checkpoints.ts';
import { createRedaction, type Redaction } from './redaction.ts';

/** An entry to be. What is left out is null, or empty. */
export interface NewDecision {
  decision: DecisionKind;
  by: Decider;
  reason: string;
  who?: string | null;
  session?: { id: string; name: string | null; provider: string } | null;
  tool?: string | null;
  toolKind?: ToolKind | null;
  callId?: string | null;
  /** As the agent gave it: hashed as it is, stored with secrets replaced. */
  input?: Readonly<Record<string, unknown>> | null;
  cwd?: string | null;
  rule?: RuleRef | null;
  parts?: readonly PartTrace[];
  approvalId?: string | null;
  latencyUs?: number | null;
}

/** A decision about a call of a tool, as the trail remembers it. */
export interface PastCall {
  seq: number;
  /** Milliseconds since the epoch. */
  at: number;
  sessionId: string | null;
  sessionName: string | null;
  provider: string | null;
  decision: Exclude<DecisionKind, 'change'>;
  by: Decider;
  tool: string;
  toolKind: ToolKind;
  /** Secrets replaced, long texts cut. */
  input: Record<string, unknown>;
  cwd: string | null;
  approvalId: string | null;
}

/** What other rooms need of the audit trail. */
export interface AuditTrail {
  /** Adds an entry to the chain, in the transaction of what it is about. */
  append(tx: Tx, entry: NewDecision): Promise<void>;
  /** A tool's input as it may be kept: secrets replaced by marks (equal ones by the same), long texts cut. */
  redactInput(input: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /**
   * The newest `limit` decisions about calls after a time (milliseconds since the epoch; null: of all times), oldest
   * first. Read in pieces: what is appended meanwhile is not seen.
   */
  decisionsSince(since: number | null, limit: number): AsyncIterable<PastCall>;
}

export interface AuditParts {
  ledger: Ledger;
  store: AuditStore;
  key: AuditKey;
  /** Null where the database is no file. */
  checkpoints: CheckpointFile | null;
  clock: Clock;
  log: Log;
}

/** So many entries without a checkpoint, and one is made at once. */
const entriesPerCheckpoint = 256;
/** Otherwise so long after the last entry, in milliseconds. */
const quietMs = 1000;

/** The chain of decisions: appends, reads, and signs the end of it from time to time. */
export class AuditService implements AuditTrail, AsyncDisposable {
  readonly #ledger: Ledger;
  readonly #store: AuditStore;
  readonly #key: AuditKey;
  readonly #checkpoints: CheckpointFile | null;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #redaction: Redaction;
  #timer: NodeJS.Timeout | null = null;
  #unsigned = 0;
  #signing: Promise<void> = Promise.resolve();

  constructor(parts: AuditParts) {
    this.#ledger = parts.ledger;
    this.#store = parts.store;
    this.#key = parts.key;
    this.#checkpoints = parts.checkpoints;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#redaction = createRedaction((secret) => parts.key.mark(secret));
  }

  async append(tx: Tx, entry: NewDecision): Promise<void> {
    const store = this.#store.in(tx);
    // Read in the transaction, not remembered: one that is rolled back leaves nothing behind.
    const last = await store.last();
    const row = this.#toRow((last?.seq ?? 0) + 1, entry);
    await store.insert({ ...row, hash: entryHash(last?.hash ?? noHash, row) });
    this.#signSoon();
  }

  redactInput(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.#redaction.input(input);
  }

  /** Entries that fit, newest first. */
  async list(query: AuditQuery): Promise<{ decisions: Decision[]; hasMore: boolean }> {
    const found = await this.#store.list({ ...query, limit: query.limit + 1 });
    return { decisions: found.slice(0, query.limit), hasMore: found.length > query.limit };
  }

  decisionsSince(since: number | null, limit: number): AsyncIterable<PastCall> {
    return this.#store.calls(since, limit);
  }

  /**
   * Compares the end of the chain with what was signed: finishes a checkpoint that a crash left in one place, and
   * logs when entries that were signed are not there. Signs what an earlier daemon could not.
   */
  async restore(): Promise<void> {
    const noted = this.#checkpoints?.restore() ?? null;
    const stored = await this.#store.lastCheckpoint();
    if (noted && noted.seq > (stored?.seq ?? 0)) {
      const entry = await this.#store.entry(noted.seq);
      if (entry?.hash === noted.hash && this.#key.verify(checkpointText(noted), noted.signature)) {
        await this.#ledger.record((tx) => this.#store.in(tx).insertCheckpoint(noted));
      } else {
        this.#log.error(
          { seq: noted.seq },
          'the audit trail is not what was signed; see codepiper audit verify',
        );
      }
    }
    await this.sign();
  }

  /** Signs the end of the chain, unless that is done. */
  sign(): Promise<void> {
    this.#signing = this.#signing.then(() => this.#sign());
    return this.#signing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.sign();
  }

  #signSoon(): void {
    this.#unsigned++;
    if (this.#unsigned > entriesPerCheckpoint) return;
    if (this.#unsigned < entriesPerCheckpoint && this.#timer) {
      this.#timer.refresh();
      return;
    }
    if (this.#timer) clearTimeout(this.#timer);
    const wait = this.#unsigned < entriesPerCheckpoint ? quietMs : 0;
    this.#timer = setTimeout(() => void this.sign(), wait).unref();
  }

  async #sign(): Promise<void> {
    this.#timer = null;
    this.#unsigned = 0;
    try {
      const last = await this.#store.last();
      const signed = await this.#store.lastCheckpoint();
      if (!last || (signed && signed.seq >= last.seq)) return;
      const body = { seq: last.seq, hash: last.hash, at: this.#clock.now() };
      const checkpoint = { ...body, signature: this.#key.sign(checkpointText(body)) };
      // The file first: what the database has is then always in the file.
      this.#checkpoints?.append(checkpoint);
      await this.#ledger.record((tx) => this.#store.in(tx).insertCheckpoint(checkpoint));
    } catch (error) {
      this.#log.error({ err: error }, 'the audit trail could not be signed; the next entry tries again');
    }
  }

  #toRow(seq: number, entry: NewDecision): HashedEntry {
    const { input = null, session = null, latencyUs = null } = entry;
    const { text } = this.#redaction;
    const rule = entry.rule ? this.#withoutSecrets(entry.rule) : null;
    const parts = (entry.parts ?? []).map((part) => ({
      ...part,
      text: text(part.text),
      why: text(part.why),
      rule: part.rule && this.#withoutSecrets(part.rule),
    }));
    return {
      approval_id: whole(entry.approvalId),
      at: this.#clock.now(),
      by: entry.by,
      call_id: whole(entry.callId),
      cwd: whole(entry.cwd),
      decision: entry.decision,
      input: input && whole(JSON.stringify(this.#redaction.input(input))),
      input_hash: input && sha256(canonicalJson(input)),
      latency_us: latencyUs === null ? null : Math.max(0, Math.round(latencyUs)),
      parts: JSON.stringify(parts),
      provider: session?.provider ?? null,
      reason: text(entry.reason).toWellFormed(),
      rule: rule && JSON.stringify(rule),
      seq,
      session_id: session?.id ?? null,
      session_name: whole(session?.name),
      tool: whole(entry.tool),
      tool_kind: entry.toolKind ?? null,
      who: whole(entry.who),
    };
  }

  #withoutSecrets(rule: RuleRef): RuleRef {
    return { ...rule, reason: rule.reason && this.#redaction.text(rule.reason) };
  }
}

/** SQLite keeps UTF-8: half a character would come back as another one, and the hash would not fit. */
function whole(text: string | null | undefined): string | null {
  return text?.toWellFormed() ?? null;
}
