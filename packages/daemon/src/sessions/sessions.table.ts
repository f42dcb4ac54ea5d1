import type { ColumnType, Generated } from 'kysely';

/** One session as stored. Times are milliseconds since the epoch. */
export interface SessionTable {
  id: string;
  name: string | null;
  provider: string;
  cwd: string;
  status: string;
  activity: string | null;
  /** JSON of `Evidence`. */
  evidence: string;
  model: string | null;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
  pid: number | null;
  exit_code: number | null;
  signal: string | null;
  cols: number;
  rows: number;
  transcript_path: string | null;
  /** JSON of `LaunchRecord`. */
  launch: string;
  /** JSON of `ConversationRecord`. */
  conversation: string;
  /** SHA-256 of the token of this run; the token itself is only in the pane. */
  token_hash: string | null;
  /** How often the row was started: resume adds one. */
  run: Generated<number>;
  /** Set while a stop or kill that somebody asked for is under way. */
  ending: ColumnType<'stop' | 'kill' | null, 'stop' | 'kill' | null | undefined, 'stop' | 'kill' | null>;
  removed_at: number | null;
  /** JSON: ids of the policy sets applied to it. */
  policy_sets: string | null;
  /** Its own answer to calls no rule speaks of; null for the daemon's. */
  policy_default: string | null;
}

/** A directory a person said they trust, for one agent. */
export interface TrustedDirectoryTable {
  path: string;
  provider: string;
  at: number;
}
