import { queryOptions } from '@tanstack/react-query';
import { client } from '../api/client.ts';

/** The newest notifications, read or not. */
export const recentNotifications = queryOptions({
  queryKey: ['notifications', 'recent'],
  queryFn: async ({ signal }) =>
    (await client.request('GET', '/notifications', { query: { limit: 20 }, signal })).notifications,
});

/** How many are unread, in all and by session. */
export const notificationCounts = queryOptions({
  queryKey: ['notifications', 'counts'],
  queryFn: async ({ signal }) => (await client.request('GET', '/notifications/counts', { signal })).counts,
});

/** Whether push messages are sent, and whether devices are to be told at all. Settings change it. */
export const pushStatus = queryOptions({
  queryKey: ['settings', 'push-status'],
  queryFn: async ({ signal }) =>
    (await client.request('GET', '/notifications/push/status', { signal })).status,
});

/** Browsers that are sent push messages. */
export const pushSubscriptions = queryOptions({
  queryKey: ['auth', 'push-subscriptions'],
  queryFn: async ({ signal }) =>
    (await client.request('GET', '/notifications/push/subscriptions', { signal })).subscriptions,
});

/** What a person said about one session. */
export const sessionPref = (id: string) =>
  queryOptions({
    queryKey: ['notifications', 'pref', id],
    queryFn: async ({ signal }) =>
      client.request('GET', '/sessions/:id/notifications/prefs', { params: { id }, signal }),
  });
