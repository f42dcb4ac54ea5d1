import { client } from '../api/client.ts';
import { loadKey } from '../api/key-store.ts';

/** In which sign-in the daemon was told of the subscription. */
const toldIn = 'codepiper.push';

/**
 * How push messages stand in this browser. unsupported: it cannot, or the page is not served securely. denied: the
 * person said no to the browser. off, on: whether it is subscribed.
 */
export type PushDevice = 'unsupported' | 'denied' | 'off' | 'on';

/** The service worker of this page; null where there can be none. */
export async function workerRegistration(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null;
  try {
    return await navigator.serviceWorker.register('/sw.js', { scope: '/' });
  } catch {
    // A browser with site data switched off, for instance. The page goes without.
    return null;
  }
}

export async function readPushDevice(): Promise<PushDevice> {
  if (!canPush()) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  const registration = await workerRegistration();
  if (!registration) return 'unsupported';
  const subscription = await registration.pushManager.getSubscription();
  return subscription && Notification.permission === 'granted' ? 'on' : 'off';
}

/**
 * Asks the person, then the browser's push service, and tells the daemon. To be called of a click.
 *
 * @throws Error in words; CodepiperError when the daemon refuses
 */
export async function enablePush(): Promise<PushDevice> {
  if (!canPush()) throw new Error('This browser cannot be sent push messages.');
  if ((await Notification.requestPermission()) !== 'granted') return readPushDevice();
  const { status } = await client.request('GET', '/notifications/push/status');
  if (!status.enabled || status.publicKey === null) {
    throw new Error(`Push messages are not sent: ${status.reasons.join('; ')}.`);
  }
  const registration = await workerRegistration();
  if (!registration) throw new Error('The browser keeps no service worker for this page.');
  await tell(await subscribe(await activated(registration), status.publicKey));
  return 'on';
}

export async function disablePush(): Promise<PushDevice> {
  const registration = await workerRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return readPushDevice();
  await subscription.unsubscribe();
  const { endpoint } = subscription;
  await client.request('DELETE', '/notifications/push/subscriptions', { body: { endpoint } });
  return 'off';
}

/**
 * A browser that is subscribed says so again after a new sign-in: its subscription went with the old one. Where the
 * daemon does not know it in the same sign-in, a person has ended it from elsewhere.
 */
export async function keepPush(): Promise<void> {
  if ((await readPushDevice()) !== 'on') return;
  const { status } = await client.request('GET', '/notifications/push/status');
  const registration = await workerRegistration();
  const before = await registration?.pushManager.getSubscription();
  if (!registration || !before || !status.enabled || status.publicKey === null) return;
  const subscription = await subscribe(registration, status.publicKey);
  const isNew = subscription.endpoint !== before.endpoint;
  if (isNew || localStorage.getItem(toldIn) !== (await signInMark())) return tell(subscription);
  const { subscriptions } = await client.request('GET', '/notifications/push/subscriptions');
  if (subscriptions.some(({ endpoint }) => endpoint === subscription.endpoint)) return;
  await subscription.unsubscribe();
}

function canPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/** With the daemon's key of today: under another one nothing would arrive. */
async function subscribe(registration: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const { pushManager } = registration;
  const before = await pushManager.getSubscription();
  if (before && base64Url(before.options.applicationServerKey) === key) return before;
  await before?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint = '', keys = {}, expirationTime = null } = subscription.toJSON();
  const { p256dh = '', auth = '' } = keys;
  await client.request('PUT', '/notifications/push/subscriptions', {
    body: { endpoint, keys: { p256dh, auth }, expirationTime },
  });
  localStorage.setItem(toldIn, await signInMark());
}

/** Another one with each sign-in; it tells nothing of the key. */
async function signInMark(): Promise<string> {
  const bytes = new TextEncoder().encode(`push ${await loadKey()}`);
  return base64Url((await crypto.subtle.digest('SHA-256', bytes)).slice(0, 9)) ?? '';
}

async function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  return registration.active ? registration : navigator.serviceWorker.ready;
}

function base64Url(bytes: ArrayBuffer | null): string | null {
  if (!bytes) return null;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
