import type { EventSource } from '@codepiper/core/events/event.ts';
import type { ColumnType, Generated } from 'kysely';

/** One fact as stored. Rows are never changed. */
export interface EventTable {
  id: Generated<number>;
  session_id: string | null;
  /** Milliseconds since the epoch. */
  at: number;
  source: EventSource;
  type: string;
  /** JSON object. */
  payload: ColumnType<string, string, never>;
  /** Unique name of what the fact was read from, where the same may be read twice. */
  origin: ColumnType<string | null, string | null | undefined, never>;
}
