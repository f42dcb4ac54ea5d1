import type { PushPayload } from '@codepiper/core/notifications/notification.ts';
import { call } from './call.ts';
import {
  type NotificationClickEvent,
  type PushEvent,
  type ShowOptions,
  type SubscriptionChangeEvent,
  type WindowClient,
  worker,
} from './scope.ts';
import { serveShell, tidyCaches } from './shell-cache.ts';

/**
 * The service worker: shows push messages, answers approvals from them, and keeps the page's own files. It is one
 * script without state: the browser ends it whenever nothing happens.
 */
type Shown = Extract<PushPayload, { type: 'show' }>;

/** What a shown notification carries. */
type Carried = Pick<Shown, 'id' | 'url' | 'approvalId' | 'sessionId'>;

const icon = '/icons/icon-192.png';

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) =>
  event.waitUntil(tidyCaches().then(() => worker.clients.claim())),
);
worker.addEventListener('fetch', serveShell);
worker.addEventListener('push', (event) => event.waitUntil(onPush(event)));
worker.addEventListener('notificationclick', (event) => event.waitUntil(onClick(event)));
worker.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(onSubscriptionChange(event)));

async function onPush({ data }: PushEvent): Promise<void> {
  const payload = read(data?.text() ?? '');
  if (payload?.type === 'close') return closeAll(payload.tag);
  if (payload) return show(payload);
  // A browser may take it amiss when nothing is shown for a message.
  await worker.registration.showNotification('codepiper', {
    body: 'Something happened.',
    tag: 'codepiper',
    icon,
  });
}

function read(text: string): PushPayload | null {
  try {
    return JSON.parse(text) as PushPayload;
  } catch {
    return null;
  }
}

async function show(payload: Shown): Promise<void> {
  const front = (await windows()).find((page) => page.focused && page.visibilityState === 'visible');
  // Whoever is in the page is told there.
  if (front && payload.kind !== 'test' && mayBeSilent()) {
    front.postMessage({ type: 'notification', id: payload.id });
    return;
  }
  const { title, body, tag, approvalId, sound } = payload;
  const carried: Carried = {
    ...{ id: payload.id, url: payload.url, approvalId, sessionId: payload.sessionId },
  };
  const isAsking =
    payload.kind === 'session.permission_required' || payload.kind === 'session.input_required';
  const options: ShowOptions = {
    ...{ body, tag, icon, badge: icon, data: carried, renotify: true },
    silent: sound === 'none',
    requireInteraction: isAsking,
    actions:
      approvalId === null
        ? []
        : [
            { action: 'approve', title: 'Approve' },
            { action: 'deny', title: 'Deny' },
          ],
  };
  await worker.registration.showNotification(title, options);
}

/** WebKit takes the right to send from whoever shows nothing for a message. */
function mayBeSilent(): boolean {
  const { userAgent } = worker.navigator;
  return !userAgent.includes('AppleWebKit') || userAgent.includes('Chrome');
}

async function closeAll(tag: string): Promise<void> {
  for (const shown of await worker.registration.getNotifications({ tag })) shown.close();
}

async function onClick({ action, notification }: NotificationClickEvent): Promise<void> {
  notification.close();
  const carried = (notification.data ?? {}) as Partial<Carried>;
  const { approvalId, url = '/' } = carried;
  if ((action === 'approve' || action === 'deny') && approvalId) {
    return answer(action, approvalId, notification, carried);
  }
  // Under way before the page is there, which reads it by being looked at. Opening waits for nothing: a browser allows
  // it for a moment after the click.
  const reading = carried.id
    ? call('POST', `/notifications/${carried.id}/read`, { readSource: 'click' })
    : undefined;
  await open(url);
  await reading;
}

async function answer(
  action: 'approve' | 'deny',
  approvalId: string,
  notification: Notification,
  carried: Partial<Carried>,
): Promise<void> {
  const result = await call(
    'POST',
    `/approvals/${approvalId}/${action}`,
    action === 'approve' ? { grant: 'once' } : {},
  );
  if (result.kind === 'done') return;
  const isOver = result.kind === 'refused' && result.code === 'approval_settled';
  const why =
    result.kind === 'unreachable'
      ? 'The daemon cannot be reached.'
      : result.status === 401
        ? 'This device is not signed in any more.'
        : result.message;
  const options: ShowOptions = {
    ...{ body: isOver ? why : `${why} Open it to answer.`, tag: notification.tag, icon, badge: icon },
    ...{ data: carried, silent: isOver },
  };
  await worker.registration.showNotification(isOver ? 'Answered already' : 'Not answered', options);
}

/** The page at a path: one that is open already, rather than another. */
async function open(url: string): Promise<void> {
  const pages = await windows();
  const there = pages.find((page) => new URL(page.url).pathname === url);
  const page = there ?? pages[0];
  if (!page) {
    await worker.clients.openWindow(url);
    return;
  }
  // The page goes there by itself: to load it anew would lose what was typed.
  if (!there) page.postMessage({ type: 'open', url });
  // Where the browser does not allow it the page is at the right place at least.
  await page.focus().catch(() => undefined);
}

async function windows(): Promise<WindowClient[]> {
  return worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

/** The browser has another address for us: the daemon is told. */
async function onSubscriptionChange({
  oldSubscription,
  newSubscription,
}: SubscriptionChangeEvent): Promise<void> {
  const subscription = newSubscription ?? (await subscribeAnew(oldSubscription ?? null));
  if (!subscription) return;
  const { endpoint, keys, expirationTime } = subscription.toJSON();
  await call('PUT', '/notifications/push/subscriptions', {
    ...{ endpoint, keys, expirationTime: expirationTime ?? null },
    ...(oldSubscription ? { replaces: oldSubscription.endpoint } : {}),
  });
}

async function subscribeAnew(before: PushSubscription | null): Promise<PushSubscription | null> {
  const key = before?.options.applicationServerKey ?? (await publicKey());
  if (!key) return null;
  return worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function publicKey(): Promise<string | null> {
  const result = await call('GET', '/notifications/push/status');
  if (result.kind !== 'done') return null;
  return (result.body as { status: { publicKey: string | null } }).status.publicKey;
}
