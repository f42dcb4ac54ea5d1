import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { wordsOf } from '../../api/words-of.ts';

/** Which are shown; in the address. */
export interface NotificationSearch {
  unread?: true;
  event?: NotificationEvent;
  /** Of one session. */
  session?: string;
}

const pageSize = 50;

export const notificationList = ({ unread, event, session }: NotificationSearch) =>
  infiniteQueryOptions({
    queryKey: ['notifications', 'list', { unread, event, session }],
    queryFn: ({ signal, pageParam }) =>
      client.request('GET', '/notifications', {
        query: {
          limit: pageSize,
          ...(unread ? { unreadOnly: 'true' as const } : {}),
          ...(event === undefined ? {} : { eventType: event }),
          ...(session === undefined ? {} : { sessionId: session }),
          ...(pageParam === null ? {} : { before: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ notifications, hasMore }) => (hasMore ? (notifications.at(-1)?.id ?? null) : null),
  });

/** It was read; the feed says so to every page. */
export async function readOne(id: number): Promise<void> {
  try {
    await client.request('POST', '/notifications/:id/read', { params: { id: String(id) }, body: {} });
  } catch (error) {
    toast.error(wordsOf(error));
  }
}
