import type { Statement, TranscriptsDb } from '../../db/transcripts/open.ts';
import type { FileRow } from './files.store.ts';
import { compareTokens } from './fullness.ts';
import type { NewResponse } from './ingest.store.ts';
import { UsageSums } from './usage-sums.store.ts';

/** A row of `responses` as far as it decides whether another telling of it counts, and what it added to the sums. */
interface Known {
  id: number;
  conversation: number;
  agent_id: string | null;
  model: string | null;
  at: number | null;
  input: number;
  output: number;
  cache_read: number;
  cache_write_5m: number;
  cache_write_1h: number;
  reasoning: number;
  turn_id: string | null;
  file_id: number | null;
}

/**
 * Rows of `responses`: one for each response of a model, with the fullest of its tellings, of equally full ones the
 * first in the oldest file. What they come to is added up here and stored by `flush`, instead of row by row: the
 * triggers that do the same rest meanwhile.
 */
export class Responses {
  readonly #add: Statement;
  readonly #find: Statement;
  readonly #replace: Statement;
  readonly #born: Statement;
  readonly #sums: UsageSums;

  constructor(db: TranscriptsDb) {
    this.#add = db.prepare(
      `INSERT INTO responses (key, conversation, agent_id, model, at, input, output, cache_read, cache_write_5m,
         cache_write_1h, reasoning, turn_id, file_id, line_offset)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
    );
    this.#find = db.prepare(
      `SELECT id, conversation, agent_id, model, at, input, output, cache_read, cache_write_5m, cache_write_1h,
         reasoning, turn_id, file_id FROM responses WHERE key = ?`,
    );
    this.#replace = db.prepare(
      `UPDATE responses SET conversation = ?, agent_id = ?, model = ?, at = ?, input = ?, output = ?, cache_read = ?,
         cache_write_5m = ?, cache_write_1h = ?, reasoning = ?, turn_id = ?, file_id = ?, line_offset = ? WHERE id = ?`,
    );
    this.#born = db.prepare('SELECT born FROM files WHERE id = ?').pluck();
    this.#sums = new UsageSums(db);
  }

  /** A part of a transaction that ends with `flush`, or is rolled back and ends with `drop`. */
  add(file: FileRow, response: NewResponse): void {
    const { key, model, at, tokens, turnId, offset } = response;
    const agentId = response.agentId ?? file.agent_id;
    const { input, output, cacheRead, cacheWrite5m, cacheWrite1h, reasoning } = tokens;
    const conversation = file.conversation;
    this.#sums.begin();
    // biome-ignore format: in the order of the columns; spreads would cost as much as the statement.
    const added = this.#add.run(key, conversation, agentId, model, at, input, output, cacheRead, cacheWrite5m,
      cacheWrite1h, reasoning, turnId, file.id, offset);
    if (added.changes === 0) {
      const known = this.#find.get(key) as Known;
      const before = tokensOf(known);
      const fuller = compareTokens(tokens, before);
      if (fuller < 0 || (fuller === 0 && !this.#isEarlier(file, known))) return;
      // biome-ignore format: as above.
      this.#replace.run(conversation, agentId, model, at, input, output, cacheRead, cacheWrite5m, cacheWrite1h,
        reasoning, turnId, file.id, offset, known.id);
      const { agent_id, turn_id } = known;
      this.#sums.count({ ...known, agentId: agent_id, turnId: turn_id, tokens: before }, -1);
    }
    this.#sums.count({ conversation, agentId, model, at, turnId, tokens }, 1);
  }

  /** Stores the sums of what was added since the last one. */
  flush(): void {
    this.#sums.flush();
  }

  /** What was added was rolled back. */
  drop(): void {
    this.#sums.drop();
  }

  /** Whether an equally full telling in this file goes before the one that is stored. */
  #isEarlier(file: FileRow, known: Known): boolean {
    if (known.file_id === null) return true;
    if (known.file_id === file.id) return false;
    const born = this.#born.get(known.file_id) as number | undefined;
    return born !== undefined && file.born < born;
  }
}

function tokensOf(row: Known): NewResponse['tokens'] {
  return {
    input: row.input,
    output: row.output,
    cacheRead: row.cache_read,
    cacheWrite5m: row.cache_write_5m,
    cacheWrite1h: row.cache_write_1h,
    reasoning: row.reasoning,
  };
}
