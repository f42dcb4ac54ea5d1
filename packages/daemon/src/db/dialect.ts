import type Sqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';

/** Kysely's SQLite dialect with the transactions we rely on. */
export class HouseDialect extends SqliteDialect {
  readonly #sqlite: Sqlite.Database;
  readonly #prepared: SqliteDatabase;

  constructor(sqlite: Sqlite.Database) {
    const prepared = preparedOnce(sqlite);
    super({ database: prepared });
    this.#sqlite = sqlite;
    this.#prepared = prepared;
  }

  override createDriver(): Driver {
    return new HouseDriver(this.#sqlite, this.#prepared);
  }

  override createAdapter(): SqliteAdapter {
    return new HouseAdapter(new DirectConnection(this.#sqlite, this.#prepared));
  }
}

class HouseAdapter extends SqliteAdapter {
  readonly direct: DirectConnection;

  constructor(direct: DirectConnection) {
    super();
    this.direct = direct;
  }

  /** SQLite rolls back CREATE and ALTER as well; told so, the migrator runs in one transaction. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class HouseDriver extends SqliteDriver {
  readonly #sqlite: Sqlite.Database;

  constructor(sqlite: Sqlite.Database, prepared: SqliteDatabase) {
    super({ database: prepared });
    this.#sqlite = sqlite;
  }

  /** Takes the write lock at once: a database locked by another program fails here, with nothing done yet. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** After a full disk SQLite has rolled back by itself; a second rollback would hide the reason. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#sqlite.inTransaction) await super.rollbackTransaction(connection);
  }
}

/**
 * The connection Kysely uses, for statements that cannot wait for Kysely's turns. SQLite itself never waits: what is
 * run here is done when the call returns. A transaction of somebody else must not be open then, or the statement
 * would become part of it: ask `isFree` first, with nothing awaited in between.
 */
export class DirectConnection {
  readonly #sqlite: Sqlite.Database;
  readonly #prepared: SqliteDatabase;

  constructor(sqlite: Sqlite.Database, prepared: SqliteDatabase) {
    this.#sqlite = sqlite;
    this.#prepared = prepared;
  }

  /** SQLite's own word on whether no transaction is open. */
  get isFree(): boolean {
    return this.#sqlite.open && !this.#sqlite.inTransaction;
  }

  /** Rows the statement gives; none of a statement that gives none. */
  run(sql: string, parameters: readonly unknown[]): unknown[] {
    const statement = this.#prepared.prepare(sql);
    if (statement.reader) return statement.all(parameters);
    statement.run(parameters);
    return [];
  }

  /** Runs the work between BEGIN and COMMIT, with the write lock from the beginning; undone when it throws. */
  transaction<T>(work: () => T): T {
    if (!this.isFree) throw new Error('a transaction is open already');
    this.run('begin immediate', []);
    try {
      const result = work();
      this.run('commit', []);
      return result;
    } catch (error) {
      // After a full disk SQLite has rolled back by itself.
      if (this.#sqlite.inTransaction) this.run('rollback', []);
      throw error;
    }
  }
}

/** The connection behind a database opened here. */
export function directOf<Schema>(db: Kysely<Schema>): DirectConnection {
  const { adapter } = db.getExecutor();
  if (adapter instanceof HouseAdapter) return adapter.direct;
  throw new Error('this database was not opened with the dialect of the house');
}

/** More than the daemon has queries: a safeguard against text that is put together anew each time. */
const maxStatements = 500;

/** Keeps prepared statements by their text: preparing takes longer than most of our queries. */
function preparedOnce(sqlite: Sqlite.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const known = statements.get(sql);
      if (known) return known;
      const statement = sqlite.prepare(sql);
      if (statements.size >= maxStatements) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
    close: () => void sqlite.close(),
  };
}
