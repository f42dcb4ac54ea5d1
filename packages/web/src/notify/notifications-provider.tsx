import { notificationUrl } from '@codepiper/core/notifications/names.ts';
import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { queryClient } from '../api/query.ts';
import { isInFront, lookAt } from './looking.ts';
import { takeBack, tellOutside } from './news.ts';
import { newsOf } from './news-of.ts';
import { keepPush, workerRegistration } from './push-device.ts';
import { pushStatus, recentNotifications } from './queries.ts';

export interface NotificationsProviderProps {
  /** Id of the session that the page shows; null when it shows none. */
  sessionId: string | null;
  /** Whether the page shows already what a notification says. */
  shows: (notice: Notice) => boolean;
  /** Goes to a path of the dashboard without loading it anew. */
  navigate: (path: string) => void;
  children: ReactNode;
}

const toastMs = 8_000;

/**
 * Around the page of somebody who is signed in: tells of what happens elsewhere by a toast, a sound and the system, and
 * tells the daemon which session somebody looks at.
 */
export function NotificationsProvider({ sessionId, shows, navigate, children }: NotificationsProviderProps) {
  const { data: notices } = useQuery(recentNotifications);
  const { data: status } = useQuery(pushStatus);
  const lastKnown = useRef<number | null>(null);
  const shown = useRef({ shows, navigate, isSystem: false });
  shown.current = { shows, navigate, isSystem: status?.system ?? false };

  useEffect(() => {
    if (sessionId !== null) return lookAt(sessionId);
    return undefined;
  }, [sessionId]);

  useEffect(() => {
    if (!notices) return;
    void takeBack(notices);
    const known = lastKnown.current;
    lastKnown.current = Math.max(known ?? 0, ...notices.map(({ id }) => id));
    // What was there before the page is in its list.
    if (known === null) return;
    for (const notice of newsOf(notices, known, Date.now())) announce(notice, shown.current);
  }, [notices]);

  useEffect(() => {
    void workerRegistration()
      .then(keepPush)
      .catch(() => undefined);
    if (!('serviceWorker' in navigator)) return undefined;
    const onMessage = ({ data }: MessageEvent<{ type?: string; url?: string }>) => {
      // The worker had a message that the page may not have heard of yet.
      if (data.type === 'notification') void queryClient.invalidateQueries(recentNotifications);
      if (data.type === 'open' && data.url?.startsWith('/')) shown.current.navigate(data.url);
    };
    navigator.serviceWorker.addEventListener('message', onMessage);
    return () => navigator.serviceWorker.removeEventListener('message', onMessage);
  }, []);

  return children;
}

interface Around extends Pick<NotificationsProviderProps, 'shows' | 'navigate'> {
  isSystem: boolean;
}

function announce(notice: Notice, { shows, navigate, isSystem }: Around): void {
  const isShown = shows(notice);
  // Whoever looks at it needs no word about it.
  if (isShown && isInFront()) return;
  void tellOutside(notice, { isSystem });
  if (isShown || document.visibilityState !== 'visible') return;
  const id = `notification-${notice.id}`;
  toast(notice.title, {
    id,
    description: notice.body,
    duration: toastMs,
    action: { label: 'Open', onClick: () => navigate(notificationUrl(notice)) },
  });
  // It stays while it is pointed at; where the last touch was counts as that, for ever.
  if (matchMedia('(hover: none)').matches) setTimeout(() => toast.dismiss(id), toastMs);
}
