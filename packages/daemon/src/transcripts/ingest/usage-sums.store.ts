import { promptStep } from '@codepiper/core/analytics/prompt-steps.ts';
import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import type { Statement, TranscriptsDb } from '../../db/transcripts/open.ts';
import { pauseSums, resumeSums, sums } from '../../db/transcripts/rollups.ts';
import { quarterMs } from '../../db/transcripts/trigger-sql.ts';

interface Counted {
  conversation: number;
  agentId: string | null;
  model: string | null;
  at: number | null;
  turnId: string | null;
  tokens: TokenCounts;
}

/** What is to be added to a row: its key, then the sums in the order of `sums`. */
interface Change {
  key: readonly (string | number)[];
  firstAt: number;
  /** Whether something was taken away, so that the row may have become empty. */
  lost: boolean;
  values: Sums;
}

/**
 * What the triggers of db/transcripts/rollups.ts do for each response, for many at once: sums are added up in memory
 * and stored with `flush`, in the transaction of the rows.
 */
export class UsageSums {
  readonly #quarters = new Map<string, Change>();
  readonly #turns = new Map<string, Change>();
  readonly #pause: Statement;
  readonly #resume: Statement;
  readonly #addQuarter: Statement;
  readonly #dropQuarter: Statement;
  readonly #addTurn: Statement;
  readonly #dropTurn: Statement;
  #begun = false;

  constructor(db: TranscriptsDb) {
    const places = (count: number) => Array.from({ length: count }, () => '?').join(', ');
    const add = sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
    this.#pause = db.prepare(pauseSums);
    this.#resume = db.prepare(resumeSums);
    this.#addQuarter = db.prepare(
      `INSERT INTO usage_quarters VALUES (${places(5 + sums.length)}) ON CONFLICT DO UPDATE SET ${add}`,
    );
    this.#dropQuarter = db.prepare(
      `DELETE FROM usage_quarters WHERE conversation = ? AND model = ? AND step = ? AND subagent = ? AND bucket = ?
         AND responses = 0`,
    );
    this.#addTurn = db.prepare(
      `INSERT INTO turn_usage VALUES (${places(5 + sums.length)})
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), ${add}`,
    );
    this.#dropTurn = db.prepare(
      'DELETE FROM turn_usage WHERE conversation = ? AND turn_id = ? AND model = ? AND step = ? AND responses = 0',
    );
  }

  /** From here to `flush` the triggers rest. Before the first row that is counted. */
  begin(): void {
    if (this.#begun) return;
    this.#pause.run();
    this.#begun = true;
  }

  count({ conversation, agentId, model, at, turnId, tokens }: Counted, sign: 1 | -1): void {
    const { input, cacheRead, cacheWrite5m, cacheWrite1h } = tokens;
    const step = promptStep(input + cacheRead + cacheWrite5m + cacheWrite1h);
    const name = model ?? '';
    const bucket = Math.trunc((at ?? 0) / quarterMs) * quarterMs;
    const subAgent = agentId === null ? 0 : 1;
    const quarter = `${conversation}\0${name}\0${step}\0${subAgent}\0${bucket}`;
    let change = this.#quarters.get(quarter);
    if (!change) {
      change = { key: [conversation, name, step, subAgent, bucket], firstAt: 0, lost: false, values: none() };
      this.#quarters.set(quarter, change);
    }
    apply(change, tokens, sign);
    if (turnId === null) return;
    const turn = `${conversation}\0${turnId}\0${name}\0${step}`;
    change = this.#turns.get(turn);
    if (!change) {
      const firstAt = Number.MAX_SAFE_INTEGER;
      change = { key: [conversation, turnId, name, step], firstAt, lost: false, values: none() };
      this.#turns.set(turn, change);
    }
    apply(change, tokens, sign);
    if (sign === 1) change.firstAt = Math.min(change.firstAt, at ?? 0);
  }

  flush(): void {
    if (!this.#begun) return;
    for (const { key, values, lost } of this.#quarters.values()) {
      this.#addQuarter.run(...key, ...values);
      if (lost) this.#dropQuarter.run(...key);
    }
    for (const { key, values, firstAt, lost } of this.#turns.values()) {
      this.#addTurn.run(...key, firstAt, ...values);
      if (lost) this.#dropTurn.run(...key);
    }
    this.#resume.run();
    this.drop();
  }

  drop(): void {
    this.#quarters.clear();
    this.#turns.clear();
    this.#begun = false;
  }
}

type Sums = [
  ...[responses: number, input: number, output: number, cacheRead: number, cacheWrite5m: number],
  ...[cacheWrite1h: number, reasoning: number],
];

function none(): Sums {
  return [0, 0, 0, 0, 0, 0, 0];
}

function apply(change: Change, tokens: TokenCounts, sign: 1 | -1): void {
  const { values } = change;
  if (sign === -1) change.lost = true;
  values[0] += sign;
  values[1] += sign * tokens.input;
  values[2] += sign * tokens.output;
  values[3] += sign * tokens.cacheRead;
  values[4] += sign * tokens.cacheWrite5m;
  values[5] += sign * tokens.cacheWrite1h;
  values[6] += sign * tokens.reasoning;
}
