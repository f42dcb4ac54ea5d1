import type { Pruned } from './prune.ts';

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
  /** Asks to be told when all that is known has been read to its end. */
  | { type: 'settle'; id: number }
  /** Removes what was said in conversations that are too old, but for those of the sessions that live. */
  | { type: 'prune'; live: readonly string[] }
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

export interface Imported extends ImportProgress {
  /** What was not known before. */
  added: { conversations: number; responses: number; tokens: number };
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
  | ({ type: 'imported'; id: number } & Imported)
  | { type: 'settled'; id: number }
  | { type: 'refused'; id: number; message: string }
  | ({ type: 'pruned' } & Pruned)
  /** The database was damaged: it lies elsewhere now, and is made anew. */
  | { type: 'damaged'; movedTo: string; message: string }
  | ({ type: 'problem' } & Problem);

/** What the thread is started with. */
export interface IngestWorkerData {
  databasePath: string;
  archiveDirectory: string;
  env: Readonly<Record<string, string>>;
  /** Time between two looks at followed files for which no event came, in milliseconds. */
  sweepMs: number;
  /** How long what was said is kept after the last word, in milliseconds; null: for ever. */
  keepMs: number | null;
}
