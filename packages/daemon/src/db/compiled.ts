import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Database } from './database.ts';

/** Stands for a value that each call brings. */
class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query that is put together and turned into SQL once; what takes Kysely longer than SQLite needs to run most of
 * ours. For those on the way of a text into its pane.
 *
 * @param build makes the query; it may hand the values on to the builder, and not look at them
 * @returns runs the query with these values
 */
export function compileOnce<Values extends Record<string, unknown>, Row>(
  build: (db: Kysely<Database>, values: Values) => Compilable<Row>,
): (db: Kysely<Database>, values: Values) => Promise<Row[]> {
  const places = new Proxy({} as Values, { get: (_target, name) => new Place(String(name)) });
  let compiled: CompiledQuery<Row> | null = null;
  return async (db, values) => {
    compiled ??= build(db, places).compile();
    const parameters = compiled.parameters.map((value) =>
      value instanceof Place ? values[value.name] : value,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}
