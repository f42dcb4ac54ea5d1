import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { BellOff, CheckCheck, Settings } from 'lucide-react';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { wordsOf } from '../../api/words-of.ts';
import { Button, buttonClass } from '../../kit/button.tsx';
import { Select } from '../../kit/field.tsx';
import { Page } from '../../kit/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { notificationCounts } from '../../notify/queries.ts';
import { eventLooks } from './event-looks.ts';
import { NotificationRow } from './notification-row.tsx';
import { type NotificationSearch, notificationList, readOne } from './notifications-query.ts';

/** What a person was told of, newest first. */
export function NotificationsPage() {
  const search = useSearch({ strict: false }) as NotificationSearch;
  const list = useInfiniteQuery(notificationList(search));
  const { data: counts } = useQuery(notificationCounts);
  const readAll = useMutation({
    mutationFn: () => client.request('POST', '/notifications/read', { body: {} }),
    onError: (error) => toast.error(wordsOf(error)),
  });
  const notices = list.data?.pages.flatMap(({ notifications }) => notifications) ?? [];
  const unread = counts?.totalUnread ?? 0;
  return (
    <Page
      title="Notifications"
      actions={
        <>
          <Button
            size="small"
            disabled={unread === 0}
            isBusy={readAll.isPending}
            onClick={() => readAll.mutate()}
          >
            <CheckCheck aria-hidden="true" className="size-4" />
            Mark all read
          </Button>
          <Link
            to="/settings"
            search={{ section: 'notifications' }}
            aria-label="Settings of notifications"
            className={buttonClass('quiet', 'small')}
          >
            <Settings aria-hidden="true" className="size-4" />
          </Link>
        </>
      }
    >
      <div className="mx-auto flex max-w-3xl flex-col gap-3">
        <Filters search={search} unread={unread} />
        {list.isPending ? (
          <SkeletonRows />
        ) : list.error ? (
          <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        ) : notices.length === 0 ? (
          <Nothing search={search} />
        ) : (
          <ul aria-label="Notifications" className="overflow-hidden rounded-lg border border-line bg-panel">
            {notices.map((notice) => (
              <NotificationRow key={notice.id} notice={notice} onRead={() => void readOne(notice.id)} />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button
            className="self-center"
            isBusy={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show older
          </Button>
        )}
      </div>
    </Page>
  );
}

function Filters({ search, unread }: { search: NotificationSearch; unread: number }) {
  const navigate = useNavigate();
  const go = (next: NotificationSearch) =>
    void navigate({ to: '/notifications', search: next, replace: true });
  const { event, unread: isUnread, ...rest } = search;
  const ofEvent = event === undefined ? {} : { event };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <fieldset className="flex gap-1">
        <legend className="sr-only">Which are shown</legend>
        <Button
          size="small"
          tone={isUnread ? 'quiet' : 'plain'}
          aria-pressed={!isUnread}
          onClick={() => go({ ...rest, ...ofEvent })}
        >
          All
        </Button>
        <Button
          size="small"
          tone={isUnread ? 'plain' : 'quiet'}
          aria-pressed={Boolean(isUnread)}
          onClick={() => go({ ...rest, ...ofEvent, unread: true })}
        >
          Unread
          <span className="text-quiet tabular-nums">{unread}</span>
        </Button>
      </fieldset>
      <Select
        aria-label="Event"
        className="w-48"
        value={event ?? ''}
        onChange={({ target }) =>
          go({
            ...rest,
            ...(isUnread ? { unread: true } : {}),
            ...(target.value === '' ? {} : { event: target.value as NotificationEvent }),
          })
        }
      >
        <option value="">Every event</option>
        {Object.entries(eventLooks).map(([value, { word }]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Nothing({ search }: { search: NotificationSearch }) {
  const isFiltered = search.unread || search.event !== undefined;
  return (
    <EmptyState
      icon={<BellOff aria-hidden="true" className="size-6" />}
      title={isFiltered ? 'Nothing like that' : 'Nothing yet'}
      action={
        isFiltered ? (
          <Link to="/notifications" search={{}} className="text-accent text-sm hover:underline">
            Show all
          </Link>
        ) : (
          <Link
            to="/settings"
            search={{ section: 'notifications' }}
            className="text-accent text-sm hover:underline"
          >
            Choose what you are told of
          </Link>
        )
      }
    >
      {isFiltered
        ? 'No notification is of this kind.'
        : 'When an agent needs you, is done or crashes, it is told here: also on this device, if you like.'}
    </EmptyState>
  );
}
