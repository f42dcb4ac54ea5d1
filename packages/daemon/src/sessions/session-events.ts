import type { Tx } from '../db/database.ts';
import type { EmitEvent, NewEvent } from '../events/ledger.ts';
import type { SessionRecord } from './session-record.ts';

/** Runs in the transaction that stores the session, so that both are there or neither. */
export type Alongside = (tx: Tx, emit: EmitEvent, record: SessionRecord) => Promise<void>;

/** A fact about one session. */
export function sessionEvent(
  record: { id: string },
  type: string,
  payload: Record<string, unknown>,
): NewEvent {
  return { sessionId: record.id, source: 'session', type, payload };
}
