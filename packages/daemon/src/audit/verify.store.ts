import { type DatabaseReader, openReader } from '../db/reader.ts';
import { hashedColumns } from './chain.ts';
import type { Checkpoint } from './checkpoints.ts';

/** Place of a column in the rows of `entries`; behind them is the hash. */
export const columnOf = (name: (typeof hashedColumns)[number]): number => hashedColumns.indexOf(name);

/** The trail in a database file, for reading. */
export class TrailReader implements Disposable {
  readonly #reader: DatabaseReader;

  /** @throws Error when it cannot be opened or is no database */
  constructor(path: string) {
    this.#reader = openReader(path);
  }

  /** Whether the database is of a codepiper that keeps a trail. */
  get isThere(): boolean {
    return this.#reader.has('decisions') && this.#reader.has('audit_checkpoints');
  }

  count(): number {
    return this.#reader.all<{ count: number }>('SELECT count(*) AS count FROM decisions')[0]?.count ?? 0;
  }

  /** Every row in its order: the hashed columns, then the hash. */
  entries(): IterableIterator<unknown[]> {
    const columns = hashedColumns.map((name) => `"${name}"`).join(', ');
    return this.#reader.stream(`SELECT ${columns}, "hash" FROM decisions ORDER BY seq`);
  }

  checkpoints(): Checkpoint[] {
    return this.#reader.all<Checkpoint>(
      'SELECT seq, hash, at, signature FROM audit_checkpoints ORDER BY seq',
    );
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
