import type { TranscriptsDb } from '../../db/transcripts/open.ts';
import { dueConversations } from '../due.store.ts';

/** SQL of what is removed because it is old. */
export class PruneStore {
  readonly #db: TranscriptsDb;

  constructor(db: TranscriptsDb) {
    this.#db = db;
  }

  /** Conversations older than a time that belong to none of the sessions. */
  due(before: number, live: readonly string[]): number[] {
    return this.#db
      .prepare(`SELECT c.id ${dueConversations} ORDER BY c.id`)
      .pluck()
      .all(before, JSON.stringify(live)) as number[];
  }

  filesOf(conversation: number): { id: number; archivePath: string | null; isPruned: boolean }[] {
    const rows = this.#db
      .prepare(
        'SELECT id, archive_path AS archivePath, pruned_at AS prunedAt FROM files WHERE conversation = ?',
      )
      .all(conversation) as { id: number; archivePath: string | null; prunedAt: number | null }[];
    return rows.map(({ id, archivePath, prunedAt }) => ({ id, archivePath, isPruned: prunedAt !== null }));
  }

  /** From here on nothing of it is read again, and what is removed stays in the sums. */
  mark(conversation: number, at: number): void {
    this.#db
      .prepare('UPDATE files SET pruned_at = ? WHERE conversation = ? AND pruned_at IS NULL')
      .run(at, conversation);
  }

  /** Removes some entries with their words; how many. */
  removeEntries(conversation: number, limit: number): number {
    return this.#db
      .transaction(() => {
        const ids = this.#db
          .prepare('SELECT id FROM entries WHERE conversation = ? ORDER BY id LIMIT ?')
          .pluck()
          .all(conversation, limit) as number[];
        const words = this.#db.prepare('DELETE FROM entries_fts WHERE rowid = ?');
        const entry = this.#db.prepare('DELETE FROM entries WHERE id = ?');
        for (const id of ids) {
          words.run(id);
          entry.run(id);
        }
        return ids.length;
      })
      .immediate();
  }

  /** Of calls of tools remain their times, of lines that were not understood their number. */
  removeTexts(conversation: number): void {
    this.#db
      .transaction(() => {
        this.#db
          .prepare('UPDATE tool_calls SET path = NULL WHERE conversation = ? AND path IS NOT NULL')
          .run(conversation);
        this.#db
          .prepare('DELETE FROM problems WHERE file_id IN (SELECT id FROM files WHERE conversation = ?)')
          .run(conversation);
      })
      .immediate();
  }

  /** The archive has nothing of the file any more. */
  leaveArchive(file: number): void {
    this.#db.prepare('UPDATE files SET archive_path = NULL, archive_copied = 0 WHERE id = ?').run(file);
  }
}
