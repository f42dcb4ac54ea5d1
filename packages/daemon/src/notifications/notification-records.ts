import type { NotificationEvent, NotificationSound } from '@codepiper/core/notifications/names.ts';
import {
  type Notification,
  notificationEventSchema,
  notificationSoundSchema,
} from '@codepiper/core/notifications/notification.ts';
import type { NotificationTable } from './notifications.table.ts';

/** One notification as the daemon thinks of it. Times are milliseconds since the epoch. */
export interface NotificationRecord {
  id: number;
  sessionId: string;
  sessionName: string | null;
  eventType: NotificationEvent;
  sourceEvent: number;
  approvalId: string | null;
  title: string;
  body: string;
  sound: NotificationSound;
  createdAt: number;
  readAt: number | null;
  readSource: string | null;
  settledAt: number | null;
}

/** What of a record is written at first. */
export type NewNotification = Omit<NotificationRecord, 'id' | 'sessionName' | 'settledAt'>;

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/** The one place where a record becomes what clients see. */
export function presentNotification({ sourceEvent: _event, ...record }: NotificationRecord): Notification {
  return {
    ...record,
    createdAt: new Date(record.createdAt).toISOString(),
    readAt: iso(record.readAt),
    settledAt: iso(record.settledAt),
  };
}

/** As it is read, with its session's name of now. */
type Row = Omit<NotificationTable, 'id' | 'source_event'> & {
  id: number;
  source_event: number;
  session_name: string | null;
};

export function toNotification(row: Row): NotificationRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    sessionName: row.session_name,
    eventType: notificationEventSchema.parse(row.event_type),
    sourceEvent: row.source_event,
    approvalId: row.approval_id,
    title: row.title,
    body: row.body,
    sound: notificationSoundSchema.catch('none').parse(row.sound),
    createdAt: row.created_at,
    readAt: row.read_at,
    readSource: row.read_source,
    settledAt: row.settled_at,
  };
}
