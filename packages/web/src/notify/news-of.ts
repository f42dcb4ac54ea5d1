import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';

/** What is older when it is heard of is not told of any more, in milliseconds. */
const freshMs = 60_000;

/** Which of these are news: made since the last that was known, unread, and not long ago. Oldest first. */
export function newsOf(notices: readonly Notice[], lastKnown: number, now: number): Notice[] {
  return notices
    .filter(
      ({ id, readAt, createdAt }) =>
        id > lastKnown && readAt === null && now - Date.parse(createdAt) < freshMs,
    )
    .sort((one, other) => one.id - other.id);
}
