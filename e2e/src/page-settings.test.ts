import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let browser: Browser;
let dashboard: DashboardHouse;
beforeAll(async () => {
  browser = await launchBrowser();
  // The house says what nobody else then can change: the default is to be changed, the other one is not.
  dashboard = await createDashboard({
    env: { CODEPIPER_POLICY_DEFAULT: '', CODEPIPER_FORWARD_SSH_AUTH_SOCK: '0' },
  });
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
});

it('can be read by everybody, each part of it', async () => {
  const { page, complaints } = await dashboard.open(browser, '/settings');
  for (const [section, heading] of [
    ['daemon', 'Restart'],
    ['security', 'Passkeys'],
    ['notifications', 'Events'],
    ['appearance', 'Dark preset'],
    ['about', 'Doctor'],
  ] as const) {
    await page.goto(`${dashboard.url}/settings?section=${section}`);
    await page.getByRole('heading', { name: heading }).waitFor();
    await expectAccessible(page);
  }
  expect(complaints).toEqual([]);
});

it('changes what the daemon does, on every page, and asks who is there for what is dangerous', async () => {
  // Requests pass by `page.route` while a service worker takes the page over.
  const { page } = await dashboard.open(browser, '/settings?section=daemon', { serviceWorkers: 'block' });
  const { page: other } = await dashboard.open(browser, '/settings?section=daemon');
  const ssh = page.getByRole('switch', { name: 'Forward the SSH agent' });
  await ssh.waitFor();
  expect(await ssh.isDisabled()).toBe(true);
  await page.getByText('CODEPIPER_FORWARD_SSH_AUTH_SOCK').waitFor();

  const choice = page.getByLabel('A tool call that no rule speaks of');
  await choice.selectOption('deny');
  await waitFor('the other page', async () => {
    return (await other.getByLabel('A tool call that no rule speaks of').inputValue()) === 'deny';
  });
  expect(await dashboard.api.request('GET', '/policy-default')).toMatchObject({ action: 'deny' });

  // The enrolment was a proof; a device that was signed in longer ago is asked.
  let isAsked = false;
  await page.route('**/api/settings/daemon', (route) => {
    if (isAsked || route.request().method() !== 'PUT') return route.fallback();
    isAsked = true;
    const json = { error: 'This is dangerous.', code: 'reauthentication_required' };
    return route.fulfill({ status: 403, json });
  });
  await choice.selectOption('agent');
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('Code of your authenticator').fill(dashboard.code(1));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await waitFor('the change', async () => {
    return (await dashboard.api.request('GET', '/policy-default')).action === 'agent';
  });
});

it('restarts the daemon under the open page, which comes back by itself', async () => {
  const before = await dashboard.api.request('GET', '/health');
  const { page } = await dashboard.open(browser, '/settings?section=daemon');
  await page.getByRole('button', { name: 'Restart the daemon' }).click();
  await page.getByRole('button', { name: 'Restart', exact: true }).click();
  await waitFor('another daemon', async () => {
    return (await dashboard.api.request('GET', '/health')).startedAt !== before.startedAt;
  });
  await page.getByText('Reconnecting to the daemon').waitFor({ state: 'hidden' });
  await page.getByLabel('A tool call that no rule speaks of').selectOption('ask');
  await waitFor('the change', async () => {
    return (await dashboard.api.request('GET', '/policy-default')).action === 'ask';
  });
});

it('changes the password, which signs other devices out, and shows who is signed in', async () => {
  await using own = await createDashboard();
  const visitor = own.visitor();
  await visitor.post('/auth/login', { password: own.password, totpCode: own.code(1) });
  const { page } = await own.open(browser, '/settings?section=security');
  await page.getByText('this one').waitFor();
  const devices = page.getByRole('listitem').filter({ hasText: 'Firefox' });
  await waitFor('both devices', async () => (await devices.count()) === 2);
  await page.getByRole('button', { name: 'Change' }).click();
  const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);
  await fill('Current password', 'not mine');
  await fill('New password', 'a better one, longer');
  await fill('New password again', 'a better one, shorter');
  await page.getByText('It is not the same.').waitFor();
  await fill('New password again', 'a better one, longer');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await page.getByRole('alert').waitFor();
  await fill('Current password', own.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await page.getByText('The password is changed').waitFor();
  expect((await visitor.get('/auth/account')).status).toBe(401);
  await waitFor('one device', async () => (await devices.count()) === 1);
  await devices.getByText('this one').waitFor();
});

it('takes a passkey and signs in with it', async () => {
  // It signs the owner out.
  await using own = await createDashboard();
  const { page } = await own.open(browser, '/settings?section=security');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Its name').fill('My phone');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('My phone').waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('My phone').waitFor();
});

it('follows the system and the person in its colours, and keeps them', async () => {
  const { page } = await dashboard.open(browser, '/settings?section=appearance');
  const scheme = () => page.evaluate(() => document.documentElement.dataset.scheme);
  await page.getByRole('heading', { name: 'Dark preset' }).waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  await waitFor('light', async () => (await scheme()) === 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await waitFor('dark', async () => (await scheme()) === 'dark');
  await page.getByRole('radio', { name: 'Light', exact: true }).check({ force: true });
  await page.getByRole('radio', { name: 'Mist' }).first().check({ force: true });
  await page.reload();
  await page.getByRole('heading', { name: 'Dark preset' }).waitFor();
  await waitFor('what was chosen', async () => (await scheme()) === 'light');
  expect(await page.evaluate(() => document.documentElement.style.getPropertyValue('--cp-ground'))).toBe(
    '#eef2f6',
  );
});

it('describes the API it uses', async () => {
  const { page } = await dashboard.open(browser, '/settings?section=api');
  await page.getByLabel('Find').fill('approve');
  await page.getByText('/approvals/{id}/approve', { exact: true }).click();
  await page.locator('details[open]').getByText('Body', { exact: true }).waitFor();
  await expectAccessible(page);
});
