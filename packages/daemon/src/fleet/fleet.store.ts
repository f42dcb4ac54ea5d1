import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/database.ts';

/** Facts with which a session comes into another status. */
const turns = [
  'session.created',
  'session.resumed',
  'session.started',
  'session.adopted',
  'session.updated',
  'session.ended',
] as const;

/** SQL about what cards show and no other room is asked for. */
export class FleetStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Since when sessions are in their status and activity; milliseconds since the epoch, by id. */
  async statusSince(sessionIds: readonly string[]): Promise<Map<string, number>> {
    const ids = JSON.stringify(sessionIds);
    // What was seen of a status may change, and the status stay.
    const { rows } = await sql<{ id: string; at: number | null }>`
      SELECT value AS id, (SELECT at FROM events WHERE session_id = value
          AND type IN (${sql.join([...turns])})
          AND NOT (type = 'session.updated'
            AND payload ->> '$.status' IS payload ->> '$.before.status'
            AND payload ->> '$.activity' IS payload ->> '$.before.activity')
        ORDER BY id DESC LIMIT 1) AS at
      FROM json_each(${ids})`.execute(this.#db);
    return new Map(rows.flatMap(({ id, at }) => (at === null ? [] : [[id, at] as const])));
  }

  /** Directories that sessions were started in, forgotten sessions included, the last used first. */
  async directories(limit: number): Promise<{ path: string; lastUsedAt: number; sessions: number }[]> {
    const rows = await this.#db
      .selectFrom('sessions')
      .select(({ fn }) => [
        'cwd as path',
        fn.max('created_at').as('lastUsedAt'),
        fn.countAll<number>().as('sessions'),
      ])
      .groupBy('cwd')
      .orderBy('lastUsedAt', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ path, lastUsedAt, sessions }) => ({ path, lastUsedAt: Number(lastUsedAt), sessions }));
  }
}
