import { notificationTag, notificationUrl } from '@codepiper/core/notifications/names.ts';
import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { isInFront } from './looking.ts';
import { readPushDevice, workerRegistration } from './push-device.ts';
import { playSound } from './sounds.ts';

/** For so long one page has the word about a notification, in milliseconds. */
const holdMs = 5_000;

/** Tells a person who is not in this page: by a sound, and by the system where nothing is pushed to this browser. */
export async function tellOutside(notice: Notice, { isSystem }: { isSystem: boolean }): Promise<void> {
  // The daemon's other pages hear of it too; one is enough.
  if (!(await isFirst(notice.id))) return;
  await playSound(notice.sound);
  if (!isSystem || isInFront() || !('Notification' in window) || Notification.permission !== 'granted')
    return;
  if ((await readPushDevice()) === 'on') return;
  const registration = await workerRegistration();
  await registration?.showNotification(notice.title, {
    ...{ body: notice.body, tag: notificationTag(notice), icon: '/icons/icon-192.png', silent: true },
    data: { id: notice.id, url: notificationUrl(notice), approvalId: null, sessionId: notice.sessionId },
  });
}

/** Takes back what the system shows of notifications that were read. */
export async function takeBack(notices: readonly Notice[]): Promise<void> {
  const read = new Set(notices.filter(({ readAt }) => readAt !== null).map(({ id }) => id));
  if (read.size === 0 || !('Notification' in window) || Notification.permission !== 'granted') return;
  const registration = await workerRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) {
    const { id } = (shown.data ?? {}) as { id?: number };
    if (id !== undefined && read.has(id)) shown.close();
  }
}

function isFirst(id: number): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`codepiper.notification.${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise((release) => setTimeout(release, holdMs));
    });
  });
}
