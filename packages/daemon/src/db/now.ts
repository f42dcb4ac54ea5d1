import type { Kysely } from 'kysely';
import type { Database } from './database.ts';
import { type DirectConnection, directOf } from './dialect.ts';

/** A transaction in which nothing is awaited; what rooms hand on to queries that were compiled once. */
export class TxNow {
  /** To build queries with; what is run on it is not part of this transaction. */
  readonly db: Kysely<Database>;
  #direct: DirectConnection | null;

  constructor(db: Kysely<Database>, direct: DirectConnection) {
    this.db = db;
    this.#direct = direct;
  }

  run(sql: string, parameters: readonly unknown[]): unknown[] {
    if (!this.#direct) throw new Error('the transaction is over');
    return this.#direct.run(sql, parameters);
  }

  /** From here on nothing can be run in it. */
  end(): void {
    this.#direct = null;
  }
}

/**
 * Runs the work in one transaction, with the write lock from its beginning; what is thrown undoes it. All of it is
 * done before this returns, unless another transaction is open: then the work has its turn behind that, as every
 * other that waits.
 */
export function transactNow<T>(db: Kysely<Database>, work: (tx: TxNow) => T): T | Promise<T> {
  const direct = directOf(db);
  const transact = (): T => {
    const tx = new TxNow(db, direct);
    try {
      return direct.transaction(() => work(tx));
    } finally {
      tx.end();
    }
  };
  return direct.isFree ? transact() : db.connection().execute(async () => transact());
}
