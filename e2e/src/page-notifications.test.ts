import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { PushService } from '@codepiper/testkit/push/push-service.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let at: DashboardHouse;
let browser: Browser;
let page: Page;
let complaints: string[];
beforeAll(async () => {
  [at, browser] = await Promise.all([createDashboard(), launchBrowser()]);
  ({ page, complaints } = await at.open(browser, '/notifications'));
});
afterAll(async () => {
  await browser?.close();
  await at[Symbol.asyncDispose]();
});

/** A program that ends as nobody asked for. */
async function crash(name: string): Promise<string> {
  const { id } = await at.house.create({ provider: 'shell', name, args: ['sh', '-c', 'exit 3'] });
  await at.house.until(id, 'crashed', ({ status }) => status === 'crashed');
  return id;
}

async function notices(sessionId: string): Promise<Notice[]> {
  return (await at.owner.get(`/notifications?sessionId=${sessionId}`)).body.notifications;
}

const rows = () => page.getByRole('list', { name: 'Notifications' }).getByRole('listitem');

/** Stands for the browser's push service, in the page; it keeps what it gave out in the storage of the page. */
function fakePushManager(given: { endpoint: string; keys: { p256dh: string; auth: string } }): void {
  const bytesOf = (text: string) => {
    const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0)).buffer;
  };
  const subscription = () => {
    const key = localStorage.getItem('fake-push');
    if (key === null) return null;
    return {
      ...{ endpoint: given.endpoint, options: { applicationServerKey: bytesOf(key) } },
      toJSON: () => ({ ...given, expirationTime: null }),
      unsubscribe: async () => localStorage.removeItem('fake-push'),
    };
  };
  const manager = {
    getSubscription: async () => subscription(),
    subscribe: async ({ applicationServerKey }: { applicationServerKey: string }) => {
      localStorage.setItem('fake-push', applicationServerKey);
      return subscription();
    },
  };
  Object.defineProperty(ServiceWorkerRegistration.prototype, 'pushManager', { get: () => manager });
}

