import { entryMarks } from '@codepiper/core/search/marks.ts';
import { indexTerms } from '@codepiper/core/search/terms.ts';
import type { Statement, TranscriptsDb } from '../../db/transcripts/open.ts';
import type { FileRow } from './files.store.ts';
import type { NewEntry } from './ingest.store.ts';

/** How many pages of the index one step of joining writes: a few milliseconds. */
const mergedPages = 64;

/** Writes the full-text index. What leaves `entries` leaves it by a trigger. */
export class SearchIndex {
  readonly #add: Statement;
  readonly #merge: Statement;
  readonly #changes: Statement;

  constructor(db: TranscriptsDb) {
    this.#add = db.prepare('INSERT INTO entries_fts (rowid, words, names, marks) VALUES (?, ?, ?, ?)');
    this.#merge = db.prepare(`INSERT INTO entries_fts (entries_fts, rank) VALUES ('merge', ${mergedPages})`);
    this.#changes = db.prepare('SELECT total_changes()').pluck();
  }

  /** @param id of the entry, which was just stored */
  add(id: number | bigint, file: FileRow, entry: Pick<NewEntry, 'kind' | 'tool'> & { text: string }): void {
    const { words, names } = indexTerms(entry.text);
    const { conversation, provider } = file;
    this.#add.run(
      id,
      words,
      names,
      entryMarks({ conversation, provider, kind: entry.kind, tool: entry.tool }),
    );
  }

  /** Joins some of the parts that each transaction leaves behind; false when there was nothing to do. */
  merge(): boolean {
    const before = this.#changes.get() as number;
    this.#merge.run();
    // The statement counts as one change itself.
    return (this.#changes.get() as number) - before > 1;
  }
}
