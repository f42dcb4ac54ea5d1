import type { Verification } from '../verify.ts';

/** A conversation of a session, by whatever is known of it. */
export interface Followed {
  sessionId: string;
  provider: string;
  /** The transcript, where the agent told it. */
  path: string | null;
  conversationId: string | null;
}

/** What the daemon tells the thread that ingests. */
export type ToIngest =
  | ({ type: 'follow' } & Followed)
  /** The session has ended: its files are read to their ends and watched no more. */
  | { type: 'unfollow'; sessionId: string }
  /** Brings in all transcripts below the directories, or below the agents' own places. */
  | { type: 'import'; id: number; provider: string | null; directories: readonly string[] | null }
  | { type: 'verify'; id: number }
  | { type: 'stop' };

export interface Committed {
  conversation: number;
  conversationId: string;
  provider: string;
  sessionIds: readonly string[];
  /** entries.id of the newest one. */
  lastEntry: number;
  entries: number;
  responses: number;
}

export interface ImportProgress {
  files: number;
  /** Bytes of both passes: each byte is read for usage first and for content later. */
  usageBytes: number;
  contentBytes: number;
  allBytes: number;
}

export interface Problem {
  path: string | null;
  code: string;
  message: string;
}

/** What it tells the daemon. */
export type FromIngest =
  | ({ type: 'committed' } & Committed)
  | ({ type: 'progress'; id: number } & ImportProgress)
  | ({ type: 'imported'; id: number } & ImportProgress)
  | { type: 'verifying'; id: number; done: number; all: number }
  | { type: 'verified'; id: number; result: Verification }
  | { type: 'refused'; id: number; message: string }
  | ({ type: 'problem' } & Problem);

/** What the thread is started with. */
export interface IngestWorkerData {
  databasePath: string;
  archiveDirectory: string;
  env: Readonly<Record<string, string>>;
  /** Time between two looks at followed files for which no event came, in milliseconds. */
  sweepMs: number;
}
