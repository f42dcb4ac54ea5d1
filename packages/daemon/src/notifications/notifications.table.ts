import type { ColumnType, Generated } from 'kysely';

/** One notification as stored. Times are milliseconds since the epoch. */
export interface NotificationTable {
  id: Generated<number>;
  session_id: string;
  event_type: string;
  /** The event of the ledger it was made of: one each. */
  source_event: ColumnType<number, number, never>;
  approval_id: string | null;
  title: string;
  body: string;
  sound: string;
  created_at: number;
  read_at: number | null;
  read_source: string | null;
  /** When nothing waited any more. */
  settled_at: number | null;
}

/** One row: up to where the ledger was read. */
export interface NotificationPlaceTable {
  id: number;
  event_id: number;
}

/** What a person said about one session; no row where they did not. */
export interface NotificationPrefsTable {
  session_id: string;
  enabled: number;
}

/** A browser that is sent notifications. Times are milliseconds since the epoch. */
export interface PushSubscriptionTable {
  id: string;
  endpoint: string;
  /** The browser's public key, Base64URL. */
  p256dh: string;
  /** What it shares with us, Base64URL. */
  auth: string;
  device: string;
  /** The sign-in that made it; null when it came over the Unix socket. */
  web_session: string | null;
  created_at: number;
  expires_at: number | null;
  sent_at: number | null;
  last_error: string | null;
}

/** What one browser should show under one tag. Times are milliseconds since the epoch. */
export interface PushMessageTable {
  id: Generated<number>;
  subscription_id: string;
  tag: string;
  notification_id: number | null;
  /** `show` or `close`. */
  kind: string;
  /** Another one with each change: who sends learns that what was sent is outdated. */
  revision: number;
  /** How often it was begun to be sent. */
  attempts: number;
  due_at: number;
  /** From then on it is not worth sending. */
  expires_at: number;
  sent_at: number | null;
}
