import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Database } from './database.ts';
import { directOf } from './dialect.ts';
import type { TxNow } from './now.ts';

/** Stands for a value that each call brings. */
class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Runs the query with these values. */
export interface CompiledOnce<Values, Row> {
  (db: Kysely<Database>, values: Values): Promise<Row[]>;
  /** The same in a transaction that waits for nothing; it is done when the call returns. */
  now(tx: TxNow, values: Values): Row[];
}

/**
 * A query that is put together and turned into SQL once; what takes Kysely longer than SQLite needs to run most of
 * ours. For those on the way of a text into its pane. Outside of transactions it goes past Kysely's turns while no
 * transaction is open: SQLite answers at once, and the turns only keep statements out of the transactions of others.
 *
 * @param build makes the query; it may hand the values on to the builder, and not look at them
 */
export function compileOnce<Values extends Record<string, unknown>, Row>(
  build: (db: Kysely<Database>, values: Values) => Compilable<Row>,
): CompiledOnce<Values, Row> {
  const places = new Proxy({} as Values, { get: (_target, name) => new Place(String(name)) });
  let compiled: CompiledQuery<Row> | null = null;
  const bind = (db: Kysely<Database>, values: Values): CompiledQuery<Row> => {
    compiled ??= build(db, places).compile();
    const parameters = compiled.parameters.map((value) =>
      value instanceof Place ? values[value.name] : value,
    );
    return { ...compiled, parameters };
  };
  const run = async (db: Kysely<Database>, values: Values): Promise<Row[]> => {
    const query = bind(db, values);
    if (!db.isTransaction) {
      const direct = directOf(db);
      if (direct.isFree) return direct.run(query.sql, query.parameters) as Row[];
    }
    return (await db.executeQuery<Row>(query)).rows;
  };
  return Object.assign(run, {
    now: (tx: TxNow, values: Values): Row[] => {
      const { sql, parameters } = bind(tx.db, values);
      return tx.run(sql, parameters) as Row[];
    },
  });
}
