/** One entry of the audit trail as stored. Times are milliseconds since the epoch. */
export interface DecisionTable {
  seq: number;
  at: number;
  session_id: string | null;
  session_name: string | null;
  provider: string | null;
  decision: string;
  by: string;
  who: string | null;
  tool: string | null;
  tool_kind: string | null;
  call_id: string | null;
  input_hash: string | null;
  /** JSON, secrets replaced. */
  input: string | null;
  cwd: string | null;
  /** JSON of `RuleRef`. */
  rule: string | null;
  reason: string;
  /** JSON of `PartTrace[]`. */
  parts: string;
  approval_id: string | null;
  latency_us: number | null;
  hash: string;
}

/** A place of the chain, signed. */
export interface AuditCheckpointTable {
  seq: number;
  hash: string;
  at: number;
  signature: string;
}
