import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { sessionQuery } from '../api/queries.ts';
import { NotificationsProvider } from './notifications-provider.tsx';

const needs: readonly NotificationEvent[] = ['session.permission_required', 'session.input_required'];

/** The provider with what the address says: which session is shown, and what else is. */
export function Notifying({ children }: { children: ReactNode }) {
  const router = useRouter();
  // It may be named by its name.
  const { session: ref = null } = useParams({ strict: false });
  const { data: session } = useQuery({ ...sessionQuery(ref ?? ''), enabled: ref !== null });
  const sessionId = ref === null ? null : (session?.id ?? null);
  return (
    <NotificationsProvider
      sessionId={sessionId}
      shows={(notice) => {
        const { pathname } = router.state.location;
        if (notice.sessionId === sessionId || pathname === '/notifications') return true;
        if (notice.approvalId !== null && pathname.startsWith('/approvals')) return true;
        // The fleet puts those that need somebody first, with the answer.
        return pathname === '/' && needs.includes(notice.eventType);
      }}
      navigate={(path) => void router.navigate({ href: path })}
    >
      {children}
    </NotificationsProvider>
  );
}
