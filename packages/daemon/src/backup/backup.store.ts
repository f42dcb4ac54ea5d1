import { openReader } from '../db/reader.ts';

/** A transcript that is kept, as a database of transcripts has it. */
export interface KeptTranscript {
  path: string;
  /** Null: it is at its own place only. */
  archivePath: string | null;
  /** The file its hard link was of. */
  dev: number;
  ino: number;
  /** It is a copy which is written to, not a hard link. */
  isCopy: boolean;
  /** Bytes that were read of it. */
  read: number;
}

export function keptTranscripts(database: string): KeptTranscript[] {
  using reader = openReader(database);
  const rows = reader.all<Omit<KeptTranscript, 'isCopy'> & { isCopy: number }>(
    `SELECT path, archive_path AS archivePath, dev, ino, archive_copied AS isCopy,
       max(usage_offset, content_offset) AS read FROM files ORDER BY id`,
  );
  return rows.map((row) => ({ ...row, isCopy: row.isCopy === 1 }));
}

/** Of codepiper's own database. `lastCheckpoint` is the entry of the audit trail that was signed last, 0 for none. */
export function readFacts(database: string): {
  hasTrail: boolean;
  lastCheckpoint: number;
  liveSessions: number;
} {
  using reader = openReader(database);
  const hasTrail = reader.has('decisions') && reader.has('audit_checkpoints');
  const count = (sql: string): number => reader.all<{ count: number | null }>(sql)[0]?.count ?? 0;
  return {
    hasTrail,
    lastCheckpoint: hasTrail ? count('SELECT max(seq) AS count FROM audit_checkpoints') : 0,
    liveSessions: reader.has('sessions')
      ? count('SELECT count(*) AS count FROM sessions WHERE ended_at IS NULL AND removed_at IS NULL')
      : 0,
  };
}