describe('the page', () => {
  it('says that there is nothing, and what to do', async () => {
    await page.getByText('Nothing yet').waitFor();
    await page.getByRole('link', { name: 'Choose what you are told of' }).waitFor();
    await expectAccessible(page);
  });

  it('shows what happens as it happens; it is read one by one and all at once', async () => {
    const [one, two] = [await crash('first'), await crash('second')];
    await page.getByText('second has crashed').first().waitFor();
    await waitFor('both rows', async () => (await rows().count()) === 2);
    // The list says it: no toast does.
    expect(await page.locator('[data-sonner-toast]').count()).toBe(0);
    await page.getByRole('button', { name: 'Mark read: first has crashed' }).click();
    await waitFor('it to be read', async () => (await notices(one))[0]?.readSource === 'click');
    await page.getByRole('button', { name: /^Unread/ }).click();
    await waitFor('one row', async () => (await rows().count()) === 1);
    await waitFor('the address', () => new URL(page.url()).search === '?unread=true');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Mark all read' }).click();
    await page.getByText('Nothing like that').waitFor();
    await waitFor('the other to be read', async () => (await notices(two))[0]?.readSource === 'bulk');
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('combobox', { name: 'Event' }).selectOption('Done');
    await page.getByText('Nothing like that').waitFor();
    await page.getByRole('link', { name: 'Show all' }).click();
    await waitFor('both rows', async () => (await rows().count()) === 2);
  });

  it('leads to what it is about, and reads it by that', async () => {
    const id = await crash('third');
    await rows().filter({ hasText: 'third has crashed' }).getByRole('link').click();
    await page.waitForURL((url) => url.pathname === `/sessions/${id}`);
    await waitFor('it to be read', async () => typeof (await notices(id))[0]?.readAt === 'string');
  });

  it('is silent about a session while somebody looks at it', async () => {
    const { id } = await at.house.create({
      ...{ provider: 'shell', name: 'watched', args: ['sh', '-c', 'read line; exit 3'] },
    });
    await at.house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    const looked = page.waitForResponse(
      (reply) =>
        reply.url().endsWith('/api/notifications/looking') &&
        reply.request().postData()?.includes(id) === true,
    );
    await page.goto(`${at.url}/sessions/${id}`);
    expect((await looked).status()).toBe(200);
    await at.owner.post(`/sessions/${id}/keys`, { keys: ['Enter'] });
    const notice = await waitFor('the notification', async () => (await notices(id))[0]);
    expect(notice).toMatchObject({ eventType: 'session.crashed', readSource: 'looking' });
    // Of another session it is told there too.
    await crash('elsewhere');
    await page.locator('[data-sonner-toast]').getByText('elsewhere has crashed').waitFor();
    expect(await page.locator('[data-sonner-toast]').getByText('watched has crashed').count()).toBe(0);
  });

  it('lets a session have its own say', async () => {
    const { id } = await at.house.create({
      provider: 'shell',
      name: 'quiet',
      args: ['sh', '-c', 'read line; exit 3'],
    });
    await at.house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    await page.goto(`${at.url}/sessions/${id}`);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Notifications…' }).click();
    const choice = page.getByRole('combobox', { name: 'You are told of' });
    await choice.selectOption('Nothing');
    const pref = async () => (await at.owner.get(`/sessions/${id}/notifications/prefs`)).body.enabled;
    await waitFor('it to be stored', async () => (await pref()) === false);
    await expectAccessible(page);
    await at.owner.post(`/sessions/${id}/keys`, { keys: ['Enter'] });
    await at.house.until(id, 'crashed', ({ status }) => status === 'crashed');
    // Its crash would have been told before this one.
    const other = await crash('after');
    await waitFor('the other', async () => (await notices(other)).length === 1);
    expect(await notices(id)).toEqual([]);
  });

  it('shows the devices that have push messages, sends a test, and ends it for one', async () => {
    await using service = await PushService.open();
    const { id, endpoint, keys } = service.subscribe();
    const gone = service.subscribe();
    for (const body of [
      { endpoint, keys },
      { endpoint: gone.endpoint, keys: gone.keys },
    ]) {
      await at.owner.call('/api/notifications/push/subscriptions', { method: 'PUT', body });
    }
    await page.goto(`${at.url}/settings?section=notifications`);
    const devices = page.getByRole('list', { name: 'Devices with push messages' }).getByRole('listitem');
    await waitFor('both devices', async () => (await devices.count()) === 2);
    await expectAccessible(page);
    service.forget(gone.id);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('takes no messages any more; it was removed').waitFor();
    await waitFor('one device', async () => (await devices.count()) === 1);
    expect(service.messages(id)).toMatchObject([{ kind: 'test', title: 'codepiper' }]);
    await page.getByRole('button', { name: /^Send no more to/ }).click();
    await waitFor('none', async () => (await devices.count()) === 0);
    expect((await at.owner.get('/notifications/push/subscriptions')).body.subscriptions).toEqual([]);
  });

  it('subscribes this browser, stays so over a new sign-in, and ends when a person ended it elsewhere', async () => {
    await using service = await PushService.open();
    const { endpoint, keys } = service.subscribe();
    await page.context().grantPermissions(['notifications']);
    // No push service can be reached from here: the browser's own part is played, the rest is real.
    await page.addInitScript(fakePushManager, { endpoint, keys });
    const known = async () => {
      const { subscriptions } = (await at.owner.get('/notifications/push/subscriptions')).body;
      return (subscriptions as { endpoint: string }[]).map((each) => each.endpoint);
    };
    const forget = () =>
      at.owner.call('/api/notifications/push/subscriptions', { method: 'DELETE', body: { endpoint } });
    const toggle = page.getByRole('switch', { name: 'On this device' });
    const open = async () => {
      await page.goto(`${at.url}/settings?section=notifications`);
      await toggle.and(page.locator(':enabled')).waitFor();
    };
    await open();
    await toggle.click();
    await waitFor('it to be known', async () => (await known()).includes(endpoint));
    await waitFor('the switch', () => toggle.isChecked());

    await forget();
    // As another sign-in leaves it.
    await page.evaluate(() => localStorage.setItem('codepiper.push', 'of another sign-in'));
    await open();
    await waitFor('it to be known again', async () => (await known()).includes(endpoint));

    await forget();
    await open();
    await waitFor('the browser to end it', () =>
      page.evaluate(() => localStorage.getItem('fake-push') === null),
    );
    await waitFor('the daemon to know none', async () => (await known()).length === 0);

    await open();
    await toggle.click();
    await waitFor('it to be known', async () => (await known()).includes(endpoint));
    await waitFor('the switch', () => toggle.isChecked());
    await toggle.click();
    await waitFor('it to be over', async () => (await known()).length === 0);
    await waitFor('the browser to end it', () =>
      page.evaluate(() => localStorage.getItem('fake-push') === null),
    );
  });

  it('has complained of nothing', () => expect(complaints).toEqual([]));
});
