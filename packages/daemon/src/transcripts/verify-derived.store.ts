import { entryMarks } from '@codepiper/core/search/marks.ts';
import { indexTerms } from '@codepiper/core/search/terms.ts';
import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptsDb } from '../db/transcripts/open.ts';
import { stepSql, sums } from '../db/transcripts/rollups.ts';
import { isRead, runColumns, runValues, slotSql, weekMs } from '../db/transcripts/tool-rollups.ts';
import { quarterMs } from '../db/transcripts/trigger-sql.ts';
import { searchedKinds } from './searched.ts';

/** An entry, and where its words are to be read. */
export interface SampledEntry {
  id: number;
  conversation: number;
  provider: string;
  kind: EntryKind;
  tool: string | null;
  part: number;
  offset: number;
  length: number;
  path: string;
  archivePath: string | null;
}

/** Words and names of an entry that are looked for, at most. */
const wordsLookedFor = 24;
const quarterOf = (at: string) => `coalesce(${at}, 0) / ${quarterMs} * ${quarterMs}`;

/** What was made of responses and entries, made once more in one go and compared row by row. */
export class Derived {
  readonly #db: TranscriptsDb;

  constructor(db: TranscriptsDb) {
    this.#db = db;
  }

  /** Rows of each sum that are there and should not be, or the other way round. */
  wrongRows(): { about: string; message: string }[] {
    return Object.entries(recomputed).flatMap(([about, { made, kept }]) => {
      const countLess = (some: string, others: string) =>
        this.#db
          .prepare(`SELECT count(*) FROM (SELECT * FROM (${some}) EXCEPT SELECT * FROM (${others}))`)
          .pluck()
          .get() as number;
      const missing = countLess(made, kept);
      const wrong = countLess(kept, made);
      if (missing === 0 && wrong === 0) return [];
      return [
        { about, message: `${missing} rows that ought to be there are not, ${wrong} that ought not to are` },
      ];
    });
  }

  /** Entries that search should find and cannot, and words in the index that belong to none. */
  indexCounts(): { missing: number; orphans: number } {
    const kinds = searchedKinds.map((kind) => `'${kind}'`).join(', ');
    const count = (query: string) => this.#db.prepare(query).pluck().get() as number;
    return {
      missing: count(
        `SELECT count(*) FROM entries WHERE kind IN (${kinds}) AND id NOT IN (SELECT id FROM entries_fts_docsize)`,
      ),
      orphans: count(
        `SELECT count(*) FROM entries_fts_docsize WHERE id NOT IN (SELECT id FROM entries WHERE kind IN (${kinds}))`,
      ),
    };
  }

  /** Entries that search finds, evenly from all there are. */
  sample(most: number): SampledEntry[] {
    const [low, high] = this.#db.prepare('SELECT min(id), max(id) FROM entries').raw().get() as [
      number | null,
      number | null,
    ];
    if (low === null || high === null) return [];
    const next = this.#db.prepare(
      `SELECT e.id, e.conversation, f.provider, e.kind, e.tool, e.part, e.line_offset AS offset,
         e.line_length AS length, f.path, f.archive_path AS archivePath
       FROM entries AS e JOIN files AS f ON f.id = e.file_id
       WHERE e.id >= ? AND e.kind IN (${searchedKinds.map((kind) => `'${kind}'`).join(', ')}) ORDER BY e.id LIMIT 1`,
    );
    const found = new Map<number, SampledEntry>();
    for (let index = 0; index < most; index += 1) {
      const entry = next.get(low + Math.floor(((high - low) * index) / (most - 1))) as
        | SampledEntry
        | undefined;
      if (entry) found.set(entry.id, entry);
    }
    return [...found.values()];
  }

  /** Whether the index has the words of an entry, as its text has them. */
  isIndexed(entry: SampledEntry, text: string): boolean {
    const { words, names } = indexTerms(text);
    const quoted = (term: string) => `"${term}"`;
    const all = words === '' ? [] : words.split(' ');
    const ends = [all.slice(0, wordsLookedFor), all.slice(-wordsLookedFor)].filter((one) => one.length > 0);
    const looked = [
      ...ends.map((some) => `words : ${quoted(some.join(' '))}`),
      ...(names === ''
        ? []
        : [`names : (${names.split(' ').slice(0, wordsLookedFor).map(quoted).join(' AND ')})`]),
      `marks : ${quoted(entryMarks(entry))}`,
    ];
    // A number is bound as a real one, which FTS5 does not take for a row's id: it would look at all rows.
    return (
      this.#db
        .prepare('SELECT 1 FROM entries_fts WHERE rowid = ? AND entries_fts MATCH ?')
        .get(BigInt(entry.id), looked.join(' AND ')) !== undefined
    );
  }
}

