import type { Generated } from 'kysely';

/** One text on its way into a pane. Times are milliseconds since the epoch. */
export interface DeliveryTable {
  id: string;
  session_id: string;
  run: number;
  /** Order within the session. */
  seq: number;
  kind: string;
  text: string;
  status: Generated<string>;
  idempotency_key: string | null;
  created_at: number;
  typed_at: number | null;
  settled_at: number | null;
  /** JSON of `Evidence`. */
  evidence: string | null;
  error: string | null;
}
