import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page, Worker } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NotifyingHouse, openNotifyingHouse } from './notifying-house.ts';

let house: NotifyingHouse;
let at: NotifyingHouse['at'];
let service: NotifyingHouse['service'];
beforeAll(async () => {
  house = await openNotifyingHouse();
  ({ at, service } = house);
});
afterAll(() => house[Symbol.asyncDispose]());

/** What of a worker's world the tests touch. */
declare const registration: ServiceWorkerRegistration;
declare const clients: { matchAll(options: object): Promise<unknown[]> };
interface PushedEvent extends Event {
  data: { text(): string };
  waitUntil(work: Promise<unknown>): void;
}
declare const ExtendableEvent: { prototype: PushedEvent };
/** Push messages that the worker is done with: what the tests add to its world. */
declare const handled: string[];

describe('the service worker', () => {
  let browser: Browser;
  let page: Page;
  let worker: Worker;
  let send: (data: string) => Promise<void>;
  beforeAll(async () => {
    browser = await launchBrowser();
    ({ page } = await at.open(browser, '/', { permissions: ['notifications'] }));
    const context = page.context();
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js');
      await navigator.serviceWorker.ready;
    });
    worker = await waitFor('the worker', () => context.serviceWorkers()[0]);
    const cdp = await context.newCDPSession(page);
    let registrationId = '';
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId =
        registrations.find(({ scopeURL }) => scopeURL === `${at.url}/`)?.registrationId ?? registrationId;
    });
    await cdp.send('ServiceWorker.enable');
    await waitFor('the registration', () => registrationId);
    await worker.evaluate(() => {
      const { prototype } = ExtendableEvent;
      const { waitUntil } = prototype;
      const handled: string[] = [];
      prototype.waitUntil = function (work) {
        if (this.type === 'push') void work.finally(() => handled.push(this.data.text()));
        waitUntil.call(this, work);
      };
      Object.assign(globalThis, { handled });
    });
    send = async (data) => {
      await cdp.send('ServiceWorker.deliverPushMessage', { origin: at.url, registrationId, data });
    };
    // A browser that has only just begun may lose what is delivered, or not show anything yet.
    const first = {
      type: 'show',
      id: null,
      kind: 'test',
      title: 'first',
      body: 'is it there?',
      tag: trial,
    };
    await waitFor(
      'the browser to deliver and to show',
      async () => {
        await send(JSON.stringify({ ...first, url: '/', sessionId: null, approvalId: null, sound: 'none' }));
        return (await allShown()).length > 0;
      },
      { timeout: 90_000, interval: 500 },
    );
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    // Whoever is in a page is told there: nobody is, unless a test says so.
    await page.goto('about:blank');
    await waitFor('the worker to see no page', async () => {
      const open = await worker.evaluate(() =>
        clients.matchAll({ type: 'window', includeUncontrolled: true }),
      );
      return open.length === 0;
    });
    await worker.evaluate(async () => {
      for (const each of await registration.getNotifications()) each.close();
    });
  });

  interface Shown {
    title: string;
    body: string;
    tag: string;
    actions: string[];
  }

  /**
   * Delivers a push message and waits for the worker to be done with it. Nothing may read what is shown meanwhile:
   * Chromium forgets a notification that is kept but not on the screen yet.
   */
  const deliver = async (payload: unknown) => {
    const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const times = () => worker.evaluate((text) => handled.filter((each) => each === text).length, data);
    const before = await times();
    await send(data);
    await waitFor('the worker to be done with the message', async () => (await times()) > before);
  };

  /** Tag of what the browser is tried with: one of those may come late, and is none of a test's. */
  const trial = 'trial';
  const shown = async () => (await allShown()).filter(({ tag }) => tag !== trial);
  const allShown = (): Promise<Shown[]> =>
    worker.evaluate(async () =>
      (await registration.getNotifications()).map((each) => {
        const { actions } = each as unknown as { actions: { action: string }[] };
        return {
          title: each.title,
          body: each.body,
          tag: each.tag,
          actions: actions.map(({ action }) => action),
        };
      }),
    );

  /** What the system does when somebody presses a notification, or a button of it. */
  const press = (action: string): Promise<void> =>
    worker.evaluate(
      async ([pressed, other]) => {
        const notification = (await registration.getNotifications()).find(({ tag }) => tag !== other);
        const Made = (
          globalThis as unknown as { NotificationEvent: new (type: string, init: object) => Event }
        ).NotificationEvent;
        const event = new Made('notificationclick', { notification, action: pressed });
        const work: Promise<unknown>[] = [];
        Object.defineProperty(event, 'waitUntil', { value: (each: Promise<unknown>) => work.push(each) });
        globalThis.dispatchEvent(event);
        await Promise.all(work);
      },
      [action, trial] as const,
    );

  const messageOf = (approval: Approval) => ({
    ...{ type: 'show', id: null, kind: 'session.permission_required', title: 'it needs permission' },
    ...{ body: approval.summary, tag: `approval-${approval.id}`, url: `/approvals/${approval.id}` },
    ...{ sessionId: approval.sessionId, approvalId: approval.id, sound: 'knock' },
  });

  const statusOf = async ({ id }: Approval) => {
    const { status, settledBy } = (await at.owner.get(`/approvals/${id}`)).body.approval as Approval;
    return [status, settledBy];
  };

  it('shows what is asked; Approve lets the call run, and a second answer learns of the first', async () => {
    const { id, project, approval } = await house.asks('by-worker', 'touch by-worker.txt');
    await deliver(messageOf(approval));
    const expected = {
      ...{ title: 'it needs permission', body: 'touch by-worker.txt', tag: `approval-${approval.id}` },
      actions: ['approve', 'deny'],
    };
    await waitFor('the notification', async () => (await shown()).length > 0);
    expect(await shown()).toEqual([expected]);
    await press('approve');
    await waitFor('the file', () => existsSync(join(project, 'by-worker.txt')));
    expect(await statusOf(approval)).toEqual(['approved', 'dashboard']);
    expect(await shown()).toEqual([]);

    await deliver(messageOf(approval));
    await waitFor('the notification', async () => (await shown()).length > 0);
    await press('deny');
    expect(await shown()).toMatchObject([
      { title: 'Answered already', body: expect.stringContaining('approved'), actions: [] },
    ]);
    await at.house.run('kill', id);
  });

  it('denies, also after the daemon was away, and says when it could not', async () => {
    const { id, approval } = await house.asks('denied-there', 'touch denied-there.txt');
    await deliver(messageOf(approval));
    await waitFor('the notification', async () => (await shown()).length > 0);
    await at.house.halt('SIGTERM');
    await press('deny');
    expect(await shown()).toMatchObject([
      { title: 'Not answered', body: expect.stringContaining('cannot be reached') },
    ]);
    await at.house.start();
    await deliver(messageOf(approval));
    await waitFor('the notification', async () => (await shown())[0]?.title === 'it needs permission');
    await press('deny');
    expect(await statusOf(approval)).toEqual(['denied', 'dashboard']);
    await at.house.run('kill', id);
  });

  it('takes a notification back, and shows something for what it cannot read', async () => {
    const other = {
      type: 'show',
      id: null,
      kind: 'session.crashed',
      title: 'x',
      body: 'y',
      tag: 'session-1',
    };
    const rest = { url: '/', sessionId: null, approvalId: null, sound: 'none' };
    await deliver({ ...other, ...rest });
    await deliver({ ...other, ...rest, tag: 'session-2' });
    await waitFor('both', async () => (await shown()).length === 2);
    await deliver({ type: 'close', tag: 'session-1' });
    await waitFor('one', async () => (await shown()).length === 1);
    expect(await shown()).toMatchObject([{ tag: 'session-2', actions: [] }]);
    await deliver({ type: 'close', tag: 'session-2' });
    await deliver('nonsense');
    await waitFor('something', async () => (await shown())[0]?.title === 'codepiper');
  });

  it('brings the page that is open to what was pressed, and reads it; tells a page in front instead of showing', async () => {
    const { id } = await at.house.create({ provider: 'shell', name: 'gone', args: ['sh', '-c', 'exit 4'] });
    const notice = await waitFor('the notification', async () => (await house.notices(id))[0]);
    const message = {
      ...{ type: 'show', id: notice.id, kind: 'session.crashed', title: notice.title, body: notice.body },
      ...{ tag: `session-${id}`, url: `/sessions/${id}`, sessionId: id, approvalId: null, sound: 'alarm' },
    };
    await deliver(message);
    await waitFor('it to be shown', async () => (await shown()).length > 0);
    await page.goto(`${at.url}/approvals`);
    await page.evaluate(() => {
      const heard: unknown[] = [];
      Object.assign(window, { heard });
      navigator.serviceWorker.addEventListener('message', ({ data }) => heard.push(data));
    });
    const heard = () => page.evaluate(() => (window as unknown as { heard: { type: string }[] }).heard);
    await press('');
    expect(await shown()).toEqual([]);
    await waitFor('the page to be told where', async () =>
      (await heard()).some(
        (each) => JSON.stringify(each) === JSON.stringify({ type: 'open', url: `/sessions/${id}` }),
      ),
    );
    expect((await house.notices(id))[0]).toMatchObject({ readSource: 'click' });
    await page.bringToFront();
    await deliver(message);
    await waitFor('the page to be told', async () =>
      (await heard()).some(({ type }) => type === 'notification'),
    );
    expect(await shown()).toEqual([]);
  });

  it('tells the daemon of the address that the browser changed', async () => {
    const { endpoint: before } = await house.subscribe();
    const { endpoint, keys } = service.subscribe();
    await worker.evaluate(
      async ([old, next]) => {
        const event = new Event('pushsubscriptionchange');
        const work: Promise<unknown>[] = [];
        Object.defineProperties(event, {
          waitUntil: { value: (each: Promise<unknown>) => work.push(each) },
          oldSubscription: { value: { endpoint: old } },
          newSubscription: { value: { toJSON: () => next } },
        });
        globalThis.dispatchEvent(event);
        await Promise.all(work);
      },
      [before, { endpoint, keys, expirationTime: null }] as const,
    );
    const { subscriptions } = (await at.owner.get('/notifications/push/subscriptions')).body;
    const endpoints = (subscriptions as { endpoint: string }[]).map((each) => each.endpoint);
    expect(endpoints).toContain(endpoint);
    expect(endpoints).not.toContain(before);
  });

  it('keeps the files of the page and nothing else, and opens it while the daemon is away', async () => {
    for (const path of ['/', '/approvals', '/api/health', '/settings']) await page.goto(at.url + path);
    const kept = await waitFor('the document', async () => {
      const paths = await worker.evaluate(async () => {
        const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
        const requests = await Promise.all(caches_.map((cache) => cache.keys()));
        return requests.flat().map(({ url }) => new URL(url).pathname);
      });
      return paths.includes('/') && paths;
    });
    expect(kept.filter((path) => path !== '/' && !path.startsWith('/assets/'))).toEqual([]);
    const secrets = [at.owner.key ?? '', ...at.owner.cookies.values()];
    const texts = await worker.evaluate(async () => {
      const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
      const replies = await Promise.all(caches_.map((cache) => cache.matchAll()));
      return (await Promise.all(replies.flat().map((reply) => reply.text()))).join('\n');
    });
    expect(secrets.filter((secret) => texts.includes(secret))).toEqual([]);

    await at.house.halt('SIGTERM');
    await page.goto(`${at.url}/approvals`);
    expect(await page.title()).toContain('codepiper');
    expect(
      await page.evaluate(() =>
        fetch('/api/health').then(
          ({ status }) => status,
          () => 'away',
        ),
      ),
    ).toBe('away');
    await at.house.start();
  });
});