const values = sums.map((name) => (name === 'responses' ? 'count(*)' : `sum(${name})`)).join(', ');
const recomputed: Readonly<Record<string, { made: string; kept: string }>> = {
  usage_quarters: {
    made: `SELECT conversation, coalesce(model, ''), ${stepSql('')} AS step, agent_id IS NOT NULL AS subagent,
        ${quarterOf('at')} AS bucket, ${values} FROM responses GROUP BY 1, 2, 3, 4, 5`,
    kept: `SELECT conversation, model, step, subagent, bucket, ${sums.join(', ')} FROM usage_quarters`,
  },
  turn_usage: {
    made: `SELECT conversation, turn_id, coalesce(model, ''), ${stepSql('')} AS step, ${values} FROM responses
        WHERE turn_id IS NOT NULL GROUP BY 1, 2, 3, 4`,
    kept: `SELECT conversation, turn_id, model, step, ${sums.join(', ')} FROM turn_usage`,
  },
  tool_runs: {
    // Each conversation's calls that look the same are numbered.
    made: `SELECT ${runColumns}, row_number() OVER (PARTITION BY conversation, ${runColumns}) - 1 AS twin, conversation
        FROM (SELECT ${runValues('tool_calls')}, conversation FROM tool_calls WHERE tool IS NOT NULL)`,
    kept: 'SELECT * FROM tool_runs UNION ALL SELECT * FROM tool_run_copies',
  },
  // A copy is one of a run of another conversation.
  tool_run_copies: {
    made: `SELECT DISTINCT ${runColumns}, twin FROM tool_run_copies`,
    kept: `SELECT DISTINCT ${runColumns}, twin FROM tool_run_copies AS c JOIN tool_runs AS r USING (${runColumns}, twin)
        WHERE c.conversation <> r.conversation`,
  },
  tool_weeks: {
    made: `SELECT provider, tool, ${slotSql('duration_ms')} AS slot, called_at / ${weekMs} AS week, count(*), sum(is_error)
        FROM tool_runs GROUP BY 1, 2, 3, 4`,
    kept: 'SELECT provider, tool, slot, week, runs, failures FROM tool_weeks',
  },
  file_reads: {
    made: `SELECT conversation, path, called_at, count(*) FROM tool_calls WHERE ${isRead('tool_calls')} GROUP BY 1, 2, 3`,
    kept: 'SELECT conversation, path, called_at, calls FROM file_reads',
  },
  messages: {
    made: "SELECT DISTINCT entry_key FROM entries WHERE kind IN ('prompt', 'answer')",
    kept: `SELECT entry_key FROM messages WHERE NOT kept
        OR entry_key IN (SELECT entry_key FROM entries WHERE kind IN ('prompt', 'answer'))`,
  },
  // What was not removed was said in the conversation for which it counts.
  'messages said': {
    made: `SELECT entry_key, conversation, m.at, is_prompt FROM messages AS m JOIN entries AS e USING (entry_key, conversation)
        WHERE NOT kept AND e.at IS m.at AND e.kind = iif(is_prompt, 'prompt', 'answer')`,
    kept: 'SELECT entry_key, conversation, at, is_prompt FROM messages WHERE NOT kept',
  },
  message_quarters: {
    made: `SELECT ${quarterOf('at')} AS bucket, conversation, sum(is_prompt), sum(NOT is_prompt) FROM messages GROUP BY 1, 2`,
    kept: 'SELECT bucket, conversation, prompts, answers FROM message_quarters',
  },
};
