/** One approval as stored. Times are milliseconds since the epoch. */
export interface ApprovalTable {
  id: string;
  session_id: string;
  run: number;
  /** Names one hook's request: the same over its retries. */
  request: string;
  kind: string;
  tool: string;
  tool_kind: string;
  call_id: string | null;
  agent_id: string | null;
  cwd: string;
  input_hash: string;
  /** JSON; as the tool would get it while pending, afterwards with secrets replaced. */
  input: string;
  summary: string;
  diff: string | null;
  /** JSON of `Question[]`. */
  questions: string;
  /** JSON of `Verdict`. */
  verdict: string;
  /** JSON of `Rule`. */
  suggestion: string | null;
  in_terminal: number;
  status: string;
  asked_at: number;
  expires_at: number | null;
  settled_at: number | null;
  settled_by: string | null;
  answer_grant: string | null;
  note: string | null;
  /** JSON: answers to questions. */
  answers: string | null;
  /** When the agent took the answer: it is given once. */
  delivered_at: number | null;
}
