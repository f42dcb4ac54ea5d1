import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { expect, it } from 'vitest';
import { newsOf } from './news-of.ts';

const now = Date.parse('2026-11-21T12:00:00.000Z');

function notice(id: number, change: Partial<Notice> = {}): Notice {
  return {
    ...{ id, sessionId: 'a', sessionName: null, eventType: 'session.crashed', approvalId: null },
    ...{ title: 'a has crashed', body: '', sound: 'alarm', createdAt: new Date(now - 1000).toISOString() },
    ...{ readAt: null, readSource: null, settledAt: null },
    ...change,
  };
}

it('tells of what was made since, is unread and not old, the oldest first', () => {
  const old = new Date(now - 61_000).toISOString();
  const notices = [
    notice(6),
    notice(5, { readAt: new Date(now).toISOString() }),
    notice(4, { createdAt: old }),
    notice(3),
    notice(2),
  ];
  expect(newsOf(notices, 2, now).map(({ id }) => id)).toEqual([3, 6]);
});
