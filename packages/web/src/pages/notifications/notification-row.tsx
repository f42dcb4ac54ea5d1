import { notificationUrl } from '@codepiper/core/notifications/names.ts';
import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { IconButton } from '../../kit/button.tsx';
import { cx } from '../../kit/cx.ts';
import { Ago } from '../../kit/time.tsx';
import { eventLooks } from './event-looks.ts';

/** One notification: what it says, and the way to what it is about. */
export function NotificationRow({ notice, onRead }: { notice: Notice; onRead: () => void }) {
  const { icon: Icon, tone } = eventLooks[notice.eventType];
  const isUnread = notice.readAt === null;
  return (
    <li className="flex items-center border-line border-b last:border-0 hover:bg-raised">
      <Link
        to={notificationUrl(notice)}
        onClick={() => isUnread && onRead()}
        className="flex min-h-14 min-w-0 flex-1 items-start gap-3 px-4 py-3"
      >
        <Icon aria-hidden="true" className={cx('mt-0.5 size-4 shrink-0', isUnread ? tone : 'text-quiet')} />
        <span className="min-w-0 flex-1">
          <span className={cx('block text-sm', isUnread ? 'font-medium' : 'text-quiet')}>
            {isUnread && <span className="sr-only">Unread: </span>}
            {notice.title}
          </span>
          <span className="line-clamp-2 text-quiet text-sm">{notice.body}</span>
        </span>
        <span className="flex shrink-0 flex-col items-end gap-0.5 text-quiet text-xs">
          <Ago time={notice.createdAt} />
          {notice.settledAt !== null && <span>settled</span>}
        </span>
      </Link>
      <span className="w-12 shrink-0 pr-2">
        {isUnread && (
          <IconButton label={`Mark read: ${notice.title}`} onClick={onRead}>
            <Check aria-hidden="true" className="size-4" />
          </IconButton>
        )}
      </span>
    </li>
  );
}
